import { setImmediate as breathe } from 'node:timers/promises';
import { Pace } from './pace.ts';
import type { RebuildProgress } from './progress.ts';
import type { Generation } from './store.ts';
import type { View } from './view.ts';

/** The new generation has fewer rows than the live one, and neither destroyed keys nor parked events explain it. The old one goes on serving. */
export class UnexplainedLoss extends Error {
  override readonly name = 'UnexplainedLoss';
  readonly code = 'UNEXPLAINED_LOSS';
  readonly tables: readonly string[];
  constructor(tables: readonly string[]) {
    super(`fewer rows in ${tables.join(', ')}`);
    this.tables = tables;
  }
}

/** This view is being rebuilt already; that goes on. */
export class RebuildRunning extends Error {
  override readonly name = 'RebuildRunning';
}

/** What a rebuild is told. */
export interface RebuildOptions {
  /** Monotonic milliseconds. */
  readonly elapsed: () => number;
  readonly onProgress?: (progress: RebuildProgress) => void;
  readonly signal?: AbortSignal;
  /** Swap even where rows are missing: for a definition that keeps fewer. */
  readonly evenIfFewer?: boolean;
}

/** So many events are read and written between two turns of the event loop: requests are served meanwhile. */
const BATCH = 500;

/**
 * Builds a generation beside the live one, which goes on serving, and swaps. For whoever projects the view: {@link runView} calls it in its
 * turn. Killed or aborted, the next call continues it; failed, it says so in the view's status and throws. Throws {@link UnexplainedLoss} or {@link RebuildRunning}.
 */
export async function rebuild(view: View, options: RebuildOptions): Promise<RebuildProgress> {
  if (building.has(view)) throw new RebuildRunning('rebuild-running');
  building.add(view);
  try {
    return await build(view, options);
  } finally {
    building.delete(view);
  }
}

const building = new WeakSet<View>();

async function build(view: View, options: RebuildOptions): Promise<RebuildProgress> {
  const next = await view.beside();
  const pace = new Pace(view, next, options.elapsed);
  const tell = async (progress: RebuildProgress): Promise<RebuildProgress> => {
    await view.report(progress, options.elapsed());
    options.onProgress?.(progress);
    return progress;
  };
  const running = async (): Promise<void> => {
    await tell(await pace.progress('running'));
  };
  try {
    await load(view, next, options, running);
    await next.finish();
    await load(view, next, options, running);
    const live = await view.live();
    const counts = { before: await live.counts(), after: await next.counts() };
    if (options.evenIfFewer !== true) await refuseLoss(live, next, counts);
    const progress = await pace.progress('swapped');
    while (!(await view.swap())) await load(view, next, options, async () => undefined);
    return await tell({ ...progress, counts });
  } catch (error) {
    if (options.signal?.aborted === true) {
      await next.save();
      throw error;
    }
    await tell({ ...(await pace.progress('failed')), reason: codeOf(error) });
    if (error instanceof UnexplainedLoss) await view.discard();
    throw error;
  }
}

/** Reads on until the new generation is where the live one is, or later. */
async function load(view: View, next: Generation, { signal }: RebuildOptions, told: () => Promise<void>) {
  const { families } = view.definition;
  for (let behind = true; behind;) {
    // Everything up to here is in the log before the reading begins, so it is read when that ends.
    const target = await view.checkpoint();
    let again = false;
    for await (const events of view.log.readAll({ families, after: next.checkpoint, batch: BATCH })) {
      signal?.throwIfAborted();
      const last = events.at(-1);
      if (last === undefined) continue;
      await view.load(next, events, last.token);
      await told();
      await breathe();
      // A row was refused: what had been written since the last save is read again, more carefully.
      again = next.checkpoint !== last.token;
      if (again) break;
    }
    // The live checkpoint may stand past the last event of these families.
    if (!again && target !== null) await view.load(next, [], target);
    behind = isBehind(view, await view.checkpoint(), next);
  }
}

function isBehind(view: View, live: Awaited<ReturnType<View['checkpoint']>>, next: Generation): boolean {
  return live !== null && (next.checkpoint === null || view.log.compare(next.checkpoint, live) < 0);
}

/** Each row that is missing must have a destroyed key, an erased record or a parked event to its name. */
async function refuseLoss(
  live: Generation,
  next: Generation,
  { before, after }: NonNullable<RebuildProgress['counts']>,
): Promise<void> {
  const explained = (await next.gone()) + Math.max(0, (await next.parked()) - (await live.parked()));
  const short = Object.keys(after).filter((table) => (before[table] ?? 0) - (after[table] ?? 0) > explained);
  if (short.length > 0) throw new UnexplainedLoss(short);
}

/** A code, never a message: a message may quote what was read. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = 'code' in error ? error.code : error.name;
  return typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(code) ? code : error.name;
}
