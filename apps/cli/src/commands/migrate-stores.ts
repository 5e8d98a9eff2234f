import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { copyTable, type Database, type StoreSchema } from '#database';
import { openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { copyIdentity, IDENTITY_STORE } from '#identity';
import { hubSecret, RECEIPTS_STORE, systemChance, systemClock, USED_IDS_STORE } from '#nest-platform';
import { KEYS_STORE, loadKek, moveKeys } from '#vault';

/** Where one machine keeps its stores, and where they go. */
export interface MigrateStoresOptions {
  readonly varDir: string;
  readonly keyFile: string;
  readonly keyBuckets: string;
  readonly databaseUrl: string;
}

/**
 * Moves what one machine keeps besides the log: keys, wrapped anew under bucket keys, with the ledger of erasures; identity; receipts; used ids.
 * Views, positions and signals are made again from the log. With the hub stopped; the same again changes nothing.
 */
export async function migrateStores(
  { varDir, keyFile, keyBuckets, databaseUrl }: MigrateStoresOptions,
  say: (line: string) => void,
): Promise<void> {
  const kek = hubSecret(loadKek(keyFile, { create: false, chance: systemChance }), 'key-encryption');
  mkdirSync(keyBuckets, { recursive: true, mode: 0o700 });
  const keys = await both(KEYS_STORE, join(varDir, 'keys.db'), databaseUrl);
  try {
    const { moved, unreadable } = await moveKeys({
      from: { database: keys.from, ledgerPath: `${keyFile}.erasures` },
      to: { database: keys.to, ledgerPath: join(keyBuckets, 'erasures.ledger'), buckets: keyBuckets },
      kek,
      chance: systemChance,
      clock: systemClock,
    });
    say(`keys: ${String(moved)} moved, ${String(unreadable)} unreadable before too`);
  } finally {
    await keys.close();
  }
  const at = (file: string): string => join(varDir, file);
  say(`identity: ${String(await copied(IDENTITY_STORE, at('identity.db'), databaseUrl, copyIdentity))} rows`);
  say(
    `receipts: ${String(await copied(RECEIPTS_STORE, at('receipts.db'), databaseUrl, wholeOf(RECEIPTS_STORE)))} rows`,
  );
  say(`used ids: ${String(await copied(USED_IDS_STORE, at('jti.db'), databaseUrl, wholeOf(USED_IDS_STORE)))} rows`);
}

type Copy = (from: Database, to: Database) => Promise<number>;

function wholeOf({ tables }: StoreSchema): Copy {
  return async (from, to) => {
    let rows = 0;
    for (const [name, table] of Object.entries(tables)) rows += await copyTable(from, to, name, table);
    return rows;
  };
}

async function copied(store: StoreSchema, path: string, url: string, copy: Copy): Promise<number> {
  const { from, to, close } = await both(store, path, url);
  try {
    return await copy(from, to);
  } finally {
    await close();
  }
}

async function both(store: StoreSchema, path: string, url: string) {
  const from = await openSqliteDatabase({ path, store });
  const to = await openPostgresDatabase({ url, store });
  const close = async (): Promise<void> => {
    await to.close();
    await from.close();
  };
  return { from, to, close };
}
