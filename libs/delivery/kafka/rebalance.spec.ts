import { expect, it } from '@jest/globals';
import { sharedKafka } from '#testing/servers';
import { kafkaChannel } from './channel.ts';
import { describeOn } from './test/on-kafka.ts';
import { receiver } from './test/receiver.ts';
import { inOrder, newOrganisation, sendAll, signals } from './test/signals.ts';
import { topicOf } from './topic.ts';

/** Brokers of others admit six seconds at least, unless they are told otherwise as ours is. */
const SHORTEST_SESSION = process.env['KAFKA_BROKERS'] === undefined ? 2_000 : 6_000;

describeOn(await sharedKafka(), 'members of one group', (server) => {
  it('come and go while signals are handled: each effect once, in the order of its key', async () => {
    const organisation = newOrganisation();
    const topic = topicOf(organisation) ?? '';
    const { brokers } = server();
    const channel = kafkaChannel({ brokers, source: '/hub', create: { partitions: 6, replication: 1 } });
    const all = signals(organisation, 3_000, 60);
    await channel.send({ organisation }, all.slice(0, 60));
    const ours = receiver({ brokers, topic, fetchBytes: 32 * 1024, sessionTimeout: 10_000 });
    try {
      const first = ours.follow();
      await first.joined;
      const sending = sendAll((batch) => channel.send({ organisation }, batch), all.slice(60), { batch: 100 });
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

  it('lose a partition while one signal takes long: it is handled once, by whoever is first', async () => {
    const organisation = newOrganisation();
    const topic = topicOf(organisation) ?? '';
    const { brokers } = server();
    const channel = kafkaChannel({ brokers, source: '/hub', create: { partitions: 1, replication: 1 } });
    await channel.send({ organisation }, signals(organisation, 20));
    await channel.close();
    const ours = receiver({ brokers, topic, sessionTimeout: SHORTEST_SESSION });
    const seen: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    try {
      // Its offset can't be stored while the other's transaction is open; then it has been passed.
      ours.follow({
        handle: async ({ id }) => {
          seen.push(id);
          if (seen.length === 5) await gate.promise;
        },
      });
      await ours.when(() => seen.length === 5);
      const other = ours.follow({ handle: async ({ id }) => void seen.push(id) });
      // The group waits for the slow member for two sessions; then it goes on without it.
      await other.joined;
      gate.resolve(undefined);
      await ours.when(async () => (await ours.store.next(0)) === 20);
      expect(seen).toEqual(signals(organisation, 20).map(({ id }) => id));
    } finally {
      gate.resolve(undefined);
      await ours.close();
    }
  });
});
