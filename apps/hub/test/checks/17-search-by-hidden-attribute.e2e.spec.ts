import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HubClient } from '#nest-platform/client';
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
} from '../running-hub.ts';
import { MAYA } from '../trust/world.ts';

const HIDDEN = 'health.newborn-hearing-outcome.v1';
const VISIBLE = 'education.enrolment-started.v1';
/** The one day on which something hidden happened, and one on which nothing did. */
const [THAT_DAY, NO_DAY] = ['2018-03-29', '2018-04-02'];

describe('check 17: search by what is hidden (HAPI #6065)', () => {
  let hub: RunningHub;
  let senco: HubClient;
  let child: string;

  beforeAll(async () => {
    hub = await runningHub();
    const school = await organisation(hub, 'oakfield-primary', 'education');
    const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
    await agree(hub, {
      id: 'something-else',
      source: trust.id,
      recipient: school.id,
      categories: ['health.therapy'],
      purposes: ['sen-support'],
      roles: ['senco'],
    });
    for (const year of ['2022', '2023'])
      await school.tell({
        id: `enrol-${year}`,
        type: VISIBLE,
        category: 'education.enrolment',
        basis: PUBLIC_TASK,
        subject: MAYA,
        fact: { setting: '100101', startDate: `${year}-09-01` },
      });
    const told = await trust.tell({
      id: 'hearing-1',
      type: HIDDEN,
      category: 'health.screening',
      basis: DIRECT_CARE,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { screenedOn: THAT_DAY, outcomeCode: '276781000000109', outcome: 'Clear response' },
    });
    expect(told.outcome).toBe('published');
    child = await childIdOf(trust, MAYA);
    senco = hub.person('senco');
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  const said = async (query: string) => mustBe(200, await timeline(senco, child, 'sen-support', query)).text;

  it('finds what may be seen, so that finding nothing means something', async () => {
    expect(await said(`?type=${VISIBLE}`)).toContain(VISIBLE);
    expect(await said('?from=2022-09-01&to=2022-09-01')).toContain('"2022-09-01"');
  });

  it.each([
    ['a hidden type', `?type=${HIDDEN}`, '?type=nothing.of-the-kind.v1'],
    ['a hidden type beside a visible', `?type=${HIDDEN},${VISIBLE}`, `?type=${VISIBLE}`],
    ['a hidden type, page by page', `?type=${HIDDEN},${VISIBLE}&limit=1`, `?type=${VISIBLE}&limit=1`],
    ['the hidden day', `?from=${THAT_DAY}&to=${THAT_DAY}`, `?from=${NO_DAY}&to=${NO_DAY}`],
    ['up to the hidden day', `?to=${THAT_DAY}`, '?to=2018-03-28'],
    ['from the hidden day', `?from=${THAT_DAY}&limit=2`, `?from=${NO_DAY}&limit=2`],
    ['the clear type of all that is restricted', '?type=restricted.fact.v1', '?type=nothing.of-the-kind.v1'],
  ])('%s: byte for byte as if it were not there', async (_what, about, besides) => {
    const [asked, other] = [await said(about), await said(besides)];
    // A cursor holds the last row that was seen, under a limit the same in both.
    expect(asked).toBe(other);
    expect(asked).not.toContain(HIDDEN);
  });

  it.each([
    '?outcome=Clear%20response',
    '?outcomeCode=276781000000109',
    '?category=health.screening',
    '?organisation=bridgewater-community-trust',
    '?diagnosis=x',
    '?_has=health.screening',
    '?_total=accurate',
    '?count=true',
    '?data.outcome=x',
    '?type[]=x',
    '?__proto__[type]=x',
  ])('%s is no parameter, and refused without a look at the child', async (query) => {
    const [here, nowhere] = [
      await timeline(senco, child, 'sen-support', query),
      await timeline(senco, '11111111-1111-4111-8111-111111111111', 'sen-support', query),
    ];
    expect([here.status, nowhere.status]).toEqual([400, 400]);
    const plain = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    expect(plain(here.text)).toBe(plain(nowhere.text));
    expect(here.json).toMatchObject({ code: 'CALLER_INPUT_INVALID' });
  });
});
