import { expect, it } from '@jest/globals';
import type { DatabaseSync } from 'node:sqlite';
import { sharedKafka } from '#testing/servers';
import { kafkaChannel } from './channel.ts';
import type { OffsetStore } from './offset-store.ts';
import { bareKafka, write } from './test/bare.ts';
import { describeOn } from './test/on-kafka.ts';
import { receiver } from './test/receiver.ts';
import { inOrder, newOrganisation, sendAll, signals } from './test/signals.ts';
import { topicOf } from './topic.ts';
import { always } from '../src/test/always.ts';

/** Brokers of others admit six seconds at least, unless they are told otherwise as ours is. */
const SHORTEST_SESSION = process.env['KAFKA_BROKERS'] === undefined ? 2_000 : 6_000;

describeOn(await sharedKafka(), 'members of one group', (server) => {
  it('come and go while signals are handled: each effect once, in the order of its key', async () => {
    const organisation = newOrganisation();
    const topic = topicOf(organisation) ?? '';
    const { brokers } = server();
    const channel = kafkaChannel({ brokers, source: '/hub', create: { partitions: 6, replication: 1 } });
    const all = signals(organisation, 3_000, 60);
    await channel.send({ organisation }, all.slice(0, 60), always);
    const ours = receiver({ brokers, topic, fetchBytes: 32 * 1024, sessionTimeout: 10_000 });
    try {
      const first = ours.follow();
      await first.joined;
      const sending = sendAll((batch) => channel.send({ organisation }, batch, always), all.slice(60), { batch: 100 });
      for (let turn = 1; turn <= 3; turn++) {
        await ours.until(300 * turn);
        const other = ours.follow();
        await other.joined;
        await ours.until(300 * turn + 150);
        await other.stop();
      }
      const second = ours.follow();
      await second.joined;
      await first.stop();
      await sending;
      await ours.until(3_000);
      // The table takes each id once; a second effect would have been a failure of the handler.
      expect(ours.effects()).toHaveLength(3_000);
      expect(inOrder(ours.effects())).toBe(true);
      expect(ours.faults()).toEqual([]);
      expect(await ours.store.letters(0, 1)).toEqual([]);
    } finally {
      await channel.close();
      await ours.close();
    }
  });

  it('lose a partition while one record takes long: it is dealt with once, by whoever is first', async () => {
    const organisation = newOrganisation();
    const topic = topicOf(organisation) ?? '';
    const { brokers } = server();
    const channel = kafkaChannel({ brokers, source: '/hub', create: { partitions: 1, replication: 1 } });
    const all = signals(organisation, 20);
    await channel.send({ organisation }, all.slice(0, 4), always);
    // No id tells a second handling of this one: only its offset does.
    await write(bareKafka(brokers), topic, [{ key: null, value: 'no signal' }]);
    await channel.send({ organisation }, all.slice(4), always);
    await channel.close();
    const ours = receiver({ brokers, topic, sessionTimeout: SHORTEST_SESSION });
    const [reached, other, gate] = [0, 1, 2].map(() => Promise.withResolvers<undefined>());
    const telling = (at: typeof gate, until: Promise<unknown> | undefined): OffsetStore<DatabaseSync> => ({
      next: (partition) => ours.store.next(partition),
      reset: (partition) => ours.store.reset(partition),
      transaction: (partition, offset, effect) => {
        if (offset === 4) at?.resolve(undefined);
        return ours.store.transaction(partition, offset, async (turn) => {
          if (offset === 4) await until;
          await effect(turn);
        });
      },
    });
    try {
      ours.follow({ store: telling(reached, gate?.promise) });
      await reached?.promise;
      // The group waits for the slow member for two sessions; then another stands before the same record, while its transaction is open.
      ours.follow({ store: telling(other, undefined) });
      await other?.promise;
      gate?.resolve(undefined);
      await ours.until(20);
      expect(ours.effects().map(({ id }) => id)).toEqual(all.map(({ id }) => id));
      expect((await ours.store.letters(0, 9)).map(({ offset }) => offset)).toEqual([4]);
    } finally {
      gate?.resolve(undefined);
      await ours.close();
    }
  });
});
