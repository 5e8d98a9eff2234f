import { setTimeout as wait } from 'node:timers/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { SubjectIdentity, SubmittedCloudEvent } from '#contracts';
import { organisationSystem, signFact, type OrganisationKey } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { agree, DIRECT_CARE, organisation, PUBLIC_TASK, runningHub } from '../running-hub.ts';
import { freePort } from '#testing/servers';
import { BUILT, startBuilt, type BuiltHub } from '../trust/built-hub.ts';
import { eventIn, hookReceiver, type HookReceiver } from './receiver.ts';
import { subscribe } from './told.ts';

// What a busy machine does in its time; SIGNAL_FACTS=2000 on a quiet one.
const FACTS = Number(process.env['SIGNAL_FACTS'] ?? 300);
const CHILDREN = 20;
const BATCH = 10;
const WRITERS = 3;
/** How many batches one life of the hub is given: a quick machine is killed as often as a slow one. */
const BATCHES_A_LIFE = 5;
const SCHOOL = 'oakfield-primary';
const TRUST = 'bridgewater-community-trust';
const described = BUILT ? describe : describe.skip;
const folder = temporaryFolder();
let hub: BuiltHub | undefined;
let receiver: HookReceiver | undefined;

afterAll(async () => {
  hub?.process.kill('SIGKILL');
  await receiver?.stop();
  folder.remove();
});

described(
  `the built hub, killed again and again while ${String(FACTS)} facts arrive and are told${BUILT ? '' : ' (skipped: not built)'}`,
  () => {
    it('tells each at least once, first arrivals of each child in the order of the log', async () => {
      receiver = await hookReceiver();
      const port = await freePort();
      const key = await told(port, receiver.url);
      const left = Array.from({ length: FACTS / BATCH }, (_, batch) => batch);
      let lives = 0;
      while (left.length > 0) {
        const running = await started(port);
        let over = false;
        const given = left.splice(0, BATCHES_A_LIFE);
        const writers = Array.from({ length: WRITERS }, () => write(running.url, key, given, () => over));
        // Any moment, from at once to longer and longer lives, in which a slow machine too gets something done.
        await Promise.race([Promise.all(writers), wait((lives * 377) % (300 + 100 * lives))]);
        // Once in a while the receiver is away for a moment.
        receiver.answer = lives % 5 === 4 ? 503 : 204;
        over = true;
        running.process.kill('SIGKILL');
        expect(await running.ended).toBe('SIGKILL');
        await Promise.all(writers);
        left.push(...given);
        lives += 1;
      }
      receiver.answer = 204;
      expect(lives).toBeGreaterThanOrEqual(FACTS / BATCH / BATCHES_A_LIFE);
      await started(port);
      const place = (): readonly string[] =>
        rows('delivery.db', 'select state from signal').map(({ state }) => String(state));
      for (
        let tries = 0;
        tries < 1_200 && !(place().length === FACTS && place().every((each) => each === 'sent'));
        tries++
      )
        await wait(250);
      const stored = rows('delivery.db', 'select id, key, state from signal order by seq');
      expect(new Set(stored.map(({ state }) => state))).toEqual(new Set(['sent']));
      const facts = rows('log.db', "select stream from event where type = 'fact.published.v1'").length;
      expect([stored.length, facts]).toEqual([FACTS, FACTS + CHILDREN]);
      // At least once, and nothing that is not in the outbox.
      const first = [...new Set(receiver.taken)];
      expect(first.toSorted()).toEqual(stored.map(({ id }) => String(id)).toSorted());
      const keyOf = new Map(receiver.arrived.map((arrived) => [eventIn(arrived).id, eventIn(arrived).subject]));
      expect(new Set(keyOf.values()).size).toBe(CHILDREN);
      const byKey = (ids: readonly string[]) => Map.groupBy(ids, (id) => keyOf.get(id));
      expect(byKey(first)).toEqual(byKeyOf(stored.map(({ id, key: of }) => [String(id), String(of)])));
      console.log(`lives: ${String(lives)}, arrivals: ${String(receiver.arrived.length)} of ${String(FACTS)} signals`);
    }, 600_000);
  },
);

