import { setTimeout as wait } from 'node:timers/promises';
import { exponentialBackOff, resuming, type BackOff } from '#event-log';
import { rebuild } from './rebuild.ts';
import type { View } from './view.ts';

/** How often a projector looks whether another process asked for a rebuild, in milliseconds. */
const LOOK_EVERY = 1_000;

/** What a projector is told. */
export interface RunOptions {
  readonly signal: AbortSignal;
  readonly backOff?: BackOff;
  readonly onDrop?: (error: unknown, drops: number) => void;
  /** Hears of a rebuild that was asked for and failed; the old generation goes on serving. */
  readonly onRebuildFailed?: (error: unknown) => void;
}

/** The view was built by a newer version of this program, which this one must not undo on its own; where a rebuild is asked for, it does. */
export class NewerGeneration extends Error {
  override readonly name = 'NewerGeneration';
}

/**
 * Stands in line to project the view. In its turn it rebuilds a view of an older version, then follows the log into it, and carries out the
 * rebuilds that any process asks for, until `signal` aborts. Throws `CheckpointMoved` where somebody else writes the same view, {@link NewerGeneration}.
 */
export async function runView(view: View, options: RunOptions): Promise<void> {
  await view.leadership.lead(`view:${view.name}`, options.signal, (turn) =>
    project(view, { ...options, signal: turn }),
  );
}

async function project(view: View, options: RunOptions): Promise<void> {
  const { signal } = options;
  await view.begin();
  const { version } = await view.live();
  const ours = view.definition.version;
  // Where several processes take turns, one of yesterday's release must not undo what one of today's has built.
  const newer = view.shared && version > ours;
  if (version !== ours && !newer) await rebuild(view, { elapsed, signal });
  const asked = rebuildsAskedFor(view, options);
  try {
    if (newer) throw new NewerGeneration(view.name);
    await follow(view, options);
  } finally {
    await asked.end();
  }
}

async function follow(view: View, { signal, onDrop, backOff }: RunOptions): Promise<void> {
  const batches = resuming({
    log: view.log,
    read: { families: view.definition.families, after: await view.checkpoint() },
    signal,
    backOff: backOff ?? exponentialBackOff(() => 0.5),
    sleep: (milliseconds) => wait(milliseconds, undefined, { signal }).catch(() => undefined),
    ...(onDrop === undefined ? {} : { onDrop }),
  });
  for await (const batch of batches) {
    if (batch.token === null) continue;
    await view.apply(batch.kind === 'events' ? batch.events : [], batch.token);
  }
}

/** Looks for requests beside the following, at least once; one that is under way is ended before the turn is, unless the turn is lost. */
function rebuildsAskedFor(view: View, { signal, onRebuildFailed }: RunOptions): { end(): Promise<void> } {
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const looking = (async () => {
    for (let look = 0; look === 0 || !stop.aborted; look++) {
      try {
        if (await view.rebuildAsked()) await answer(view, signal, onRebuildFailed);
      } catch (error) {
        onRebuildFailed?.(error);
      }
      await view.nudged(LOOK_EVERY, stop);
    }
  })();
  return {
    end: async () => {
      ending.abort();
      await looking;
    },
  };
}

async function answer(view: View, signal: AbortSignal, failed: RunOptions['onRebuildFailed']): Promise<void> {
  try {
    await rebuild(view, { elapsed, signal });
  } catch (error) {
    // Whoever has the next turn goes on with it.
    if (signal.aborted) return;
    failed?.(error);
  }
  await view.rebuildEnded();
}

const elapsed = (): number => performance.now();
