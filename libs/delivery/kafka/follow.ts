import { setTimeout as wait } from 'node:timers/promises';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import { exponentialBackOff, type BackOff } from '#event-log';
import { kafkaClient, RETRY, type KafkaConnection } from './client.ts';
import { troubleOf } from './errors.ts';
import type { ReceivedSignal } from './message.ts';
import type { OffsetStore } from './offset-store.ts';
import { taking, type FollowerTrouble } from './take.ts';

/** What a receiver says of a signal that it can't handle and won't wait for: the reason, a code of its own. */
export interface SetAside {
  readonly setAside: string;
}
/** Handles one signal inside the transaction that stores its offset. What it throws is tried again, for ever, with everything behind it. */
export type Handle<Tx> = (signal: ReceivedSignal, tx: Tx) => Promise<SetAside | undefined> | Promise<void>;

export interface FollowOptions<Tx> extends KafkaConnection {
  readonly topic: string;
  /** Members of one group share the partitions. */
  readonly group: string;
  readonly store: OffsetStore<Tx>;
  readonly handle: Handle<Tx>;
  /** Most bytes of one fetch from one broker; at most that much is held, plus one record. Default 1 MiB. */
  readonly fetchBytes?: number;
  /** Milliseconds without a heartbeat until others take over; default 30,000. */
  readonly sessionTimeout?: number;
  /** Most milliseconds that an idle fetch waits at the broker; default 500. */
  readonly idleWait?: number;
  /** Waits after failures in a row; default 100 ms doubling to 10 s. */
  readonly backOff?: BackOff;
  /** Told of what went wrong; what the handler threw is the receiver's own and only given here. */
  readonly onTrouble?: (trouble: FollowerTrouble) => void;
}

export interface Following {
  /** Settles once the group was joined for the first time. */
  readonly joined: Promise<void>;
  /** Finishes the signal at hand, leaves the group, and settles. */
  stop(): Promise<void>;
}

/**
 * Follows an organisation's topic: each signal's effect once, in the order of its key, with the offsets in the receiver's own store. Survives
 * its broker, rebalances, duplicates and records that are none; holds one fetch at a time, however slow the receiver is.
 */
export function followSignals<Tx>(options: FollowOptions<Tx>): Following {
  const kafka = kafkaClient(options);
  const backOff = options.backOff ?? exponentialBackOff(() => 0.5);
  const stopping = new AbortController();
  const { promise: joined, resolve: hasJoined } = Promise.withResolvers<undefined>();
  let failures = 0;

  /** One membership, until it ends or is stopped. Throws what ended it. */
  async function follow(consumer: Consumer): Promise<void> {
    const { promise: ended, reject, resolve } = Promise.withResolvers<undefined>();
    // A membership can end before anybody waits for its end.
    ended.catch(() => undefined);
    const take = taking(options, consumer, backOff, stopping.signal);
    consumer.on(consumer.events.GROUP_JOIN, () => {
      take.assigned();
      hasJoined(undefined);
    });
    consumer.on(consumer.events.FETCH, () => {
      failures = 0;
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error } }) => reject(error));
    const stop = () => resolve(undefined);
    stopping.signal.addEventListener('abort', stop);
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: options.topic, fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload: EachBatchPayload) => take.batch(payload),
      });
      await ended;
    } finally {
      stopping.signal.removeEventListener('abort', stop);
      take.end();
    }
  }

  const fetchBytes = options.fetchBytes ?? 1024 * 1024;
  const sessionTimeout = options.sessionTimeout ?? 30_000;
  async function keepFollowing(): Promise<void> {
    while (!stopping.signal.aborted) {
      const consumer = kafka.consumer({
        groupId: options.group,
        allowAutoTopicCreation: false,
        maxBytes: fetchBytes,
        maxBytesPerPartition: fetchBytes,
        maxWaitTimeInMs: options.idleWait ?? 500,
        sessionTimeout,
        heartbeatInterval: Math.floor(sessionTimeout / 10),
        rebalanceTimeout: sessionTimeout * 2,
        // One way back for every end: below, with the store asked anew.
        retry: { ...RETRY, restartOnFailure: async () => false },
      });
      try {
        await follow(consumer);
      } catch (error) {
        failures += 1;
        options.onTrouble?.({ code: troubleOf(error).code, failures });
        await wait(backOff(failures), undefined, { signal: stopping.signal }).catch(() => undefined);
      } finally {
        await consumer.disconnect().catch(() => undefined);
      }
    }
  }

  const done = keepFollowing();
  return {
    joined,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
}
