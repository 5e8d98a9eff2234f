import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { encodeRecord, factStream, type FactBody } from '#contracts';
import { openSqliteDatabase } from '#database/sqlite';
import type { Database } from '#database';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { epochMs, fail, ok, toInstant, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import type { Disclose } from '#sharing';
import { Outbox } from './outbox/outbox.ts';
import { DELIVERY_STORE } from './outbox/tables.ts';
import { runDelivery, type DeliveryParts } from './process.ts';
import type { Sent, Signal } from './port.ts';
import { NOT_TRIED } from './retry.ts';
import { standingFact } from './standing.ts';
import { subscriptionStream, type SubscriptionMade } from './subscription/subscription.ts';

const school = 'oakfield-school' as OrganisationId;
const trust = 'bridgewater-trust' as OrganisationId;
const made: SubscriptionMade = {
  subscription: 's1',
  channel: 'webhook',
  purpose: 'sen-support',
  categories: null,
  url: 'https://school.example/hooks',
  secret: null,
  by: 'system',
};

describe('the delivery process', () => {
  let log: EventLog;
  let database: Database;
  let now: number;
  let stop: AbortController;
  let running: Promise<void>;
  let arrived: Signal[];
  let looks: string[];
  /** What the receiver answers, by place. */
  let answer: (signal: Signal) => Sent;
  let permits: (fact: FactId) => boolean | Promise<boolean>;
  /** What is let in at all, when it happens. */
  let told: (fact: FactId) => boolean;
  /** Whose child a record is. */
  let childOf: (record: RecordId) => string;
  let gone: number;

  beforeEach(async () => {
    log = await openSqliteLog({ path: ':memory:' });
    database = await openSqliteDatabase({ path: ':memory:', store: DELIVERY_STORE });
    [now, arrived, looks, gone] = [epochMs(toInstant(0)), [], [], 0];
    answer = () => ({ kind: 'sent' });
    [permits, told] = [() => true, () => true];
    childOf = (record) => `child-of-${record}`;
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running.catch(() => undefined);
    await database.close();
    await log.close();
  });

  function start(over: Partial<DeliveryParts> = {}): void {
    const disclose: Disclose = async (request) => {
      const found = await request.find(null as never);
      const [fact] = request.facts(found);
      looks.push(request.route);
      if (fact === undefined || request.child === null || !(await permits(fact))) return fail('not-found');
      return ok({ decision: 'd', value: request.open(found, null as never, 'd') } as never);
    };
    running = runDelivery(
      {
        log,
        outbox: new Outbox(database),
        disclose,
        childOfFact: async (_fact, record) => (record === 'gone' ? undefined : (childOf(record) as ChildId)),
        standing: (fact) => standingFact(log, fact),
        channels: new Set(['webhook']),
        mayTell: async (_child, signals) => signals.filter(({ fact }) => told(fact)),
        send: async (_subscription, signals) => {
          let broken = false;
          return signals.map((signal) => {
            if (broken) return NOT_TRIED;
            const sent = answer(signal);
            if (sent.kind === 'sent') arrived.push(signal);
            else broken = true;
            return sent;
          });
        },
        ask: (id) => `https://hub.example/v1/signals/${id}`,
        clock: { now: () => toInstant((now += 1)) },
        spread: () => 0.5,
        gone: async () => {
          gone += 1;
        },
        pseudonymKey: new Uint8Array(32),
        lookAgainMs: 10,
        ...over,
      },
      stop.signal,
    );
  }

  async function stored(stream: string, revision: number, type: string, data: object, by = trust): Promise<void> {
    const record = encodeRecord({
      format: 1,
      stream,
      revision,
      type,
      recordedAt: toInstant((now += 1)),
      by,
      correlationId: 'c',
      data: data,
    });
    await log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
  }
  const subscribed = (over: Partial<SubscriptionMade> = {}, revision = 0) =>
    stored(subscriptionStream(school), revision, 'subscription.made.v1', { ...made, ...over }, school);
  const body = (over: Partial<FactBody> = {}): object => ({
    recordId: 'record-one' as RecordId,
    organisation: trust,
    factType: 'health.professional-contact.v1',
    category: 'health.contact',
    index: {},
    happenedAt: toInstant(0),
    stated: { at: toInstant(0), rank: 0, by: 'x' },
    purposes: ['sen-support'],
    reliesOnConsent: false,
    provenance: { kind: 'hub-translated', kid: 'k', alg: 'EdDSA' },
    sealed: { key: 'k', iv: 'i', text: 't' },
    ...over,
  });
  const published = (fact: string, over: Partial<FactBody> = {}) =>
    stored(factStream(fact as FactId), 0, 'fact.published.v1', body(over));
  async function until(holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 400 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(holds()).toBe(true);
  }

  async function untilStates(...wanted: readonly string[]): Promise<void> {
    let states: readonly unknown[] = [];
    for (let tries = 0; tries < 400 && states.join() !== wanted.join(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      states = (await database.all('select state from signal order by seq')).map(({ state }) => state);
    }
    expect(states).toEqual(wanted);
  }

  it('decides each signal within the trace of what caused it, and tells with it what became of the signal', async () => {
    await subscribed();
    await published('fact-one');
    await published('fact-two');
    permits = (fact) => fact === 'fact-one';
    const within: string[] = [];
    const told: unknown[] = [];
    start({
      within: (correlationId, work) => (within.push(`${correlationId} ${String(looks.length)}`), work()),
      onSettled: (channel, state, { correlationId, code, id }) =>
        told.push([channel, state, correlationId, code, /^[0-9a-f-]{36}$/.test(id)]),
    });
    await until(() => told.length === 2);
    expect([within[0], within.every((each) => each.startsWith('c ')), looks.length]).toEqual(['c 0', true, 2]);
    expect(told.toSorted()).toEqual([
      ['webhook', 'sent', 'c', undefined, true],
      ['webhook', 'withheld', 'c', undefined, true],
    ]);
  });

  it('tells a subscriber what happened, thinly, under its own pseudonym and in order', async () => {
    await subscribed();
    await published('fact-one');
    await stored(factStream('fact-one' as FactId), 1, 'fact.corrected.v1', body());
    await stored(factStream('fact-one' as FactId), 2, 'fact.withdrawn.v1', {
      recordId: 'record-one',
      organisation: trust,
      stated: { at: toInstant(1), rank: 2, by: 'x' },
      reason: 'duplicate',
    });
    start();
    await until(() => arrived.length === 3);
    expect(arrived.map(({ kind }) => kind)).toEqual(['fact-published', 'fact-corrected', 'fact-withdrawn']);
    expect(new Set(arrived.map(({ key }) => key)).size).toBe(1);
    expect(Object.keys(arrived[0] ?? {}).toSorted()).toEqual([
      'ask',
      'category',
      'id',
      'key',
      'kind',
      'organisation',
      'time',
    ]);
    expect(JSON.stringify(arrived)).not.toMatch(/child-of|record-one|fact-one/);
    expect(looks).toEqual(['SIGNAL webhook', 'SIGNAL webhook', 'SIGNAL webhook']);
  });

  it.each<[string, Partial<FactBody>]>([
    ['its own facts', { organisation: school }],
    ['what is restricted', { category: 'restricted' }],
    ['what was stated for other purposes', { purposes: ['direct-care'] }],
    ['a category it did not ask for', { category: 'health.screening' }],
  ])('tells nobody of %s', async (_what, over) => {
    await subscribed({ categories: ['health.contact'] });
    await published('f1', over);
    await published('f2');
    start();
    await until(() => arrived.length === 1);
    expect(looks).toHaveLength(1);
  });

  it('tells nothing of what was before the subscription', async () => {
    await published('f1');
    await subscribed();
    await published('f2');
    start();
    await until(() => arrived.length === 1);
    expect(looks).toHaveLength(1);
  });

  it('sends nothing that is refused when its turn comes, though it was allowed when it was taken in', async () => {
    await subscribed();
    await published('f1');
    let receiverBack = false;
    answer = () => (receiverBack ? { kind: 'sent' } : { kind: 'retry', code: 'unreachable' });
    start();
    await until(() => looks.length === 1);
    // Consent is withdrawn while the signal waits for a receiver that is away.
    permits = () => false;
    receiverBack = true;
    now += 10_000;
    await until(() => looks.length === 2);
    await published('f2', { recordId: 'r2' as RecordId });
    await until(() => looks.length === 3);
    expect(arrived).toEqual([]);
    await untilStates('withheld', 'withheld');
  });

  it('repeats what failed under the same id, in the order of its key, and gives up at the end of the schedule', async () => {
    await subscribed();
    await published('f1');
    await published('f2');
    let failures = 2;
    answer = () => (failures-- > 0 ? { kind: 'retry', code: 'HTTP_500' } : { kind: 'sent' });
    start();
    const pushing = setInterval(() => (now += 400_000), 20);
    await until(() => arrived.length === 2);
    expect(new Set(arrived.map(({ id }) => id)).size).toBe(2);
    answer = () => ({ kind: 'retry', code: 'HTTP_500' });
    await published('f3');
    clearInterval(pushing);
    const fast = setInterval(() => (now += 100_000_000), 20);
    const outbox = new Outbox(database);
    let dead = 0;
    for (let tries = 0; tries < 400 && dead === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      ({ dead } = await outbox.standing());
    }
    clearInterval(fast);
    expect(dead).toBe(1);
    answer = () => ({ kind: 'sent' });
    await outbox.replay('s1', toInstant(now));
    // A receiver that failed rests for a minute at most.
    now += 60_000;
    await until(() => arrived.length === 3);
  });

  it('switches off a subscription whose receiver wants nothing more', async () => {
    await subscribed();
    await published('f1');
    answer = () => ({ kind: 'gone' });
    start({
      gone: async () => {
        gone += 1;
        await stored(
          subscriptionStream(school),
          1,
          'subscription.switched-off.v1',
          { subscription: 's1', because: 'gone' },
          school,
        );
      },
    });
    await until(() => gone === 1);
    await published('f2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([gone, arrived.length]).toEqual([1, 0]);
    answer = () => ({ kind: 'sent' });
    await stored(subscriptionStream(school), 2, 'subscription.switched-on.v1', { subscription: 's1', by: 'x' }, school);
    await until(() => arrived.length === 2);
  });

  it('goes on where it was, whatever it was killed in the middle of', async () => {
    await subscribed();
    for (let n = 0; n < 40; n++) await published(`f${n}`, { recordId: `r${n % 5}` as RecordId });
    for (let lives = 0; lives < 6; lives++) {
      let left = 5 + lives;
      const dying = {
        send: async (_: unknown, signals: readonly Signal[]): Promise<readonly Sent[]> =>
          signals.map((signal): Sent => {
            if (left-- <= 0) throw new Error('killed');
            arrived.push(signal);
            return { kind: 'sent' };
          }),
      };
      start(dying);
      await running.catch(() => undefined);
    }
    start();
    await until(() => new Set(arrived.map(({ id }) => id)).size === 40);
    // First arrivals of each key are in the order of the log, whatever came twice.
    const first = [...new Map(arrived.toReversed().map((signal) => [signal.id, signal])).values()].toReversed();
    for (const signals of Map.groupBy(first, ({ key }) => key).values()) {
      expect(signals.map(({ time }) => time)).toEqual(signals.map(({ time }) => time).toSorted());
    }
  });

  it('sends nothing about a record that was erased', async () => {
    await subscribed();
    await published('f1', { recordId: 'gone' as RecordId });
    await published('f2');
    start();
    await until(() => arrived.length === 1);
  });

  it('keeps nothing of what the organisation may not be told of when it happens, and looks at nobody for it', async () => {
    await subscribed();
    told = (fact) => fact !== 'f1';
    await published('f1');
    await published('f2');
    start();
    await until(() => arrived.length === 1);
    await untilStates('sent');
    expect(looks).toHaveLength(1);
  });

  it('lets a slow receiver hold up nobody but itself', async () => {
    await subscribed();
    await subscribed({ subscription: 's2' }, 1);
    await published('f1');
    const slow = Promise.withResolvers<undefined>();
    const by: string[] = [];
    start({
      send: async ({ subscription }, signals) => {
        if (subscription === 's1') await slow.promise;
        by.push(subscription);
        return signals.map(() => ({ kind: 'sent' }));
      },
    });
    await until(() => by.length === 1);
    await published('f2');
    await until(() => by.length === 2);
    expect(by).toEqual(['s2', 's2']);
    slow.resolve(undefined);
    await until(() => by.includes('s1'));
  });

  it('drops what waits for a subscription that is over, even where both come in one batch, and sends nothing more to it', async () => {
    await subscribed();
    answer = () => ({ kind: 'retry', code: 'unreachable' });
    await published('f1');
    start();
    await until(() => looks.length === 1);
    await stored(subscriptionStream(school), 1, 'subscription.ended.v1', { subscription: 's1', by: 'x' }, school);
    answer = () => ({ kind: 'sent' });
    await untilStates();
    now += 10_000_000;
    await published('f2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([arrived, looks.length]).toEqual([[], 1]);
    // Read again from the start by a process that knows how it ended.
    stop.abort();
    await running;
    await database.run('delete from place');
    stop = new AbortController();
    start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([arrived, looks.length]).toEqual([[], 1]);
    await untilStates();
  });

  it('forgets what it holds of a record that was erased, in whatever state', async () => {
    await subscribed();
    await published('f1');
    await published('f2', { recordId: 'r2' as RecordId });
    start();
    await until(() => arrived.length === 2);
    const erased = { recordId: 'record-one', organisation: trust, ground: 'article-17', keysDestroyed: 1 };
    await stored('child-of-somebody', 0, 'record.erased.v1', erased);
    await untilStates('sent');
  });

  it('sends under the key of the child that the fact belongs to by now, after what waits for that child', async () => {
    await subscribed();
    answer = () => ({ kind: 'retry', code: 'unreachable' });
    await published('f1');
    await published('f2', { recordId: 'r2' as RecordId });
    start();
    await until(() => looks.length > 0);
    // Both records are of one child by now.
    childOf = () => 'child-of-r2';
    answer = () => ({ kind: 'sent' });
    const pushing = setInterval(() => (now += 400_000), 20);
    await until(() => arrived.length === 2);
    clearInterval(pushing);
    expect(new Set(arrived.map(({ key }) => key)).size).toBe(1);
    expect(arrived.map(({ time }) => time)).toEqual(arrived.map(({ time }) => time).toSorted());
  });
});
