import { openPostgresDatabase } from '#database/postgres';
import { hubSecret, systemChance } from '#nest-platform';
import { giveUpLostBuckets, KEYS_STORE, loadKek } from '#vault';

/** Where the keys are that a restored database can't open any more. */
export interface LostKeysOptions {
  readonly databaseUrl: string;
  readonly keyFile: string;
  readonly keyBuckets: string;
}

/**
 * Gives up the keys whose bucket key is gone for good, so that a database restored from before an erasure opens again (docs/decisions/0033).
 * With every process stopped, and the right folder: what is given up nobody opens any more. Says how many keys.
 */
export async function giveUpLostKeys(
  { databaseUrl, keyFile, keyBuckets }: LostKeysOptions,
  say: (line: string) => void,
): Promise<void> {
  const kek = hubSecret(loadKek(keyFile, { create: false, chance: systemChance }), 'key-encryption');
  const database = await openPostgresDatabase({ url: databaseUrl, store: KEYS_STORE });
  try {
    const keys = await giveUpLostBuckets({ database, buckets: keyBuckets, kek, chance: systemChance });
    say(keys === 0 ? 'no key is lost' : `${String(keys)} keys given up`);
  } finally {
    await database.close();
  }
}
