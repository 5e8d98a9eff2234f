import { setTimeout as wait } from 'node:timers/promises';
import type { EventLog } from '#event-log';
import { openEventStoreLog } from '#event-log/eventstoredb';
import { openSqliteLog } from '#event-log/sqlite';
import type { CatchUp, CatchUpOptions, MemorySample } from './catch-up.ts';

/** The reader that `caughtUp` starts: one argument, its options as JSON; prints what it came to as one line of JSON. */
const options = JSON.parse(process.argv[2] ?? '') as CatchUpOptions;
const BATCH = 500;
const SHARES = [0.1, 0.5, 1];

function sample(share: number): MemorySample {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers, rss } = process.memoryUsage();
  return { share, held: (heapUsed + arrayBuffers) / 2 ** 20, rss: rss / 2 ** 20 };
}

/** Reads so many events from the start, and answers how many a second, from the first batch on: what opens the subscription is not counted. */
async function read(log: EventLog, most: number, each: (seen: number) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  let [began, first, seen] = [0, 0, 0];
  for await (const batch of log.subscribe({ families: ['fact'], batch: BATCH, signal: stop.signal })) {
    if (batch.kind === 'events') seen += batch.events.length;
    if (first === 0) [began, first] = [performance.now(), seen];
    await each(seen);
    if (seen >= most || batch.kind === 'caught-up') stop.abort();
  }
  if (seen < most) throw new Error('not everything was read');
  return ((seen - first) / (performance.now() - began)) * 1_000;
}

const { backend, at, events } = options;
const log = backend === 'sqlite' ? await openSqliteLog({ path: at }) : await openEventStoreLog({ url: at });
const eager = await read(log, Math.min(events, Math.max(events / 10, 4 * BATCH)), async () => undefined);
const pause = options.pause ?? (BATCH / eager) * 1_000;
const samples: MemorySample[] = [];
const slow = await read(log, events, async (seen) => {
  const share = SHARES[samples.length];
  if (share !== undefined && seen >= share * events) samples.push(sample(share));
  await wait(pause);
});
await log.close();
process.stdout.write(JSON.stringify({ eager, slow, samples } satisfies CatchUp));
