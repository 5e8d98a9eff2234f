import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Chance } from '#kernel';
import { fakeChance, fakeClock } from '#testing';
import { MAYA } from '../trust/world.ts';
import {
  agree,
  caughtUp,
  childIdOf,
  DIRECT_CARE,
  organisation,
  PUBLIC_TASK,
  runningHub,
  type RunningHub,
} from '../running-hub.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const HIDDEN = 'health.newborn-hearing-outcome.v1';

/** Readers to whom the trust's screening is hidden. Not among them: the trust's own people, and whoever reads by subject access or audit. */
const READERS = {
  senco: 'sen-support',
  'senco-riverside': 'sen-support',
  'social-worker': 'early-help',
  'teacher-elsewhere': 'sen-support',
  administrator: 'system-support',
} as const;

/** Read routes and their variants. Checkpoint, consistency and receipts are left out: they say how long the area's whole log is, to everybody they answer. */
const READS = [
  ...['', '?limit=1', '?limit=2', `?type=${HIDDEN}`, '?from=2018-01-01&to=2018-12-31', '?asOf=2026-01-01'].map(
    (query) => (child: string) => `/v1/children/${child}/timeline${query}`,
  ),
  (child: string) => `/v1/children/${child}/timeline?orderBy=recorded`,
  (child: string) => `/v1/children/${child}/timeline?cursor=AAAA`,
  () => `/v1/children/${NOBODY}/timeline`,
  (child: string) => `/v1/children/${child}/usage`,
  (child: string) => `/v1/children/${child}/consents`,
  () => '/v1/organisations',
  () => '/v1/organisations/bridgewater-community-trust',
  () => '/v1/agreements',
  () => `/v1/submissions/${NOBODY}`,
  () => '/v1/organisations/bridgewater-community-trust/quarantine',
];

/** What a world answers to every reader on every read, headers minus the date. */
async function answersOf(hidden: boolean, clock: ReturnType<typeof fakeClock>, port?: number) {
  let drawn: Chance = fakeChance('telling');
  const chance: Chance = { bytes: (count) => drawn.bytes(count) };
  const hub: RunningHub = await runningHub({ clock, chance, ...(port === undefined ? {} : { port }) });
  try {
    const school = await organisation(hub, 'oakfield-primary', 'education');
    const trust = await organisation(hub, 'bridgewater-community-trust', 'health');
    await organisation(hub, 'childrens-social-care', 'social-care');
    await organisation(hub, 'bridgewater-high', 'education');
    await organisation(hub, 'riverside-special', 'education');
    await agree(hub, {
      id: 'something-else',
      source: trust.id,
      recipient: school.id,
      categories: ['health.therapy'],
      purposes: ['sen-support'],
      roles: ['senco'],
    });
    const base = { basis: PUBLIC_TASK, type: 'education.enrolment-started.v1', category: 'education.enrolment' };
    for (const [id, startDate] of [
      ['enrol-1', '2022-09-01'],
      ['enrol-2', '2023-09-01'],
    ] as const)
      await school.tell({ ...base, id, subject: MAYA, fact: { setting: '100101', startDate } });
    const subject = { ...MAYA, localId: 'trust-1' };
    await trust.tell({
      id: 'caseload-1',
      type: 'any.relationship-started.v1',
      category: 'identity.core',
      basis: PUBLIC_TASK,
      subject,
      fact: { kind: 'caseload', name: 'health-visiting', startDate: '2022-09-06' },
    });
    const child = await childIdOf(trust, MAYA);
    if (hidden) {
      const fact = { screenedOn: '2018-03-29', outcomeCode: '276781000000109', outcome: 'Clear response' };
      const { outcome } = await trust.tell({
        id: 'hearing-1',
        type: HIDDEN,
        category: 'health.screening',
        basis: DIRECT_CARE,
        subject,
        fact,
      });
      if (outcome !== 'published') throw new Error(outcome);
    }
    await caughtUp(hub);
    const answers: string[][] = [];
    for (const [key, purpose] of Object.entries(READERS)) {
      const client = hub.person(key);
      await client.ask('/v1/organisations');
      drawn = fakeChance(`reading ${key}`);
      const asked: (readonly [string, object])[] = READS.map((read) => [read(child), {}]);
      const { nhsNumber, surname, birthDate } = MAYA;
      asked.push(['/v1/child-matches', { json: { nhsNumber, surname, birthDate } }]);
      for (const [path, asking] of asked) {
        const answer = await client.ask(path, {
          ...asking,
          headers: { 'hub-purpose': purpose, 'x-request-id': NOBODY },
        });
        const headers = [...answer.headers].filter(([name]) => name !== 'date');
        answers.push([key, path, String(answer.status), JSON.stringify(headers), answer.text]);
      }
    }
    return { answers, port: Number(new URL(hub.url).port) };
  } finally {
    await hub.remove();
  }
}

describe('two worlds that differ in one hidden fact', () => {
  let without: readonly string[][];
  let withIt: readonly string[][];

  beforeAll(async () => {
    // Ahead of the machine by less than a proof of possession lives: nothing is signed in the future.
    const clock = fakeClock(new Date(Date.now() + 20_000).toISOString());
    const first = await answersOf(false, clock);
    without = first.answers;
    withIt = (await answersOf(true, clock, first.port)).answers;
  }, 40_000);

  it.each(Object.keys(READERS))('answer %s byte for byte the same', (key) => {
    const of = (answers: readonly string[][]) => answers.filter(([reader]) => reader === key);
    expect(of(without)).toHaveLength(READS.length + 1);
    expect(of(withIt)).toEqual(of(without));
  });

  it('are read at all: the SENCo sees the enrolments, and not the fact', () => {
    const [first] = without.filter(([reader]) => reader === 'senco');
    expect([first?.[2], first?.[4]]).toEqual(['200', expect.stringContaining('education.enrolment-started.v1')]);
    expect(withIt.flat().filter((text) => text.includes('276781000000109'))).toEqual([]);
  });
});
