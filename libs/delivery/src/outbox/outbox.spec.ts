import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '#database';
import type { LogToken } from '#event-log';
import { toInstant, type FactId, type OrganisationId, type RecordId } from '#kernel';
import { storeBackends, type TestStore } from '#testing/servers';
import { Outbox, PlaceMoved, type OutboxSignal, type Settled } from './outbox.ts';
import { DELIVERY_STORE } from './tables.ts';

const organisation = 'oakfield-school' as OrganisationId;
const at = (seconds: number) => toInstant(seconds * 1000);
const token = (text: string) => text as LogToken;
const signal = (id: string, over: Partial<OutboxSignal> = {}): OutboxSignal => ({
  id,
  subscription: 's',
  organisation,
  key: 'k',
  kind: 'fact-published',
  category: 'education.attendance',
  source: 'bridgewater-trust' as OrganisationId,
  purpose: 'sen-support',
  reliesOnConsent: false,
  fact: `fact-of-${id}` as FactId,
  record: 'r' as RecordId,
  time: at(0),
  correlationId: 'c',
  ...over,
});

describe.each(storeBackends(DELIVERY_STORE))('the outbox on %s', (_kind, begin) => {
  let outbox: Outbox;
  let database: Database;
  let under: TestStore;
  beforeEach(async () => {
    under = await begin();
    database = await under.open();
    outbox = new Outbox(database);
  });
  afterEach(async () => {
    await database.close();
    await under.remove();
  });
  const due = async (seconds: number, limit = 100) => (await outbox.due('s', at(seconds), limit)).map(({ id }) => id);
  const later = (id: string, seconds: number): Settled => ({
    id,
    state: 'waiting',
    dueAt: at(seconds),
    code: 'timeout',
    tried: 1,
  });
  const sent = (id: string): Settled => ({ id, state: 'sent', at: at(1) });

  it('keeps signals with the place they were taken in up to, both or neither', async () => {
    expect(await outbox.place()).toBeNull();
    await outbox.take([signal('a'), signal('b')], null, token('2'), at(0));
    await outbox.take([], token('2'), token('5'), at(0));
    expect(await outbox.place()).toBe('5');
    // Another process was here: nothing of this batch is stored.
    await expect(outbox.take([signal('c')], token('2'), token('6'), at(0))).rejects.toBeInstanceOf(PlaceMoved);
    await expect(outbox.take([signal('c')], null, token('6'), at(0))).rejects.toBeInstanceOf(PlaceMoved);
    expect([await due(0), await outbox.place()]).toEqual([['a', 'b'], '5']);
  });

  it('hands out what is due in the order of the log, each key after what still waits before it', async () => {
    const others = { key: 'other' };
    await outbox.take([signal('a'), signal('b', others), signal('c'), signal('d', others)], null, token('4'), at(0));
    expect(await due(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(await due(0, 2)).toEqual(['a', 'b']);
    await outbox.settle([later('a', 60)]);
    expect(await due(0)).toEqual(['b', 'd']);
    expect(await outbox.due('t', at(0), 10)).toEqual([]);
    expect(await due(60)).toEqual(['a', 'b', 'c', 'd']);
    await outbox.settle([sent('a'), sent('b'), { id: 'c', state: 'withheld', at: at(1) }]);
    expect(await due(60)).toEqual(['d']);
    expect(await outbox.nextDue()).toBe(at(0));
  });

  it('counts attempts of its own only, and settles once', async () => {
    await outbox.take([signal('a')], null, token('1'), at(0));
    await outbox.settle([later('a', 1)]);
    await outbox.settle([{ ...later('a', 2), tried: 0 } as Settled]);
    expect(await outbox.find(organisation, 'a')).toMatchObject({ attempts: 1, dueAt: at(2), code: 'timeout' });
    await outbox.settle([sent('a')]);
    await outbox.settle([{ id: 'a', state: 'dead', at: at(9), code: 'late' }]);
    expect(await outbox.find(organisation, 'a')).toMatchObject({ state: 'sent', settledAt: at(1) });
    expect(await outbox.find('elmwood' as OrganisationId, 'a')).toBeUndefined();
  });

  it('lists by subscription, replays dead letters, and forgets what was settled long ago', async () => {
    await outbox.take([signal('a'), signal('b'), signal('c', { subscription: 't' })], null, token('3'), at(0));
    await outbox.settle([{ id: 'a', state: 'dead', at: at(1), code: 'refused' }, sent('b'), later('c', 9)]);
    expect((await outbox.list('s', { limit: 10 })).map(({ id, state }) => [id, state])).toEqual([
      ['b', 'sent'],
      ['a', 'dead'],
    ]);
    expect((await outbox.list('s', { limit: 10, state: 'dead' })).map(({ code }) => code)).toEqual(['refused']);
    expect((await outbox.list('s', { limit: 10, before: 2 })).map(({ id }) => id)).toEqual(['a']);
    expect(await outbox.standing()).toEqual({ waiting: 1, dead: 1, oldest: at(0) });
    expect([await outbox.replay('s', at(5), 'b'), await outbox.replay('s', at(5))]).toEqual([0, 1]);
    expect(await outbox.find(organisation, 'a')).toMatchObject({ state: 'waiting', attempts: 0, dueAt: at(5) });
    expect(await outbox.prune(at(2))).toBe(1);
    expect(await outbox.drop('s')).toBe(1);
    expect((await outbox.due('t', at(99), 9)).map(({ id }) => id)).toEqual(['c']);
  });

  it('lists nothing that was never allowed out: what waits for its first decision, and what policy withheld', async () => {
    const keys = ['a', 'b', 'c', 'd', 'e'].map((id) => signal(id, { key: id }));
    await outbox.take(keys, null, token('5'), at(0));
    const waits = { state: 'waiting', dueAt: at(9), tried: 0 } as const;
    await outbox.settle([
      { id: 'a', state: 'withheld', at: at(1) },
      { ...waits, id: 'b', code: 'decision-moved' },
      { ...waits, id: 'c', code: 'not-tried' },
      { id: 'd', state: 'dead', at: at(1), code: 'status-500' },
    ]);
    const listed = async () => (await outbox.list('s', { limit: 10 })).map(({ id }) => id);
    expect(await listed()).toEqual(['d', 'c']);
    await outbox.replay('s', at(2), 'd');
    expect(await listed()).toEqual(['d', 'c']);
  });

  it('does not keep for ever what waits for a subscription that is off', async () => {
    await outbox.take([signal('a'), signal('b', { key: 'other' })], null, token('2'), at(0));
    await outbox.settle([later('b', 500)]);
    expect(await outbox.prune(at(100))).toBe(1);
    expect(await due(500)).toEqual(['b']);
  });

  it('moves a signal that waits among those of another child', async () => {
    await outbox.take([signal('a'), signal('b', { key: 'other' })], null, token('2'), at(0));
    await outbox.rekey('a', 'other');
    await outbox.settle([later('a', 60)]);
    expect(await due(0)).toEqual([]);
    expect(await due(60)).toEqual(['a', 'b']);
  });

  it('erases everything about a record', async () => {
    await outbox.take([signal('a'), signal('b', { record: 'other' as RecordId })], null, token('2'), at(0));
    await outbox.settle([sent('a')]);
    expect(await outbox.erase('r' as RecordId)).toBe(1);
    expect(await due(9)).toEqual(['b']);
  });
});
