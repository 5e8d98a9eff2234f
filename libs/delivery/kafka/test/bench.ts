import { randomUUID } from 'node:crypto';
import { Partitioners, type Kafka } from 'kafkajs';
import type { Signal } from '../../src/port.ts';
import { recordOf } from '../message.ts';

/** What the channel is measured against: kafkajs alone, as safe as the channel is (idempotent, every replica), one batch after the other. */
export async function bareBatches(kafka: Kafka): Promise<{
  send(topic: string, batches: readonly (readonly Signal[])[]): Promise<void>;
  close(): Promise<void>;
}> {
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  return {
    async send(topic, batches) {
      for (const batch of batches) {
        const messages = batch.map((each) => {
          const { key, value, headers } = recordOf(each, '/hub') ?? { key: '', value: '', headers: {} };
          return { key, value, headers: { ...headers } };
        });
        await producer.send({ topic, messages });
      }
    },
    close: () => producer.disconnect(),
  };
}

/** Reads so many records and does nothing with them; measured from the moment the group is joined. */
export async function bareReading(
  kafka: Kafka,
  topic: string,
  records: number,
  measure: (work: () => Promise<void>) => Promise<number>,
): Promise<number> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  const joined = Promise.withResolvers<undefined>();
  const all = Promise.withResolvers<undefined>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve(undefined));
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  let left = records;
  const running = consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      left -= batch.messages.length;
      if (left <= 0) all.resolve(undefined);
    },
  });
  await joined.promise;
  const measured = await measure(async () => {
    await all.promise;
  });
  await running;
  await consumer.disconnect();
  return measured;
}
