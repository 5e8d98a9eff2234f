import { epochMs, parseInstant, type Clock, type Instant } from '#kernel';
import type { Family, StoredRecord } from '#contracts';
import type { EventLog, LogToken } from '#event-log';
import type { Metrics } from './metrics.ts';

/** A view as its numbers are read; `View` of `#projections` is one. */
export interface ProjectedView {
  readonly name: string;
  readonly definition: { readonly families: readonly Family[] };
  checkpoint(): LogToken | null | Promise<LogToken | null>;
  status(): Promise<{
    /** Null where the log cannot count. */
    readonly behind: number | null;
    readonly rebuild: {
      readonly generation: number;
      readonly done: number;
      readonly of: number;
      readonly state: 'running' | 'swapped' | 'failed';
    } | null;
  }>;
}

/** How far views are behind, and how far they are rebuilt, read when `/metrics` is asked for. */
export function watchProjections(
  metrics: Metrics,
  views: readonly ProjectedView[],
  { log, clock }: { readonly log: EventLog; readonly clock: Clock },
): void {
  const each = async <T>(read: (view: ProjectedView) => Promise<readonly T[]>): Promise<readonly T[]> =>
    (await Promise.all(views.map(read))).flat();
  metrics.read('tellonce_projection_lag_events', () =>
    each(async (view) => {
      const { behind } = await view.status();
      return behind === null ? [] : [{ labels: { projection: view.name }, value: behind }];
    }),
  );
  metrics.read('tellonce_projection_lag_seconds', () =>
    each(async (view) => [{ labels: { projection: view.name }, value: await lagSeconds(log, view, clock) }]),
  );
  metrics.read('tellonce_projection_rebuild_progress_ratio', () =>
    each(async (view) => {
      const { rebuild } = await view.status();
      if (rebuild === null) return [];
      const { generation, done, of, state } = rebuild;
      // The head goes on while a rebuild ends: one that serves is whole, whatever it last counted.
      const value = state === 'swapped' || of === 0 ? 1 : Math.min(1, done / of);
      return [{ labels: { projection: view.name, generation: String(generation) }, value }];
    }),
  );
}

/** Age in seconds of the oldest event of its families that a view has not read; 0 where it has read all. Rejects where the log can't be read. */
export async function lagSeconds(
  log: Pick<EventLog, 'head' | 'compare' | 'readAll'>,
  view: Pick<ProjectedView, 'definition' | 'checkpoint'>,
  clock: Clock,
): Promise<number> {
  const [after, head] = [await view.checkpoint(), await log.head()];
  if (head === null || (after !== null && log.compare(after, head) >= 0)) return 0;
  for await (const [first] of log.readAll({ families: view.definition.families, after, batch: 1 })) {
    if (first === undefined) continue;
    const recorded = recordedAt(first.data);
    return recorded === undefined ? 0 : Math.max(0, (epochMs(clock.now()) - epochMs(recorded)) / 1000);
  }
  return 0;
}

/** Undefined in a record that can't be read: the view will park it, and its age says nothing. */
function recordedAt(data: Uint8Array): Instant | undefined {
  try {
    const record = JSON.parse(Buffer.from(data).toString('utf8')) as Partial<StoredRecord>;
    return typeof record.recordedAt === 'string' ? parseInstant(record.recordedAt) : undefined;
  } catch {
    return undefined;
  }
}
