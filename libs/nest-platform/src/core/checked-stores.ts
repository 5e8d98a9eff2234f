import { storedVersion, versionOf, type Database, type StoreSchema } from '#database';
import { databaseCheck, migrationsCheck } from '../health/checks.ts';
import type { ReadinessCheck } from '../health/readiness.ts';
import type { Stores } from './stores.ts';

/** The same stores, and what readiness asks of every one that has been opened through them: that it answers, in the version this program works with. */
export function checkedStores(stores: Stores): {
  readonly stores: Stores;
  readonly checks: readonly ReadinessCheck[];
} {
  const opened: { readonly database: Database; readonly store: StoreSchema }[] = [];
  return {
    stores: {
      ...stores,
      open: async (store, file) => {
        const database = await stores.open(store, file);
        opened.push({ database, store });
        return database;
      },
    },
    checks: [
      databaseCheck(() => Promise.all(opened.map(({ database }) => database.get('select 1 as one')))),
      migrationsCheck(() =>
        Promise.all(
          opened.map(async ({ database, store }) => ({ is: await storedVersion(database), wants: versionOf(store) })),
        ),
      ),
    ],
  };
}
