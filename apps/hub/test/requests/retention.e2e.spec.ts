import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Answer, Asking } from '#nest-platform/client';
import { MAYA } from '../trust/world.ts';
import {
  caughtUp,
  childIdOf,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';

const LEFT = { ...MAYA, localId: 'oak-9', nhsNumber: '9991774602', surname: 'Quillfeather', birthDate: '2001-05-17' };

interface Due {
  readonly childId: string;
  readonly organisation: string;
  readonly held: boolean;
  readonly categories: readonly { readonly category: string; readonly until?: string; readonly source?: string }[];
}

describe('what is no longer to be kept', () => {
  let hub: RunningHub;
  let school: TestOrganisation;
  let left: string;
  let stays: string;

  const as = (person: string, path: string, asking: Asking = {}): Promise<Answer> =>
    hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': 'audit' } });
  const due = async (person = 'dpo', query = '') =>
    mustBe(200, await as(person, `/v1/retention/due${query}`)).json as { due: readonly Due[]; next?: string };
  const dispose = (childId: string, json: object = {}) =>
    as('dpo', '/v1/erasures', { json: { childId, ground: 'retention-ended', ...json } });

  beforeAll(async () => {
    standingDate(Date.parse('2026-11-24T09:00:00Z'));
    hub = await runningHub();
    school = await organisation(hub, 'oakfield-primary', 'education');
    const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
    const enrolment = { type: 'education.enrolment-started.v1', category: 'education.enrolment', basis: PUBLIC_TASK };
    const enrol = (id: string, subject: typeof LEFT | typeof MAYA, startDate: string) =>
      school.tell({ id, subject, ...enrolment, fact: { setting: '100101', startDate } });
    await enrol('e1', LEFT, '2012-09-03');
    await enrol('e2', MAYA, '2012-09-03');
    await trust.tell({
      id: 'c1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject: { ...MAYA, localId: 'trust-1' },
      fact: { kind: 'caseload', name: 'health-visiting', startDate: '2025-01-06' },
    });
    left = await childIdOf(school, LEFT);
    stays = await childIdOf(school, MAYA);
    await caughtUp(hub);
  });
  afterAll(async () => {
    jest.useRealTimers();
    await hub.remove();
  });

  it('is listed by the random id of the child, with the reason for each category; who is still seen elsewhere is not', async () => {
    const { due: list } = await due();
    expect(list).toMatchObject([
      {
        childId: left,
        organisation: 'oakfield-primary',
        held: false,
        categories: [{ category: 'education.enrolment' }],
      },
    ]);
    expect(list[0]?.categories[0]).toMatchObject({
      until: '2018-09-03',
      source: expect.stringContaining('art. 5(1)(e)'),
    });
    expect(JSON.stringify(list)).not.toContain(LEFT.surname);
    expect((await due('dpo-oakfield')).due).toHaveLength(1);
    expect(mustBe(200, await as('dpo', '/v1/retention/schedule')).text).toContain('reg. 50');
  });

  it('is not destroyed where it is not due, or held', async () => {
    expect((await dispose(stays)).json).toMatchObject({ code: 'CALLER_RETENTION_NOT_OVER' });
    const early = await dispose(stays, { organisation: 'oakfield-primary' });
    expect([early.status, early.json]).toMatchObject([
      409,
      { detail: expect.stringMatching(/^oakfield-primary, education\.enrolment: until 20\d\d-\d\d-\d\d \(/) },
    ]);
    expect(early.text).not.toContain('bridgewater');
    // Nothing was destroyed: the school’s own system still finds the child it told.
    expect(await childIdOf(school, MAYA)).toBe(stays);
    const path = `/v1/children/${left}/legal-holds`;
    const placing = { reason: 'court-proceedings', reviewOn: '2027-11-24', organisation: 'oakfield-primary' };
    const { hold } = mustBe(201, await as('dpo-oakfield', path, { json: placing })).json as { hold: string };
    expect((await due()).due).toMatchObject([{ childId: left, held: true }]);
    expect((await dispose(left)).json).toMatchObject({ code: 'HUB_LEGAL_HOLD' });
    mustBe(200, await as('dpo-oakfield', `${path}/${hold}`, { method: 'PATCH', json: { change: 'lift' } }));
  });

  it('is destroyed when an officer says so, accounted for as a request like every other', async () => {
    const done = mustBe(201, await dispose(left)).json as { request: string };
    expect(done).toMatchObject({ status: 'carried-out', records: 1, scan: { hits: 0 } });
    expect(mustBe(200, await as('dpo', `/v1/erasure-requests/${done.request}`)).json).toMatchObject({
      status: 'carried-out',
      from: 'retention-schedule',
      decision: { ground: 'retention-ended', article17: null },
    });
    expect((await due()).due).toEqual([]);
    expect((await dispose(left)).status).toBe(404);
  });
});
