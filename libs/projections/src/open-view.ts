import { alone, type Leadership } from '#database';
import { openPostgresDatabase } from '#database/postgres';
import type { EventLog } from '#event-log';
import { PostgresViewStore, VIEWS_STORE } from '../postgres/index.ts';
import { SqliteViewStore } from '../sqlite/index.ts';
import type { ProjectContext, ViewDefinition } from './definition.ts';
import { View } from './view.ts';

/** Where views are kept: files of one process, or a server that processes share and on which they take turns to project. */
export type ViewPlace =
  | { readonly kind: 'sqlite'; readonly dir: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      readonly leadership: Leadership;
      /** Most connections for the queries of a view (default 3). */
      readonly most?: number;
    };

/** What a view is opened with. `keyAlive` comes from the vault; without it every key counts as alive. */
export interface OpenView {
  readonly definition: ViewDefinition;
  readonly log: EventLog;
  readonly where: ViewPlace;
  readonly context?: ProjectContext;
  /** Milliseconds for which a generation that was replaced goes on answering whoever took it before (default 2,000). */
  readonly grace?: number;
}

/** Opens the live generation, or makes the first; `runView` projects into it. Rejects with `SchemaNotCurrent` where the server was not migrated, `DatabaseUnavailable`. */
export async function openView({ definition, log, where, context, grace = 2_000 }: OpenView): Promise<View> {
  const rest = { definition, log, context: context ?? { keyAlive: () => true } };
  if (where.kind === 'sqlite') {
    const store = new SqliteViewStore(definition, { dir: where.dir, grace });
    return new View({ ...rest, store, leadership: alone });
  }
  const { url, leadership, most } = where;
  await (await openPostgresDatabase({ url, store: VIEWS_STORE, most: 1 })).close();
  const store = new PostgresViewStore(definition, { url, grace, ...(most === undefined ? {} : { most }) });
  try {
    await store.prepare();
  } catch (error) {
    await store.close();
    throw error;
  }
  return new View({ ...rest, store, leadership });
}
