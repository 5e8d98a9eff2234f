import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database, StoreSchema } from '#database';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { testDatabase } from './postgres.ts';

/** Where a spec's store is kept, empty at first. */
export interface TestStore {
  /** As a process that starts; whoever opens closes. */
  open(): Promise<Database>;
  /** After its databases are closed. */
  remove(): Promise<void>;
}

/** What the specs of a store run on, for `describe.each`. */
export function storeBackends(
  store: StoreSchema,
): readonly (readonly [name: string, begin: () => Promise<TestStore>])[] {
  return [
    [
      'SQLite',
      async () => {
        const folder = mkdtempSync(join(tmpdir(), 'store-'));
        return {
          open: () => openSqliteDatabase({ path: join(folder, `${store.name}.db`), store }),
          remove: async () => rmSync(folder, { recursive: true }),
        };
      },
    ],
    [
      'PostgreSQL',
      async () => {
        const { url, remove } = await testDatabase();
        await migrateDatabase(url, [store]);
        return { open: () => openPostgresDatabase({ url, store }), remove };
      },
    ],
  ];
}
