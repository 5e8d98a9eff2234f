import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { caughtUp, mustBe, organisation, PUBLIC_TASK, runningHub, type RunningHub } from '../running-hub.ts';
import type { TestOrganisation } from '../running-hub.ts';

const SETTINGS = ['100101', '100102', '100103'];
const PLANNING = { headers: { 'hub-purpose': 'service-planning' } };

/** A hub whose settings have so many children on roll each. */
async function areaOf(
  ...onRoll: readonly number[]
): Promise<{ hub: RunningHub; schools: readonly TestOrganisation[] }> {
  const hub = await runningHub();
  const schools: TestOrganisation[] = [];
  for (const [at, urn] of SETTINGS.entries()) {
    const school = await organisation(hub, `school-${String(at)}`, 'education', {}, { urn });
    schools.push(school);
    for (let n = 0; n < (onRoll[at] ?? 0); n++) await enrol(school, urn, at * 100 + n);
  }
  await caughtUp(hub);
  return { hub, schools };
}

async function enrol(school: TestOrganisation, setting: string, child: number): Promise<void> {
  const told = await school.tell({
    id: `enrol-${String(child)}`,
    type: 'education.enrolment-started.v1',
    category: 'education.enrolment',
    basis: PUBLIC_TASK,
    subject: {
      localId: `c-${String(child)}`,
      surname: `Name${String(child)}`,
      givenName: 'A',
      birthDate: '2018-01-01',
    },
    fact: { setting, startDate: '2020-09-01' },
  });
  expect(told.outcome).toBe('published');
}

const counts = (hub: RunningHub, table = 'on-roll-by-setting') =>
  hub.person('analyst').ask(`/v1/cohort-counts/${table}`, PLANNING);

describe('check 16: counts of children', () => {
  let hub: RunningHub;
  let schools: readonly TestOrganisation[];
  beforeAll(async () => {
    ({ hub, schools } = await areaOf(23, 11, 3));
  });
  afterAll(() => hub.remove());

  it('are rounded, and small ones are left out with the total they could be worked out from', async () => {
    expect(mustBe(200, await counts(hub)).json).toMatchObject({
      cells: [
        { value: '100101', children: 25 },
        { value: '100102', children: 10 },
        { value: '100103', children: null },
      ],
      total: null,
    });
  });

  it('stay what they are when a child comes: before and after can not be subtracted', async () => {
    const before = mustBe(200, await counts(hub)).text;
    await enrol(schools[1] ?? never(), '100102', 900);
    await enrol(schools[1] ?? never(), '100102', 901);
    await caughtUp(hub);
    expect(mustBe(200, await counts(hub)).text).toBe(before);
  });

  it('are the same in an area whose small school has no child at all', async () => {
    const other = await areaOf(23, 11, 0);
    try {
      expect((await counts(other.hub)).json).toEqual(mustBe(200, await counts(hub)).json);
    } finally {
      await other.hub.remove();
    }
  });

  it('are asked for by name only: no question chooses the children', async () => {
    const { tables } = mustBe(200, await hub.person('analyst').ask('/v1/cohort-counts', PLANNING)).json as {
      tables: readonly { table: string }[];
    };
    expect(tables.map(({ table }) => table)).toEqual(['on-roll-by-setting', 'equipment-by-kind']);
    const whole = mustBe(200, await counts(hub)).text;
    expect((await counts(hub, 'on-roll-by-setting?setting=100103&threshold=0')).text).toBe(whole);
    expect((await counts(hub, 'constructor')).status).toBe(404);
  });

  it('are for who plans, and who plans sees no child', async () => {
    for (const key of ['administrator', 'dpo'])
      expect([key, (await hub.person(key).ask('/v1/cohort-counts/on-roll-by-setting', PLANNING)).status]).toEqual([
        key,
        403,
      ]);
    const analyst = hub.person('analyst');
    const child = '11111111-1111-4111-8111-111111111111';
    expect((await analyst.ask(`/v1/children/${child}/timeline`, PLANNING)).status).toBe(403);
    const json = { surname: 'Name1', birthDate: '2018-01-01' };
    const found = await analyst.ask('/v1/child-matches', { json, ...PLANNING });
    expect(found.status).toBe(403);
  });
});

function never(): never {
  throw new Error('no such school');
}
