import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRecord, detectionStream, type DetectionEvent, type Purpose, type Role } from '#contracts';
import { handleCommand, type EventLog, type LoggedEvent } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { dayOf, type ChildId, type DecisionId, type Instant, type OrganisationId } from '#kernel';
import {
  abortLook,
  appendLook,
  drawOf,
  isDrawn,
  noteDecider,
  openFinding,
  sealForAudit,
  weekOf,
  type Caller,
  type LookBook,
} from '#sharing';
import { fakeChance, fakeClock, temporaryFolder, type FakeClock } from '#testing';
import { grantProcess, openVault, type Vault } from '#vault';
import { DetectionRunner } from './runner.ts';
import { DetectionState } from './state.ts';

const TUESDAY = '2026-11-24T09:00:00.000Z' as Instant;
const child = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}` as ChildId;
const FAMILIES = ['look', 'protection', 'detection'] as const;
const SELF_CLAIMED = 'self-claimed-relationship';

let folder: ReturnType<typeof temporaryFolder>;
let log: EventLog;
let vault: Vault;
let clock: FakeClock;
let book: LookBook;
let state: DetectionState;
let runner: DetectionRunner;

const openState = () => {
  state = new DetectionState(join(folder.path, 'detections.db'));
  runner = new DetectionRunner({ log, vault, clock }, state);
};

beforeEach(async () => {
  folder = temporaryFolder();
  clock = fakeClock(TUESDAY);
  const chance = fakeChance('detections');
  log = await openSqliteLog({ path: ':memory:' });
  const ledgerPath = join(folder.path, 'ledger');
  const path = join(folder.path, 'keys.db');
  vault = await openVault({ path, kek: Buffer.alloc(32, 7), chance, clock, ledgerPath });
  book = { log, vault, clock, chance };
  openState();
});
afterEach(async () => {
  state.close();
  await vault.close();
  await log.close();
  folder.remove();
});

interface Look {
  readonly sub?: string;
  readonly role?: Role;
  readonly purpose?: Purpose;
  readonly child?: ChildId | null;
  readonly effect?: 'permit' | 'deny';
  readonly kind?: 'self-claimed' | 'caseload';
  readonly breakGlass?: string;
  readonly route?: string;
}

const callerOf = ({ sub = 'reader', role = 'senco', purpose = 'sen-support' }: Look): Caller => ({
  reader: { sub, organisation: 'oakfield-primary' as OrganisationId, role, acr: 'a', client: 'c' },
  purpose,
  requestId: 'r',
  correlationId: 'c',
});

/** One look, a minute after the one before. */
async function look(given: Look = {}): Promise<DecisionId> {
  const { effect = 'permit', kind = 'caseload', breakGlass, route = 'GET /v1/children/:childId/timeline' } = given;
  const permitted = effect === 'permit' && breakGlass === undefined;
  const decision = await appendLook(book, callerOf(given), {
    effect,
    route,
    child: given.child === undefined ? child(1) : given.child,
    slices: [],
    reasons: effect === 'deny' ? ['no-relationship'] : [],
    facts: [],
    basis: {
      ...(permitted ? { relationship: { id: 'f', kind } } : {}),
      ...(breakGlass === undefined ? {} : { breakGlass }),
    },
    registry: undefined,
    protections: [],
  });
  clock.advance(60_000);
  return decision;
}

/** Lets the runner read what it has not read yet, so many events at a time. */
async function read(batch = 500): Promise<void> {
  for await (const events of log.readAll({ families: FAMILIES, after: state.token(), batch })) await take(events);
}

async function take(events: readonly LoggedEvent[]): Promise<void> {
  const last = events.at(-1);
  if (last !== undefined) await runner.take(events, last.token);
}

async function raised() {
  const all: { id: string; rule: string; suppression: string | null; person: string | null; evidence: number }[] = [];
  for await (const events of log.readAll({ families: ['detection'] }))
    for (const { data } of events) {
      const event = decodeRecord(data) as unknown as DetectionEvent;
      if (event.type !== 'detection.raised.v1') continue;
      const content = await openFinding(vault, grantProcess('spec'), event.data);
      const { finding: id, rule, suppression } = event.data;
      all.push({
        id,
        rule,
        suppression,
        person: content?.person ?? null,
        evidence: content?.evidence.length ?? 0,
      });
    }
  return all;
}
const rules = async () => (await raised()).map(({ rule }) => rule);

async function notices(): Promise<number> {
  let count = 0;
  for await (const events of log.readAll({ families: ['notice'] })) count += events.length;
  return count;
}

describe('the detections of a running hub', () => {
  it('find once, tell the two officers once, and rest on what had been looked at by then', async () => {
    for (let n = 0; n < 8; n++) await look({ effect: 'deny' });
    await read();
    expect(await raised()).toMatchObject([{ rule: 'refused-attempts', person: 'reader', evidence: 5 }]);
    expect(await notices()).toBe(2);
  });

  it('find the same, however the log is read: at once, one by one, or again from the start', async () => {
    for (let n = 0; n < 12; n++) {
      await look({ effect: 'deny', route: 'POST /v1/child-matches', child: null });
      await look({ kind: 'self-claimed', child: child(n % 3) });
    }
    await read(1);
    const first = await raised();
    expect(new Set(first.map(({ rule }) => rule))).toEqual(
      new Set(['refused-attempts', 'match-guessing', 'self-claimed-relationship']),
    );
    state.close();
    state = new DetectionState(join(folder.path, 'again.db'));
    runner = new DetectionRunner({ log, vault, clock }, state);
    await read(500);
    expect(await raised()).toEqual(first);
    expect(await notices()).toBe(first.length * 2);
  });

  it('go on where they were after an end in the middle of a batch, and count nothing twice', async () => {
    for (let n = 0; n < 4; n++) await look({ effect: 'deny' });
    const failing = log.append.bind(log);
    await look({ effect: 'deny' });
    log.append = async () => Promise.reject(new Error('disk'));
    await expect(read()).rejects.toThrow('disk');
    log.append = failing;
    expect(state.token()).toBeNull();
    expect(await raised()).toEqual([]);
    state.close();
    openState();
    await read();
    expect(await raised()).toMatchObject([{ rule: 'refused-attempts', evidence: 5 }]);
  });

  it('raise each finding once and tell each officer once, whichever append of a batch was the last before an end', async () => {
    for (let n = 0; n < 6; n++) {
      await look({ effect: 'deny', route: 'POST /v1/child-matches', child: null });
      await look({ kind: 'self-claimed', child: child(n % 2) });
    }
    const append = log.append.bind(log);
    // Three findings and two notices of each; every time one record more is stored, and then the process ends.
    for (let records = 0; records < 9; records++) {
      const appends: Promise<unknown>[] = [];
      let left = records === 0 ? 0 : 1;
      log.append = async (stream, ...rest) => {
        const isThere = (await log.readStream(stream, { limit: 1 })).length > 0;
        if (!isThere && left-- <= 0) throw new Error('ended');
        const appended = append(stream, ...rest);
        appends.push(appended);
        return appended;
      };
      await expect(read()).rejects.toThrow('ended');
      await Promise.allSettled(appends);
      // Nobody is told of what is not stored.
      expect([(await raised()).length, await notices()]).toEqual([Math.min(records, 3), Math.max(records - 3, 0)]);
      expect(state.token()).toBeNull();
      state.close();
      openState();
    }
    log.append = append;
    await read();
    expect((await rules()).toSorted()).toEqual(['refused-attempts', SELF_CLAIMED, SELF_CLAIMED]);
    expect(await notices()).toBe(6);
  });

  it('remember a day over a restart', async () => {
    for (let n = 0; n < 4; n++) await look({ effect: 'deny' });
    await read();
    state.close();
    openState();
    await look({ effect: 'deny' });
    await read();
    expect(await rules()).toEqual(['refused-attempts']);
    await look({ effect: 'deny' });
    state.close();
    openState();
    await read();
    expect(await rules()).toEqual(['refused-attempts']);
  });

  it('count nothing that was aborted', async () => {
    for (let n = 0; n < 4; n++) await look({ effect: 'deny' });
    await read();
    const decision = await look({ effect: 'deny' });
    await abortLook(book, callerOf({}), decision);
    await read(1);
    // Found when it was a refusal like others; what comes after it was aborted does not count it.
    expect(await rules()).toEqual(['refused-attempts']);
    clock.set('2026-11-25T09:00:00.000Z' as Instant);
    for (let n = 0; n < 4; n++) await look({ effect: 'deny' });
    const again = await look({ effect: 'deny' });
    await abortLook(book, callerOf({}), again);
    state.abort(again);
    expect(state.candidates(weekOf(dayOf(clock.now())), { draw: -1, decision: '' }, 500)).not.toContainEqual(
      expect.objectContaining({ decision: again }),
    );
  });

  it('compare with the days before', async () => {
    for (let back = 10; back > 0; back--) {
      clock.set(new Date(Date.parse(TUESDAY) - back * 86_400_000).toISOString() as Instant);
      for (let n = 0; n < 2; n++) await look({ child: child(n) });
    }
    clock.set(TUESDAY);
    for (let n = 0; n < 24; n++) await look({ child: child(n) });
    await read();
    expect(await rules()).not.toContain('volume');
    await look({ child: child(24) });
    await read();
    expect(await rules()).toContain('volume');
  });

  it('find staff at their own family by the relationship a fact states, until it is retracted', async () => {
    const stream = `protection-${child(1)}`;
    const started = {
      type: 'relationship.started.v1',
      data: {
        fact: 'f1',
        organisation: 'family',
        kind: 'family',
        name: 'parent',
        person: 'reader',
        from: '2022-01-01',
      },
    };
    const { encodeChanges } = await import('#event-log');
    const meta = { at: clock.now(), by: 'family' as OrganisationId, correlationId: 'c' };
    await log.append(stream, 'none', encodeChanges(stream, -1, [started], meta));
    await look({ child: child(2) });
    await read();
    expect(await rules()).toEqual([]);
    const retracted = { type: 'relationship.retracted.v1', data: { fact: 'f1' } };
    const protections = [{ child: child(1), revision: 0 }];
    const own = async () => {
      await appendLook(book, callerOf({}), {
        effect: 'deny',
        route: 'GET /v1/children/:childId/timeline',
        child: child(1),
        slices: [],
        reasons: ['no-relationship'],
        facts: [],
        registry: undefined,
        protections: protections as never,
      });
      await read();
    };
    await own();
    expect(await rules()).toEqual(['own-child']);
    await log.append(stream, 0, encodeChanges(stream, 0, [retracted], meta));
    clock.advance(86_400_000);
    await own();
    expect(await rules()).toEqual(['own-child']);
  });

  it('note what was found under a suppression, tell nobody, and hold to its last day', async () => {
    const suppression = '7a1d2c3e-5b4f-4a6b-8c7d-9e0f1a2b3c02';
    const type = 'detection.suppressed.v1';
    const stream = detectionStream(suppression);
    const content = { person: 'reader', child: null, words: 'Checks an intake.' };
    const sealed = await sealForAudit(vault, clock, { stream, revision: 0, type }, content);
    const today = dayOf(clock.now());
    const data = { suppression, rule: 'refused-attempts', organisation: null, until: today, by: 'officer', sealed };
    const meta = { at: clock.now(), by: 'hub' as OrganisationId, correlationId: 'c' };
    await handleCommand({ log, stream, decider: noteDecider, command: { type: 'suppress', data, today }, meta });
    for (let n = 0; n < 5; n++) await look({ effect: 'deny' });
    await read();
    expect(await raised()).toMatchObject([{ rule: 'refused-attempts', suppression }]);
    expect(await notices()).toBe(0);
    for (let n = 0; n < 5; n++) await look({ effect: 'deny', sub: 'other' });
    clock.advance(86_400_000);
    for (let n = 0; n < 5; n++) await look({ effect: 'deny' });
    await read();
    expect((await raised()).slice(1)).toMatchObject([
      { person: 'other', suppression: null },
      { person: 'reader', suppression: null },
    ]);
    expect(await notices()).toBe(4);
  });

  it('count emergencies of the days before, and tell nobody of what is a month old', async () => {
    clock.set('2026-10-01T09:00:00.000Z' as Instant);
    for (let n = 0; n < 5; n++) await look({ effect: 'deny' });
    for (let n = 0; n < 3; n++) {
      clock.set(new Date(Date.parse(TUESDAY) - (2 - n) * 86_400_000).toISOString() as Instant);
      await look({ breakGlass: `g${String(n)}` });
    }
    await read();
    expect(await rules()).toEqual(['break-glass-repeated']);
  });

  it('keep neither who looked nor at whom in their file', async () => {
    for (let n = 0; n < 5; n++) await look({ effect: 'deny', sub: 'somebody-special' });
    await read();
    state.close();
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(join(folder.path, 'detections.db')).toString('latin1');
    expect(bytes).toContain('oakfield-primary');
    expect(bytes).not.toMatch(new RegExp(`somebody-special|${child(1)}`));
    openState();
  });

  it('keep every refusal ready that a plan could draw, and no other', async () => {
    const decisions: DecisionId[] = [];
    for (let n = 0; n < 200; n++) decisions.push(await look({ effect: 'deny', sub: `p${String(n)}` }));
    await read();
    const kept = state.candidates(weekOf(dayOf(TUESDAY)), { draw: -1, decision: '' }, 500);
    const ready = decisions.filter((decision) => isDrawn(drawOf(decision), 5));
    expect(ready.length).toBeGreaterThan(0);
    expect(new Set(kept.map(({ decision }) => decision))).toEqual(new Set(ready));
  });
});
