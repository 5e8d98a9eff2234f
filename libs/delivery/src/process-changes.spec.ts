import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RecordId } from '#kernel';
import { subscriptionStream } from './subscription/subscription.ts';
import { NOT_TRIED } from './retry.ts';
import { delivering, school, trust, type Delivering } from './test/delivering.ts';

describe('the delivery process, while things change', () => {
  let delivery: Delivering;
  beforeEach(async () => {
    delivery = await delivering();
  });
  afterEach(() => delivery.close());

  it('keeps nothing of what the organisation may not be told of when it happens, and looks at nobody for it', async () => {
    await delivery.subscribed();
    delivery.told = (fact) => fact !== 'f1';
    await delivery.published('f1');
    await delivery.published('f2');
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 1);
    await delivery.untilStates('sent');
    expect(delivery.looks).toHaveLength(1);
  });

  it('lets a slow receiver hold up nobody but itself', async () => {
    await delivery.subscribed();
    await delivery.subscribed({ subscription: 's2' }, 1);
    await delivery.published('f1');
    const slow = Promise.withResolvers<undefined>();
    const by: string[] = [];
    delivery.start({
      send: async ({ subscription }, signals) => {
        if (subscription === 's1') await slow.promise;
        by.push(subscription);
        return signals.map(() => ({ kind: 'sent' }));
      },
    });
    await delivery.until(() => by.length === 1);
    await delivery.published('f2');
    await delivery.until(() => by.length === 2);
    expect(by).toEqual(['s2', 's2']);
    slow.resolve(undefined);
    await delivery.until(() => by.includes('s1'));
  });

  it('lets nothing leave that was decided before consent went, while those before it in its batch were on their way', async () => {
    await delivery.subscribed();
    for (const fact of ['f1', 'f2', 'f3']) await delivery.published(fact);
    let consented = true;
    delivery.stillTold = () => consented;
    delivery.permits = () => consented;
    delivery.answer = () => {
      consented = false;
      return { kind: 'sent' };
    };
    delivery.start();
    await delivery.untilStates('sent', 'waiting', 'waiting');
    expect(delivery.arrived).toHaveLength(1);
    delivery.now += 10_000;
    await delivery.untilStates('sent', 'withheld', 'withheld');
    expect(delivery.arrived).toHaveLength(1);
  });

  it('holds what can not be read as it leaves until it is decided anew', async () => {
    await delivery.subscribed();
    await delivery.published('f1');
    let reads = 0;
    delivery.stillTold = () => {
      if ((reads += 1) === 1) throw new Error('no answer');
      return true;
    };
    delivery.start();
    await delivery.until(() => reads === 1);
    await delivery.untilStates('waiting');
    delivery.now += 10_000;
    await delivery.untilStates('sent');
    expect([delivery.arrived.length, delivery.looks.length]).toEqual([1, 2]);
  });

  it('goes on at once where a receiver was only too slow for one batch', async () => {
    await delivery.subscribed();
    for (const fact of ['f1', 'f2', 'f3']) await delivery.published(fact);
    delivery.start({
      send: async (_subscription, signals) =>
        signals.map((signal, at) => {
          if (at > 0) return NOT_TRIED;
          delivery.arrived.push(signal);
          return { kind: 'sent' };
        }),
    });
    // Each is due a second after it was passed over; a rest after a failure would be a minute.
    for (const count of [1, 2, 3]) {
      await delivery.until(() => delivery.arrived.length === count);
      delivery.now += 2_000;
    }
  });

  it('drops what waits for a subscription that is over, even where both come in one batch, and sends nothing more to it', async () => {
    await delivery.subscribed();
    delivery.answer = () => ({ kind: 'retry', code: 'unreachable' });
    await delivery.published('f1');
    delivery.start();
    await delivery.until(() => delivery.looks.length === 1);
    await delivery.stored(
      subscriptionStream(school),
      1,
      'subscription.ended.v1',
      { subscription: 's1', by: 'x' },
      school,
    );
    delivery.answer = () => ({ kind: 'sent' });
    await delivery.untilStates();
    delivery.now += 10_000_000;
    await delivery.published('f2');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([delivery.arrived, delivery.looks.length]).toEqual([[], 1]);
    // Read again from the start by a process that knows how it ended.
    delivery.stop.abort();
    await delivery.running;
    await delivery.database.run('delete from place');
    delivery.stop = new AbortController();
    delivery.start();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([delivery.arrived, delivery.looks.length]).toEqual([[], 1]);
    await delivery.untilStates();
  });

  it('forgets what it holds of a record that was erased, in whatever state', async () => {
    await delivery.subscribed();
    await delivery.published('f1');
    await delivery.published('f2', { recordId: 'r2' as RecordId });
    delivery.start();
    await delivery.until(() => delivery.arrived.length === 2);
    const erased = { recordId: 'record-one', organisation: trust, ground: 'article-17', keysDestroyed: 1 };
    await delivery.stored('child-of-somebody', 0, 'record.erased.v1', erased);
    await delivery.untilStates('sent');
  });

  it('sends under the key of the child that the fact belongs to by now, after what waits for that child', async () => {
    await delivery.subscribed();
    delivery.answer = () => ({ kind: 'retry', code: 'unreachable' });
    await delivery.published('f1');
    await delivery.published('f2', { recordId: 'r2' as RecordId });
    delivery.start();
    await delivery.until(() => delivery.looks.length > 0);
    // Both records are of one child by now.
    delivery.childOf = () => 'child-of-r2';
    delivery.answer = () => ({ kind: 'sent' });
    const pushing = setInterval(() => (delivery.now += 400_000), 20);
    await delivery.until(() => delivery.arrived.length === 2);
    clearInterval(pushing);
    expect(new Set(delivery.arrived.map(({ key }) => key)).size).toBe(1);
    expect(delivery.arrived.map(({ time }) => time)).toEqual(delivery.arrived.map(({ time }) => time).toSorted());
  });
});
