import { setTimeout as wait } from 'node:timers/promises';
import type { Kafka } from 'kafkajs';
import { troubleOf } from './errors.ts';

/** How a topic that is not there yet is made. */
export interface NewTopics {
  /** Order is kept within a key for as long as this number stays. */
  readonly partitions: number;
  /** Copies of each partition. */
  readonly replication: number;
  /** Copies that must have a signal before it counts as sent; default one fewer than there are, at least one. */
  readonly minInSync?: number;
  /** Days a signal is kept; default seven. */
  readonly days?: number;
}

/** Sees to it that topics are there, as far as it may. */
export interface Topics {
  /** Throws what kafkajs throws where a topic can neither be made nor be there. */
  ensure(topic: string): Promise<void>;
  /** It turned out not to be there: to be made again. */
  forget(topic: string): void;
}

/** Asks once for each topic; without `create` nothing is made, and sending to an absent one fails as an unknown topic. */
export function topicsOf(kafka: Kafka, create: NewTopics | undefined): Topics {
  const known = new Set<string>();
  return {
    async ensure(topic) {
      if (create === undefined || known.has(topic)) return;
      await make(kafka, topic, create);
      known.add(topic);
    },
    forget: (topic) => void known.delete(topic),
  };
}

/** Brokers hear of a new topic a moment later than the one that made it; ten seconds are for a busy machine. */
const HEARD_OF = { tries: 100, every: 100 };

/** Asks something about a new topic until brokers have heard of it; throws what is thrown otherwise. */
export async function there<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (error) {
      if (!['unknown-topic', 'no-leader'].includes(troubleOf(error).code) || tries === HEARD_OF.tries) throw error;
      await wait(HEARD_OF.every);
    }
  }
}

async function make(kafka: Kafka, topic: string, create: NewTopics): Promise<void> {
  const { partitions, replication, minInSync = Math.max(1, replication - 1), days = 7 } = create;
  const admin = kafka.admin();
  try {
    await admin.connect();
    const configEntries = [
      { name: 'min.insync.replicas', value: String(minInSync) },
      { name: 'retention.ms', value: String(days * 24 * 3_600_000) },
    ];
    await admin.createTopics({
      // kafkajs gives up waiting where the broker it asks has not heard of the topic yet.
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, replicationFactor: replication, configEntries }],
    });
    await there(() => admin.fetchTopicMetadata({ topics: [topic] }));
  } catch (error) {
    // Who may not make topics may still write to one that somebody made.
    if (troubleOf(error).code !== 'not-authorised') throw error;
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
