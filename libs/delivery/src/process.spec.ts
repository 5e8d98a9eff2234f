import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { factStream, type FactBody } from '#contracts';
import { toInstant, type FactId, type RecordId } from '#kernel';
import { Outbox } from './outbox/outbox.ts';
import type { Sent, Signal } from './port.ts';
import { subscriptionStream } from './subscription/subscription.ts';
import { delivering, school, trust, type Delivering } from './test/delivering.ts';

describe('the delivery process', () => {
  let delivery: Delivering;
  beforeEach(async () => {
    delivery = await delivering();
  });
  afterEach(() => delivery.close());

  it('decides each signal within the trace of what caused it, and tells with it what became of the signal', async () => {
    await delivery.subscribed();
    await delivery.published('fact-one');
    await delivery.published('fact-two');
    delivery.permits = (fact) => fact === 'fact-one';
    const within: string[] = [];
    const told: unknown[] = [];
    delivery.start({
      within: (correlationId, work) => (within.push(`${correlationId} ${String(delivery.looks.length)}`), work()),
      onSettled: (channel, state, { correlationId, code, id }) =>
        told.push([channel, state, correlationId, code, /^[0-9a-f-]{36}$/.test(id)]),
    });
    await delivery.until(() => told.length === 2);
    expect([within[0], within.every((each) => each.startsWith('c ')), delivery.looks.length]).toEqual(['c 0', true, 2]);
    expect(told.toSorted()).toEqual([
      ['webhook', 'sent', 'c', undefined, true],
      ['webhook', 'withheld', 'c', undefined, true],
    ]);
  });

  it('tells a subscriber what happened, thinly, under its own pseudonym and in order', async () => {
    await delivery.subscribed();
    await delivery.published('fact-one');
    await delivery.stored(factStream('fact-one' as FactId), 1, 'fact.corrected.v1', delivery.body());
    await delivery.stored(factStream('fact-one' as FactId), 2, 'fact.withdrawn.v1', {
      recordId: 'record-one',
      organisation: trust,
      stated: { at: toInstant(1), rank: 2, by: 'x' },
      reason: 'duplicate',
    });
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 3);
    expect(delivery.arrived.map(({ kind }) => kind)).toEqual(['fact-published', 'fact-corrected', 'fact-withdrawn']);
    expect(new Set(delivery.arrived.map(({ key }) => key)).size).toBe(1);
    expect(Object.keys(delivery.arrived[0] ?? {}).toSorted()).toEqual([
      'ask',
      'category',
      'id',
      'key',
      'kind',
      'organisation',
      'time',
    ]);
    expect(JSON.stringify(delivery.arrived)).not.toMatch(/child-of|record-one|fact-one/);
    expect(delivery.looks).toEqual(['SIGNAL webhook', 'SIGNAL webhook', 'SIGNAL webhook']);
  });

  it.each<[string, Partial<FactBody>]>([
    ['its own facts', { organisation: school }],
    ['what is restricted', { category: 'restricted' }],
    ['what was stated for other purposes', { purposes: ['direct-care'] }],
    ['a category it did not ask for', { category: 'health.screening' }],
  ])('tells nobody of %s', async (_what, over) => {
    await delivery.subscribed({ categories: ['health.contact'] });
    await delivery.published('f1', over);
    await delivery.published('f2');
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 1);
    expect(delivery.looks).toHaveLength(1);
  });

  it('tells nothing of what was before the subscription', async () => {
    await delivery.published('f1');
    await delivery.subscribed();
    await delivery.published('f2');
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 1);
    expect(delivery.looks).toHaveLength(1);
  });

  it('sends nothing that is refused when its turn comes, though it was allowed when it was taken in', async () => {
    await delivery.subscribed();
    await delivery.published('f1');
    let receiverBack = false;
    delivery.answer = () => (receiverBack ? { kind: 'sent' } : { kind: 'retry', code: 'unreachable' });
    delivery.start();
    await delivery.until(() => delivery.looks.length === 1);
    // Consent is withdrawn while the signal waits for a receiver that is away.
    delivery.permits = () => false;
    receiverBack = true;
    delivery.now += 10_000;
    await delivery.until(() => delivery.looks.length === 2);
    await delivery.published('f2', { recordId: 'r2' as RecordId });
    await delivery.until(() => delivery.looks.length === 3);
    expect(delivery.arrived).toEqual([]);
    await delivery.untilStates('withheld', 'withheld');
  });

  it('repeats what failed under the same id, in the order of its key, and gives up at the end of the schedule', async () => {
    await delivery.subscribed();
    await delivery.published('f1');
    await delivery.published('f2');
    let failures = 2;
    delivery.answer = () => (failures-- > 0 ? { kind: 'retry', code: 'HTTP_500' } : { kind: 'sent' });
    delivery.start();
    const pushing = setInterval(() => (delivery.now += 400_000), 20);
    await delivery.until(() => delivery.arrived.length === 2);
    expect(new Set(delivery.arrived.map(({ id }) => id)).size).toBe(2);
    delivery.answer = () => ({ kind: 'retry', code: 'HTTP_500' });
    await delivery.published('f3');
    clearInterval(pushing);
    const fast = setInterval(() => (delivery.now += 100_000_000), 100);
    const outbox = new Outbox(delivery.database);
    let dead = 0;
    for (let tries = 0; tries < 1_000 && dead === 0; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      ({ dead } = await outbox.standing());
    }
    clearInterval(fast);
    expect(dead).toBe(1);
    delivery.answer = () => ({ kind: 'sent' });
    await outbox.replay('s1', toInstant(delivery.now));
    // A receiver that failed rests for a minute at most.
    delivery.now += 60_000;
    await delivery.until(() => delivery.arrived.length === 3);
  });

  it('switches off a subscription whose receiver wants nothing more', async () => {
    await delivery.subscribed();
    await delivery.published('f1');
    delivery.answer = () => ({ kind: 'gone' });
    delivery.start({
      gone: async () => {
        delivery.gone += 1;
        await delivery.stored(
          subscriptionStream(school),
          1,
          'subscription.switched-off.v1',
          { subscription: 's1', because: 'gone' },
          school,
        );
      },
    });
    await delivery.until(() => delivery.gone === 1);
    await delivery.published('f2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([delivery.gone, delivery.arrived.length]).toEqual([1, 0]);
    delivery.answer = () => ({ kind: 'sent' });
    await delivery.stored(
      subscriptionStream(school),
      2,
      'subscription.switched-on.v1',
      { subscription: 's1', by: 'x' },
      school,
    );
    await delivery.until(() => delivery.arrived.length === 2);
  });

  it('goes on where it was, whatever it was killed in the middle of', async () => {
    await delivery.subscribed();
    for (let n = 0; n < 40; n++) await delivery.published(`f${n}`, { recordId: `r${n % 5}` as RecordId });
    for (let lives = 0; lives < 6; lives++) {
      let left = 5 + lives;
      const dying = {
        send: async (_: unknown, signals: readonly Signal[]): Promise<readonly Sent[]> =>
          signals.map((signal): Sent => {
            if (left-- <= 0) throw new Error('killed');
            delivery.arrived.push(signal);
            return { kind: 'sent' };
          }),
      };
      delivery.start(dying);
      await delivery.running.catch(() => undefined);
    }
    delivery.start();
    await delivery.until(() => new Set(delivery.arrived.map(({ id }) => id)).size === 40);
    // First arrivals of each key are in the order of the log, whatever came twice.
    const first = [
      ...new Map(delivery.arrived.toReversed().map((signal) => [signal.id, signal])).values(),
    ].toReversed();
    for (const signals of Map.groupBy(first, ({ key }) => key).values()) {
      expect(signals.map(({ time }) => time)).toEqual(signals.map(({ time }) => time).toSorted());
    }
  });

  it('sends nothing about a record that was erased', async () => {
    await delivery.subscribed();
    await delivery.published('f1', { recordId: 'gone' as RecordId });
    await delivery.published('f2');
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 1);
  });
});
