import { join } from 'node:path';
import type { Database } from '#database';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { temporaryFolder } from '#testing';
import { testDatabase } from '#testing/servers';
import { IDENTITY_STORE, openIdentity, type Identity, type IdentityOptions } from '../src/index.ts';

/** Where the tables of a test are; the same ones each time it opens. */
export interface Backend {
  open(options: Omit<IdentityOptions, 'database'>): Promise<Identity>;
  /** Files in which nothing of the erased may be; none on a server. */
  readonly files: readonly string[];
  /** Every row of every table, as text. */
  rows(): Promise<string>;
  remove(): Promise<void>;
}

/** Every database that identity is kept in. */
export const BACKENDS: readonly (readonly [string, () => Promise<Backend>])[] = [
  [
    'SQLite',
    async () => {
      const folder = temporaryFolder();
      const path = join(folder.path, 'identity.db');
      return {
        open: (options) => openIdentity({ ...options, path }),
        files: [path, `${path}-wal`],
        rows: () => allRows(() => openSqliteDatabase({ path, store: IDENTITY_STORE })),
        remove: async () => folder.remove(),
      };
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const { url, remove } = await testDatabase();
      await migrateDatabase(url, [IDENTITY_STORE]);
      return {
        open: (options) => openOn(url, options),
        files: [],
        rows: () => rowsOn(url),
        remove,
      };
    },
  ],
];

/** Every row of every table on a server, as text. */
export function rowsOn(url: string): Promise<string> {
  return allRows(() => openPostgresDatabase({ url, store: IDENTITY_STORE }));
}

async function allRows(open: () => Promise<Database>): Promise<string> {
  const database = await open();
  const tables = [...Object.keys(IDENTITY_STORE.tables), 'child_stream'];
  const rows = await Promise.all(tables.map((table) => database.all(`select * from ${table}`)));
  await database.close();
  return JSON.stringify(rows);
}

/** A process of its own on a server's tables: with its own connections, and its own memory. */
export async function openOn(url: string, options: Omit<IdentityOptions, 'database'>): Promise<Identity> {
  const database = await openPostgresDatabase({ url, store: IDENTITY_STORE });
  const identity = await openIdentity({ ...options, database }).catch(async (error: unknown) => {
    await database.close();
    throw error;
  });
  const close = identity.close.bind(identity);
  identity.close = async () => {
    await close();
    await database.close();
  };
  return identity;
}