/** Children on the school's roll, an agreement and a subscription, told to a hub that then ends. */
async function told(port: number, url: string): Promise<OrganisationKey> {
  const first = await runningHub({ folder: folder.path, port });
  const school = await organisation(first, SCHOOL, 'education');
  const trust = await organisation(first, TRUST, 'health');
  const terms = { recipient: SCHOOL, purposes: ['sen-support'], roles: ['organisation-system'] as const };
  await agree(first, { id: 'told', source: TRUST, categories: ['health.screening'], ...terms });
  for (let child = 0; child < CHILDREN; child++)
    await school.tell({
      id: `enrol-${String(child)}`,
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: subject(child, 'oak'),
      fact: { setting: '100101', startDate: '2022-09-01' },
    });
  await subscribe(school.system, { url });
  await first.stop();
  return trust.key;
}

/** Hands batches in until none is left; what a kill cut off is handed in again, which is the same again. */
async function write(url: string, key: OrganisationKey, left: number[], killed: () => boolean): Promise<void> {
  const system = organisationSystem(url, TRUST, key);
  const headers = { 'content-type': 'application/cloudevents-batch+json' };
  for (;;) {
    const batch = left.shift();
    if (batch === undefined || killed()) {
      if (batch !== undefined) left.push(batch);
      return;
    }
    const numbers = Array.from({ length: BATCH }, (_, at) => batch * BATCH + at);
    try {
      const body = JSON.stringify(await Promise.all(numbers.map((number) => signFact(screened(number), key))));
      const answer = await system.ask(`/v1/organisations/${TRUST}/submissions`, { body, headers });
      const receipt = await system.ask(answer.headers.get('location') ?? '');
      const { items } = receipt.json as { items: readonly { outcome: string }[] };
      if (!items.every(({ outcome }) => outcome === 'published')) throw new Error(receipt.text);
    } catch (error) {
      left.push(batch);
      // What the kill cut off was never acknowledged; nothing else may go wrong.
      if (!killed()) throw error;
      return;
    }
  }
}

async function started(port: number): Promise<BuiltHub> {
  const env = { TELLONCE_LOG_LEVEL: 'error', TELLONCE_DEMO: '1' };
  hub = startBuilt(folder.path, port, env, join('apps', 'hub', 'test', 'signals', 'plain-hub.mjs'));
  for (const until = performance.now() + 60_000; performance.now() < until;) {
    await wait(20);
    const ready = await fetch(`${hub.url}/health/ready`).catch(() => undefined);
    if (ready?.status === 200) return hub;
    if (hub.process.exitCode !== null) break;
  }
  throw new Error(`the hub does not start: ${hub.printed()}`);
}

function screened(number: number): SubmittedCloudEvent {
  return {
    specversion: '1.0',
    id: `screened-${String(number)}`,
    source: `/organisations/${TRUST}`,
    type: 'health.newborn-hearing-outcome.v1',
    time: '2026-09-01T08:00:00Z',
    datacontenttype: 'application/json',
    category: 'health.screening',
    basis: JSON.stringify(DIRECT_CARE),
    data: {
      subject: subject(number % CHILDREN, 'trust'),
      fact: { screenedOn: '2018-03-29', outcomeCode: '276781000000109', outcome: 'Clear response' },
    },
  };
}

/** A child with a number of the range that is never issued, its check digit right. */
function subject(child: number, by: string): SubjectIdentity {
  const digits = (at: number): string => `999${String(500_000 + at).padStart(6, '0')}`;
  // One number in eleven has no check digit.
  let [found, number] = [-1, ''];
  for (let at = 0; found < child; at++) {
    const check =
      (11 - (Array.from(digits(at)).reduce((sum, digit, place) => sum + Number(digit) * (10 - place), 0) % 11)) % 11;
    if (check === 10) continue;
    found += 1;
    number = `${digits(at)}${String(check)}`;
  }
  return {
    localId: `${by}-${String(child)}`,
    nhsNumber: number,
    surname: `Child${'abcdefghijklmnopqrst'.charAt(child)}`,
    givenName: 'Sam',
    birthDate: '2018-03-14',
  };
}

function byKeyOf(pairs: readonly (readonly [string, string])[]): ReadonlyMap<string | undefined, readonly string[]> {
  return new Map(
    [...Map.groupBy(pairs, ([, key]) => key)].map(([key, of]): [string | undefined, string[]] => [
      key,
      of.map(([id]) => id),
    ]),
  );
}

function rows(file: string, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(join(folder.path, 'var', file), { readOnly: true, timeout: 5_000 });
  try {
    return database
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    database.close();
  }
}
