import { expect, it } from '@jest/globals';
import { sharedKafka } from '#testing/servers';
import { bareKafka, makeTopic, write } from './test/bare.ts';
import { heldMiB } from './test/heap.ts';
import { describeOn } from './test/on-kafka.ts';
import { receiver } from './test/receiver.ts';
import { newOrganisation } from './test/signals.ts';
import { topicOf } from './topic.ts';

const MiB = 1024 * 1024;

describeOn(await sharedKafka(), 'a receiver that is far slower than the hub', (server) => {
  it('holds no more than one fetch of the 64 MiB that wait for it', async () => {
    const { brokers } = server();
    const topic = topicOf(newOrganisation()) ?? '';
    const kafka = bareKafka(brokers);
    await makeTopic(kafka, topic, 4);
    const value = Buffer.alloc(16 * 1024, '.');
    const part = Array.from({ length: 128 }, (_, n) => ({ key: `key-${String(n)}`, value, headers: {} }));
    for (let written = 0; written < 64 * MiB; written += part.length * value.length) await write(kafka, topic, part);
    const before = heldMiB();
    let [most, seen] = [0, 0];
    // Records that are no signals, because those are small: each is set aside, at a pace.
    const ours = receiver({ brokers, topic, fetchBytes: MiB });
    const { transaction } = ours.store;
    const slow = Object.assign(Object.create(ours.store) as typeof ours.store, {
      transaction: async (...[partition, offset]: Parameters<typeof transaction>) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (seen % 20 === 0) most = Math.max(most, heldMiB() - before);
        seen += 1;
        return transaction(partition, offset, async () => undefined);
      },
    });
    try {
      ours.follow({ store: slow });
      await ours.when(() => seen >= 200);
    } finally {
      await ours.close();
    }
    expect(most).toBeLessThan(8);
  });
});
