import { setImmediate as breathe } from 'node:timers/promises';
import type { View } from './view.ts';

/** How far a rebuild is. `head` counts events of the view's families; null where nobody has counted them. */
export interface RebuildProgress {
  readonly generation: number;
  readonly position: number;
  readonly head: number | null;
  readonly eventsPerSecond: number;
  readonly etaSeconds: number | null;
  readonly parked: number;
  readonly counts?: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
  };
}

/** Builds a generation beside the live one, which goes on serving, and swaps. Killed, the next call continues it. */
export async function rebuild(
  view: View,
  options: {
    /** Monotonic milliseconds. */
    readonly elapsed: () => number;
    /** Events of the families in the log, where known. */
    readonly head?: number;
    readonly onProgress?: (progress: RebuildProgress) => void;
    readonly signal?: AbortSignal;
  },
): Promise<RebuildProgress> {
  const next = view.beside();
  const { families } = view.definition;
  const [began, first] = [options.elapsed(), next.events];
  // A copy behind the live generation would take back what somebody has already read: the loop ends at its checkpoint or later.
  for (;;) {
    for await (const events of view.log.readAll({ families, after: next.checkpoint, batch: 2000 })) {
      options.signal?.throwIfAborted();
      const last = events.at(-1);
      if (last === undefined) continue;
      next.apply(view.log, events, last.token);
      const progress = progressNow();
      view.report(progress);
      options.onProgress?.(progress);
      await breathe();
    }
    const live = view.checkpoint();
    if (live === null || (next.checkpoint !== null && view.log.compare(next.checkpoint, live) >= 0)) break;
    // The live checkpoint may stand past the last event of these families.
    next.apply(view.log, [], live);
  }
  const done = { ...progressNow(), counts: { before: view.live.counts(), after: next.counts() } };
  await view.swap();
  view.report(null);
  return done;

  function progressNow(): RebuildProgress {
    const seconds = Math.max(1, options.elapsed() - began) / 1000;
    const rate = (next.events - first) / seconds;
    const head = options.head ?? (view.live.events > 0 ? Math.max(view.live.events, next.events) : null);
    return {
      generation: next.number,
      position: next.events,
      head,
      eventsPerSecond: Math.round(rate),
      etaSeconds: head === null || rate === 0 ? null : Math.ceil((head - next.events) / rate),
      parked: next.parked,
    };
  }
}
