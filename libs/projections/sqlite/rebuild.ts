import { setImmediate as breathe } from 'node:timers/promises';
import type { Generation } from './generation.ts';
import type { RebuildProgress } from './progress.ts';
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
 * Builds a generation beside the live one, which goes on serving, and swaps. Killed or aborted, the next call continues it; failed,
 * it says so in the view's status and throws. Throws {@link UnexplainedLoss} or {@link RebuildRunning}.
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
  const clock = new Pace(view, options.elapsed);
  const tell = (progress: RebuildProgress): RebuildProgress => {
    view.report(progress);
    options.onProgress?.(progress);
    return progress;
  };
  try {
    await load(view, options, async () => void tell(await clock.progress('running')));
    await view.finish();
    await load(view, options, async () => void tell(await clock.progress('running')));
    const counts = { before: view.live.counts(), after: view.beside().counts() };
    if (options.evenIfFewer !== true) refuseLoss(view.live, view.beside(), counts);
    const progress = await clock.progress('swapped');
    // A copy behind the live generation would take back what somebody has read: looked at and swapped in one turn.
    while (isBehind(view, view.beside())) await load(view, options, async () => undefined);
    view.swap();
    return tell({ ...progress, counts });
  } catch (error) {
    if (options.signal?.aborted === true) view.beside().save();
    tell({ ...(await clock.progress('failed')), reason: codeOf(error) });
    if (error instanceof UnexplainedLoss) view.discard();
    throw error;
  }
}

/** Reads on until the new generation is where the live one is, or later. */
async function load(view: View, { signal }: RebuildOptions, told: () => Promise<void>): Promise<void> {
  const [next, { families }] = [view.beside(), view.definition];
  do {
    // Everything up to here is in the log before the reading begins, so it is read when that ends.
    const target = view.checkpoint();
    let again = false;
    for await (const events of view.log.readAll({ families, after: next.checkpoint, batch: BATCH })) {
      signal?.throwIfAborted();
      const last = events.at(-1);
      if (last === undefined) continue;
      await next.apply(view.log, events, last.token);
      await told();
      await breathe();
      // A row was refused: what had been written since the last save is read again, more carefully.
      again = next.checkpoint !== last.token;
      if (again) break;
    }
    // The live checkpoint may stand past the last event of these families.
    if (!again && target !== null) await next.apply(view.log, [], target);
  } while (isBehind(view, next));
}

function isBehind(view: View, next: Generation): boolean {
  const live = view.checkpoint();
  return live !== null && (next.checkpoint === null || view.log.compare(next.checkpoint, live) < 0);
}

/** Each row that is missing must have a destroyed key, an erased record or a parked event to its name. */
function refuseLoss(live: Generation, next: Generation, { before, after }: NonNullable<RebuildProgress['counts']>) {
  const explained = next.gone + Math.max(0, next.parked - live.parked);
  const short = Object.keys(after).filter((table) => (before[table] ?? 0) - (after[table] ?? 0) > explained);
  if (short.length > 0) throw new UnexplainedLoss(short);
}

/** A code, never a message: a message may quote what was read. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code: unknown = 'code' in error ? error.code : error.name;
  return typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(code) ? code : error.name;
}

/** Where a rebuild is and how fast. */
class Pace {
  readonly #view: View;
  readonly #elapsed: () => number;
  readonly #began: number;
  readonly #first: number;

  constructor(view: View, elapsed: () => number) {
    this.#view = view;
    this.#elapsed = elapsed;
    this.#began = elapsed();
    this.#first = this.#done();
  }

  async progress(state: RebuildProgress['state']): Promise<RebuildProgress> {
    const { log } = this.#view;
    const next = this.#view.beside();
    const done = this.#done();
    const head = await log.head();
    const of = Math.max(done, log.distance?.(null, head) ?? this.#view.live.events);
    const perSecond = ((done - this.#first) * 1000) / Math.max(1, this.#elapsed() - this.#began);
    return {
      generation: next.number,
      done,
      of,
      perSecond: Math.round(perSecond),
      secondsLeft: perSecond === 0 ? null : Math.ceil((of - done) / perSecond),
      parked: next.parked,
      state,
    };
  }
  #done(): number {
    const next = this.#view.beside();
    return this.#view.log.distance?.(null, next.checkpoint) ?? next.events;
  }
}
