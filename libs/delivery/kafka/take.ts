import type { Consumer, EachBatchPayload, KafkaMessage } from 'kafkajs';
import type { BackOff } from '#event-log';
import type { FollowOptions } from './follow.ts';
import { readSignal } from './message.ts';
import type { NewLetter, Turn } from './offset-store.ts';
import { placeOf } from './place.ts';

/** What went wrong at a receiver: a code, where, and how often in a row. */
export interface FollowerTrouble {
  readonly code: string;
  readonly partition?: number;
  readonly offset?: number;
  readonly failures?: number;
  /** What the receiver's own handler or store threw. */
  readonly error?: unknown;
}

/** Takes batches for one membership in the group. */
export interface Taking {
  /** Partitions were given out anew: whatever was asked for is no longer on its way. */
  assigned(): void;
  batch(payload: EachBatchPayload): Promise<void>;
  /** No partition is taken up again by itself after this. */
  end(): void;
}

/** How often the broker hears of us while one signal takes long, as a part of the session. */
const BEATS = 10;

/** Batches as `followSignals` takes them, for as long as one membership lasts. Never throws what a handler or store threw: it holds the partition. */
export function taking<Tx>(
  options: FollowOptions<Tx>,
  consumer: Consumer,
  backOff: BackOff,
  stopping: AbortSignal,
): Taking {
  const { store, topic, onTrouble } = options;
  const beatEvery = Math.floor((options.sessionTimeout ?? 30_000) / BEATS);
  const sought = new Map<number, number>();
  const failures = new Map<number, number>();
  const held = new Set<NodeJS.Timeout>();

  /** Pauses a partition and takes it up again later; the others and the heartbeat go on, and nothing of it is fetched meanwhile. */
  function hold(payload: EachBatchPayload, code: string, offset: number, error: unknown): void {
    const { partition } = payload.batch;
    const times = (failures.get(partition) ?? 0) + 1;
    failures.set(partition, times);
    onTrouble?.({ code, partition, offset, failures: times, error });
    const resume = payload.pause();
    const timer = setTimeout(() => {
      held.delete(timer);
      resume();
    }, backOff(times));
    held.add(timer);
  }

  /** Where to begin in a batch; undefined where it is not to be taken. */
  async function begin({ batch }: EachBatchPayload): Promise<number | undefined> {
    const { partition } = batch;
    const [first, last] = [Number(batch.firstOffset()), Number(batch.lastOffset())];
    const place = placeOf({ first, last }, await store.next(partition), sought.get(partition));
    if (place.kind === 'seek') {
      sought.set(partition, place.to);
      consumer.seek({ topic, partition, offset: String(place.to) });
      return undefined;
    }
    if (place.kind === 'began-anew') await store.reset(partition);
    if (place.kind !== 'take') onTrouble?.({ code: place.kind, partition, offset: place.from });
    return place.from;
  }

  return {
    assigned: () => sought.clear(),
    end: () => {
      for (const timer of held) clearTimeout(timer);
    },
    async batch(payload) {
      const { batch } = payload;
      const beat = () => payload.heartbeat();
      let at = Number(batch.firstOffset());
      try {
        const from = await begin(payload);
        if (from === undefined) return;
        for (const message of batch.messages) {
          at = Number(message.offset);
          if (stopping.aborted || !payload.isRunning() || payload.isStale()) return;
          if (at >= from) await whileBeating(beat, beatEvery, () => handleOne(options, batch.partition, message));
          payload.resolveOffset(message.offset);
          failures.delete(batch.partition);
        }
      } catch (error) {
        // The group's own news, a rebalance above all, is the client's to act upon.
        if (error instanceof HeartLost) throw error.told;
        hold(payload, 'not-handled', at, error);
      }
    },
  };
}

/** Reads, drops what is known, handles or sets aside; its offset is stored with whatever came of it. */
async function handleOne<Tx>(
  { store, handle }: FollowOptions<Tx>,
  partition: number,
  message: KafkaMessage,
): Promise<void> {
  const offset = Number(message.offset);
  await store.transaction(partition, offset, async (turn: Turn<Tx>) => {
    const read = readSignal(message);
    if (!read.ok) return turn.setAside(letterOf(partition, message, read.error, false));
    if (!(await turn.first(read.value.id))) return;
    const answer = await handle(read.value, turn.tx);
    if (answer !== undefined) await turn.setAside(letterOf(partition, message, answer.setAside, true));
  });
}

function letterOf(partition: number, message: KafkaMessage, reason: string, noted: boolean): NewLetter {
  const { offset, key, value, headers = {} } = message;
  const pairs = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((each) => (each === undefined ? [] : [[name, Buffer.from(each)] as const])),
  );
  return { partition, offset: Number(offset), reason, noted, key, value, headers: pairs };
}

/** A heartbeat was refused, with what the broker told. */
class HeartLost extends Error {
  readonly told: Error;
  constructor(told: Error) {
    super('no heartbeat');
    this.told = told;
  }
}

/** Does a piece of work however long it takes, with a heartbeat now and then and one after it; a lost one is told after the work is done. */
async function whileBeating(heartbeat: () => Promise<void>, every: number, work: () => Promise<void>): Promise<void> {
  let lost: HeartLost | undefined;
  const beat = async () =>
    heartbeat().catch((told: unknown) => {
      lost ??= new HeartLost(told instanceof Error ? told : new Error('no heartbeat'));
    });
  const timer = setInterval(() => void beat(), every);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  await beat();
  if (lost !== undefined) throw lost;
}
