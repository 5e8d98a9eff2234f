import type { Channel, Sent, Signal } from '../src/port.ts';
import { NOT_TRIED } from '../src/retry.ts';
import { kafkaClient, type KafkaConnection } from './client.ts';
import { troubleOf, type Trouble } from './errors.ts';
import { sendInOrder } from './in-order.ts';
import { recordOf, type OutgoingRecord } from './message.ts';
import { freshProducers } from './producer.ts';
import { topicOf, type KafkaEndpoint } from './topic.ts';
import { topicsOf, type NewTopics } from './topics.ts';

/** What the channel needs to be told. */
export interface KafkaChannelOptions extends KafkaConnection {
  /** URI reference that names the hub to receivers: `ce_source`. */
  readonly source: string;
  /** How absent topics are made; without it none is. */
  readonly create?: NewTopics;
  /** Topics that are sent to at once, each one batch at a time; default 5. */
  readonly maxInFlight?: number;
}

/** A producer asks about all its topics at once and is told the trouble of any; the next one, which is new, has only this topic's. */
const OF_ANY_TOPIC = new Set(['unknown-topic', 'not-authorised']);
const BATCH = { records: 500, bytes: 512 * 1024 };

/**
 * Kafka as a channel: thin signals to `tellonce.<organisation>.v1`, keyed by the organisation's own pseudonym, acknowledged by every in-sync
 * replica. Signals of one topic are sent in the order of the calls. Throws only for settings that cannot be meant; never rejects. Codes: those of
 * errors.ts; `refused` are `too-large`, `invalid-record`, `not-a-signal`, `another-organisation` and `invalid-organisation` alone.
 */
export function kafkaChannel(options: KafkaChannelOptions): Channel<KafkaEndpoint> {
  const kafka = kafkaClient(options);
  const sender = freshProducers(kafka, options.requestTimeout ?? 15_000);
  const topics = topicsOf(kafka, options.create);
  const inFlight = atMost(options.maxInFlight ?? 5);
  const tails = new Map<string, Promise<unknown>>();
  let closing = false;

  async function deliver(topic: string, records: readonly OutgoingRecord[]): Promise<Trouble | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        await topics.ensure(topic);
        await sender.send(topic, records);
        return undefined;
      } catch (error) {
        const trouble = troubleOf(error);
        if (trouble.code === 'unknown-topic') topics.forget(topic);
        if (!OF_ANY_TOPIC.has(trouble.code) || tries === 2) return trouble;
      }
    }
  }
  function behind<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const done = (tails.get(topic) ?? Promise.resolve()).then(work);
    const tail = done.catch(() => undefined).finally(() => tails.get(topic) === tail && tails.delete(topic));
    tails.set(topic, tail);
    return done;
  }

  return {
    name: 'kafka',
    async send({ organisation }, signals, mayLeave) {
      const topic = topicOf(organisation);
      if (topic === undefined) return all(signals, { kind: 'refused', code: 'invalid-organisation' });
      if (closing) return all(signals, NOT_TRIED);
      const encode = (signal: Signal) => encoded(signal, organisation, options.source);
      return behind(topic, () =>
        inFlight(() =>
          sendInOrder(signals, { encode, mayLeave, deliver: (records) => deliver(topic, records) }, BATCH),
        ),
      );
    },
    async close() {
      closing = true;
      await Promise.all(tails.values());
      await sender.close();
    },
  };
}

/** Another organisation's signal is never put into this one's topic, whoever asked for it. */
function encoded(signal: Signal, organisation: string, source: string): OutgoingRecord | { readonly refused: string } {
  if (signal.organisation !== organisation) return { refused: 'another-organisation' };
  return recordOf(signal, source) ?? { refused: 'not-a-signal' };
}

function all(signals: readonly Signal[], sent: Sent): readonly Sent[] {
  return signals.map(() => sent);
}

/** Runs at most so many at once, the rest in the order they came. */
function atMost(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
