import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase, postgresLeadership } from '#database/postgres';
import { VIEWS_STORE, type ViewPlace } from '#projections';
import { testDatabase } from './postgres.ts';

/** Where a spec's views are kept, empty at first. */
export interface TestViews {
  readonly kind: ViewPlace['kind'];
  readonly where: ViewPlace;
  /** After its views are closed. */
  remove(): Promise<void>;
}

/** What every view's specs run on, for `describe.each`. */
export const viewBackends: readonly (readonly [string, () => Promise<TestViews>])[] = [
  ['SQLite', sqliteViews],
  ['PostgreSQL', postgresViews],
];

/** A folder of its own. */
export async function sqliteViews(): Promise<TestViews & { readonly dir: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'views-'));
  return {
    kind: 'sqlite',
    where: { kind: 'sqlite', dir },
    dir,
    remove: async () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A database of its own on the server of the run. */
export async function postgresViews(): Promise<TestViews & { readonly url: string }> {
  const { url, remove } = await testDatabase();
  await migrateDatabase(url, [VIEWS_STORE]);
  const leadership = postgresLeadership(url);
  return {
    kind: 'postgres',
    where: { kind: 'postgres', url, leadership },
    url,
    remove: async () => {
      await leadership.close();
      await remove();
    },
  };
}
