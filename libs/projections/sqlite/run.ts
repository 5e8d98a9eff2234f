import { setTimeout as wait } from 'node:timers/promises';
import { exponentialBackOff, resuming, type BackOff } from '#event-log';
import { rebuild } from './rebuild.ts';
import type { View } from './view.ts';

/** Rebuilds a view of an older version, then follows the log into the view until `signal` aborts; throws `CheckpointMoved` where somebody else writes the same view. */
export async function runView(
  view: View,
  options: {
    readonly signal: AbortSignal;
    readonly backOff?: BackOff;
    readonly onDrop?: (error: unknown, drops: number) => void;
  },
): Promise<void> {
  const { signal, onDrop } = options;
  if (view.stale) await rebuild(view, { elapsed: () => performance.now(), signal });
  const batches = resuming({
    log: view.log,
    read: { families: view.definition.families, after: view.checkpoint() },
    signal,
    backOff: options.backOff ?? exponentialBackOff(() => 0.5),
    sleep: (milliseconds) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
    ...(onDrop === undefined ? {} : { onDrop }),
  });
  for await (const batch of batches) {
    if (batch.token === null) continue;
    await view.live.apply(view.log, batch.kind === 'events' ? batch.events : [], batch.token);
  }
}
