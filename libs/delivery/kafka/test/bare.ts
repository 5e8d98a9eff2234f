import { Kafka, logLevel, Partitioners, type IHeaders, type KafkaConfig } from 'kafkajs';
import { quietTimers } from '../quiet-timers.ts';
import { there } from '../topics.ts';

/** A record with everything that Kafka keeps of it. */
export interface BareRecord {
  readonly partition: number;
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** kafkajs as it is, for what is not the channel's own to do: raw records, topics of a certain kind, and to measure against. */
export function bareKafka(brokers: readonly string[], more: Partial<KafkaConfig> = {}): Kafka {
  quietTimers();
  return new Kafka({ brokers: [...brokers], clientId: 'bare', logLevel: logLevel.NOTHING, ...more });
}

/** Makes a topic with settings of its own. */
export async function makeTopic(
  kafka: Kafka,
  topic: string,
  partitions: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<void> {
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
  await withAdmin(kafka, async (admin) => {
    await admin.createTopics({ waitForLeaders: false, topics: [{ topic, numPartitions: partitions, configEntries }] });
    await there(() => admin.fetchTopicMetadata({ topics: [topic] }));
  });
}

/** Does something as an administrator. */
export async function withAdmin<T>(kafka: Kafka, work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

/** Writes records exactly as given. */
export async function write(
  kafka: Kafka,
  topic: string,
  messages: readonly {
    key: string | Buffer | null;
    value: string | Buffer | null;
    headers?: IHeaders;
    partition?: number;
  }[],
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [...messages] });
  await producer.disconnect();
}

/** Everything that is in a topic now, by partition and offset. */
export async function contents(kafka: Kafka, topic: string): Promise<readonly BareRecord[]> {
  const offsets = await withAdmin(kafka, (admin) => there(() => admin.fetchTopicOffsets(topic)));
  const left = new Map(
    offsets.filter(({ high, low }) => high !== low).map(({ partition, high }) => [partition, Number(high)]),
  );
  const found: BareRecord[] = [];
  if (left.size === 0) return found;
  const consumer = kafka.consumer({ groupId: `contents-${topic}-${String(performance.now())}`, maxWaitTimeInMs: 100 });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const { promise: all, resolve } = Promise.withResolvers<undefined>();
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ partition, message: { offset, key, value, headers = {} } }) => {
      const texts = Object.entries(headers).map(([name, each]) => [name, String(each)] as const);
      found.push({
        ...{ partition, offset: Number(offset) },
        ...{ key: key?.toString() ?? null, value: value?.toString() ?? null, headers: Object.fromEntries(texts) },
      });
      if (Number(offset) + 1 >= (left.get(partition) ?? 0)) left.delete(partition);
      if (left.size === 0) resolve(undefined);
    },
  });
  await all;
  await consumer.disconnect();
  return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
