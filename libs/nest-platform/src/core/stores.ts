import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { alone, type Database, type Leadership, type StoreSchema } from '#database';
import { openPostgresDatabase, postgresLeadership } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import type { ViewPlace } from '#projections';

/** Where a process keeps what is not the log: files of its own, or a server that it shares with others. */
export interface Stores {
  readonly kind: 'sqlite' | 'postgres';
  /** Closed by {@link Stores.close}. `file`: its name in the folder, where it is one. */
  open(store: StoreSchema, file: string): Promise<Database>;
  /** Where views are kept. */
  readonly views: ViewPlace;
  /** Turns for what only one process may do at a time. */
  readonly leadership: Leadership;
  close(): Promise<void>;
}

/** `databaseUrl`: the server; files in `varDir` unless given. */
export function openStores({
  varDir,
  databaseUrl,
}: {
  readonly varDir: string;
  readonly databaseUrl?: string;
}): Stores {
  // What is made from the log again, such as the tree, lies here anyway.
  mkdirSync(varDir, { recursive: true });
  const opened: Database[] = [];
  const kept = async (opening: Promise<Database>): Promise<Database> => {
    const database = await opening;
    opened.push(database);
    return database;
  };
  const closeAll = async (): Promise<void> => {
    for (const database of opened.reverse()) await database.close();
  };
  if (databaseUrl === undefined) {
    return {
      kind: 'sqlite',
      open: (store, file) => kept(openSqliteDatabase({ path: join(varDir, file), store })),
      views: { kind: 'sqlite', dir: join(varDir, 'views') },
      leadership: alone,
      close: closeAll,
    };
  }
  const leadership = postgresLeadership(databaseUrl);
  return {
    kind: 'postgres',
    open: (store) => kept(openPostgresDatabase({ url: databaseUrl, store })),
    views: { kind: 'postgres', url: databaseUrl, leadership },
    leadership,
    close: async () => {
      await closeAll();
      await leadership.close();
    },
  };
}
