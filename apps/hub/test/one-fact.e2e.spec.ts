import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  agree,
  caughtUp,
  childIdOf,
  DIRECT_CARE,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  type RunningHub,
  type TestOrganisation,
} from './running-hub.ts';

const MAYA = {
  localId: 'oak-1',
  nhsNumber: '9991234004',
  surname: 'Okafor',
  givenName: 'Maya',
  birthDate: '2018-03-14',
};

describe('one fact, from an organisation to a professional, with proof', () => {
  let hub: RunningHub;
  let school: TestOrganisation;
  let trust: TestOrganisation;
  let child: string;

  beforeAll(async () => {
    hub = await runningHub();
    school = await organisation(hub, 'oakfield-primary', 'education');
    trust = await organisation(hub, 'bridgewater-community-trust', 'health');
    await agree(hub, {
      id: 'hearing-for-schools',
      source: 'bridgewater-community-trust',
      recipient: 'oakfield-primary',
      categories: ['health.screening'],
      purposes: ['sen-support'],
      roles: ['senco'],
    });
    const enrolled = await school.tell({
      id: 'enrol-1',
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: MAYA,
      fact: { setting: '100101', startDate: '2026-09-01' },
    });
    expect(enrolled.outcome).toBe('published');
    const told = await trust.tell({
      id: 'hearing-1',
      type: 'health.newborn-hearing-outcome.v1',
      category: 'health.screening',
      basis: DIRECT_CARE,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { screenedOn: '2018-03-29', outcomeCode: '276781000000109', outcome: 'Clear response' },
    });
    expect(told.outcome).toBe('published');
    child = await childIdOf(trust, MAYA);
    await caughtUp(hub);
  });

  afterAll(() => hub.remove());

  it('is seen by the SENCo whose child it is, with a decision to cite', async () => {
    const seen = mustBe(200, await timeline(hub.person('senco'), child, 'sen-support'));
    const { items } = seen.json as { items: readonly { type: string; data: object }[] };
    expect(items.map(({ type }) => type).sort()).toEqual([
      'education.enrolment-started.v1',
      'health.newborn-hearing-outcome.v1',
    ]);
    expect(seen.headers.get('hub-decision-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is not there for somebody without a relationship, in the words used for a child nobody knows', async () => {
    const refused = await timeline(hub.person('health-visitor'), child, 'direct-care');
    const absent = await timeline(hub.person('health-visitor'), '11111111-1111-4111-8111-111111111111', 'direct-care');
    expect([refused.status, absent.status]).toEqual([404, 404]);
    const words = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    expect(words(refused.text)).toBe(words(absent.text));
  });
});
