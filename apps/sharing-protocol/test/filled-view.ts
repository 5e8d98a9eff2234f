import { encodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { toInstant, type OrganisationId } from '#kernel';
import { openView, rebuild, type View, type ViewDefinition } from '#projections';
import type { TestViews } from '#testing/servers';

/** Something that happened, for a view to read. */
export interface Happened {
  readonly stream: string;
  readonly type: string;
  readonly data: object;
  /** Who said so (default `hub`). */
  readonly by?: string;
  /** When it was recorded, unless a minute after the one before. */
  readonly at?: string;
}

/** A log of these events and a view that has read all of them. */
export interface FilledView {
  readonly view: View;
  readonly log: EventLog;
  close(): Promise<void>;
}

let views = 0;

/** Fills a view of its own name beside the others of the place. The first event is recorded at nine on 1 March 2026. */
export async function filledView(
  { where }: Pick<TestViews, 'where'>,
  definition: ViewDefinition,
  events: readonly Happened[],
): Promise<FilledView> {
  const log = await openSqliteLog({ path: ':memory:' });
  const revisions = new Map<string, number>();
  for (const [minute, { stream, type, data, by, at }] of events.entries()) {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const recordedAt = toInstant(at === undefined ? Date.UTC(2026, 2, 1, 9, minute) : Date.parse(at));
    const about = { format: 1, stream, revision, type, recordedAt, correlationId: 'c' } as const;
    const record = encodeRecord({ ...about, by: (by ?? 'hub') as OrganisationId, data });
    await log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
  }
  const own = { ...definition, name: `${definition.name}-${String((views += 1))}` };
  const view = await openView({ definition: own, where, log });
  await rebuild(view, { elapsed: () => 1 });
  return {
    view,
    log,
    close: async () => {
      await view.close();
      await log.close();
    },
  };
}
