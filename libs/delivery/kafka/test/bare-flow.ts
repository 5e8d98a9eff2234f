import { randomUUID } from 'node:crypto';
import { Partitioners, type Kafka, type KafkaMessage as BareMessage } from 'kafkajs';
import { makeTopic } from './bare.ts';

export type { BareMessage };
/** As many as the delivery process sends at a time. */
const BATCH = 100;
/** Of each topic that is measured on. */
export const PARTITIONS = 4;

/** What a bare consumer has read of a topic. */
export interface Arrivals {
  /** The next so many, once they are there; each id once. One call at a time. */
  next(count: number): Promise<readonly BareMessage[]>;
  close(): Promise<void>;
}

/** Reads a topic from its start, and settles once the group is joined. `idOf`: what came twice is handed out once. */
export async function arrivalsOf(
  kafka: Kafka,
  topic: string,
  idOf: (message: BareMessage) => string | undefined = () => undefined,
): Promise<Arrivals> {
  const consumer = kafka.consumer({ groupId: randomUUID(), maxWaitTimeInMs: 100 });
  const joined = Promise.withResolvers<undefined>();
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve(undefined));
  let there: BareMessage[] = [];
  let wanted: { readonly count: number; readonly found: (messages: readonly BareMessage[]) => void } | undefined;
  const seen = new Set<string>();
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const running = consumer.run({
    autoCommit: false,
    eachBatch: async ({ batch }) => {
      for (const message of batch.messages) {
        const id = idOf(message);
        if (id !== undefined && seen.has(id)) continue;
        if (id !== undefined) seen.add(id);
        there.push(message);
      }
      answer();
    },
  });
  function answer(): void {
    if (wanted === undefined || there.length < wanted.count) return;
    const { count, found } = wanted;
    wanted = undefined;
    const given = there.slice(0, count);
    there = there.slice(count);
    found(given);
  }
  await joined.promise;
  return {
    next: (count) =>
      new Promise((found) => {
        wanted = { count, found };
        answer();
      }),
    close: async () => {
      await running;
      await consumer.disconnect();
    },
  };
}

/** kafkajs alone, as safe as the channel is: idempotent, acknowledged by every replica, one batch after the other. */
export interface Bare {
  /** Messages a second, from the first send until the last is read. */
  rate(messages: readonly BareMessage[]): Promise<number>;
  /** Milliseconds from sending one message until it is read. */
  latency(message: BareMessage): Promise<number>;
  close(): Promise<void>;
}

/** Opens a producer and a consumer on a topic of their own. */
export async function bareBaseline(kafka: Kafka): Promise<Bare> {
  const topic = `bare-${randomUUID()}`;
  await makeTopic(kafka, topic, PARTITIONS);
  const producer = kafka.producer({ idempotent: true, createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const arrivals = await arrivalsOf(kafka, topic);
  const took = async (messages: readonly BareMessage[]): Promise<number> => {
    const began = performance.now();
    const all = arrivals.next(messages.length);
    for (let at = 0; at < messages.length; at += BATCH) {
      const some = messages.slice(at, at + BATCH).map(({ key, value, headers = {} }) => ({ key, value, headers }));
      await producer.send({ topic, messages: some });
    }
    await all;
    return performance.now() - began;
  };
  return {
    rate: async (messages) => (messages.length / (await took(messages))) * 1_000,
    latency: (message) => took([message]),
    close: async () => {
      await arrivals.close();
      await producer.disconnect();
    },
  };
}
