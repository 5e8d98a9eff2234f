import { Partitioners, type Kafka, type Producer } from 'kafkajs';
import { RETRY } from './client.ts';
import type { OutgoingRecord } from './message.ts';

/** Hands records to one topic and answers when every in-sync replica has them, or throws what kafkajs throws. */
export interface Sender {
  send(topic: string, records: readonly OutgoingRecord[]): Promise<void>;
  /** After the last send has been answered. */
  close(): Promise<void>;
}

/**
 * Idempotent producers, one at a time. One that failed is never used again: kafkajs takes its sequence numbers back when a send fails, also
 * where the broker has stored the records and only the answer was lost; the next send would then bear the numbers of the lost one, and the
 * broker would acknowledge it as a repetition without storing it. A new producer has a new id, so the worst is a record stored twice.
 *
 * For the same reason a topic has one send at a time; that is the caller's (channel.ts).
 */
export function freshProducers(kafka: Kafka, answerWithin: number): Sender {
  let current: InUse | undefined;
  const leaving = new Set<Promise<void>>();

  function leave({ producer }: InUse): void {
    const left = producer.disconnect().catch(() => undefined);
    leaving.add(left);
    void left.then(() => leaving.delete(left));
  }
  return {
    async send(topic, records) {
      const used = (current ??= start(kafka));
      used.uses += 1;
      try {
        await used.connected;
        await used.producer.send({ topic, acks: -1, timeout: answerWithin, messages: records.map(messageOf) });
      } catch (error) {
        used.spoiled = true;
        if (current === used) current = undefined;
        throw error;
      } finally {
        used.uses -= 1;
        if (used.spoiled && used.uses === 0) leave(used);
      }
    },
    async close() {
      if (current !== undefined) leave(current);
      current = undefined;
      await Promise.all(leaving);
    },
  };
}

interface InUse {
  readonly producer: Producer;
  readonly connected: Promise<void>;
  uses: number;
  spoiled: boolean;
}

function start(kafka: Kafka): InUse {
  const producer = kafka.producer({
    idempotent: true,
    // As Java's and every librdkafka client's "murmur2": another producer of the receiver's would choose the same partition for a key.
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    retry: RETRY,
  });
  return { producer, connected: producer.connect(), uses: 0, spoiled: false };
}

function messageOf({ key, value, headers }: OutgoingRecord): {
  key: string;
  value: string;
  headers: Record<string, string>;
} {
  return { key, value, headers: { ...headers } };
}
