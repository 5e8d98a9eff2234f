import type { EventLog, LogToken, ReadAll, SubscriptionBatch } from './port.ts';

/** How long to wait after so many drops in a row, in milliseconds. */
export type BackOff = (drops: number) => number;

/** 100 ms, doubling to at most 10 s; `spread` in 0..1 varies it, so that readers do not come back all at once. */
export function exponentialBackOff(spread: () => number): BackOff {
  return (drops) => Math.min(100 * 2 ** Math.min(drops - 1, 10), 10_000) * (0.5 + spread() / 2);
}

/** A subscription that survives its server: dropped, it waits and starts again after the last token (habit 19). */
export async function* resuming(options: {
  readonly log: EventLog;
  readonly read: ReadAll;
  readonly signal: AbortSignal;
  readonly backOff: BackOff;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly onDrop?: (error: unknown, drops: number) => void;
}): AsyncGenerator<SubscriptionBatch, void, undefined> {
  const { log, read, signal } = options;
  let after: LogToken | null = read.after ?? null;
  let drops = 0;
  // Asked anew each time: it changes while a batch is awaited.
  const stopped = () => signal.aborted;
  while (!stopped()) {
    try {
      for await (const batch of log.subscribe({ ...read, after, signal })) {
        drops = 0;
        yield batch;
        after = batch.token ?? after;
      }
      if (stopped()) return;
      throw new Error('the subscription ended');
    } catch (error) {
      // Closed by us while it was being read.
      if (stopped()) return;
      drops += 1;
      options.onDrop?.(error, drops);
      await options.sleep(options.backOff(drops), signal);
    }
  }
}
