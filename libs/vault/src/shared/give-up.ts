import type { Database } from '#database';
import type { Chance } from '#kernel';
import { localKeyEncryption, type KeyEncryption } from '../kek.ts';
import { BucketFiles } from './bucket-files.ts';
import { Buckets } from './buckets.ts';

/** Where keys and bucket keys are. */
export interface LostBuckets {
  readonly database: Database;
  readonly buckets: string;
  readonly kek: Uint8Array | KeyEncryption;
  readonly chance: Chance;
}

/**
 * Gives up the keys in buckets whose own key is gone for good, as it is after a restore of the database from before an erasure: nobody can open
 * them any more, and a vault does not open until they are given up. Only with every process stopped, and with the right folder. How many keys.
 */
export async function giveUpLostBuckets({ database, buckets: folder, kek, chance }: LostBuckets): Promise<number> {
  const encryption = kek instanceof Uint8Array ? localKeyEncryption(kek, chance) : kek;
  const buckets = new Buckets(database, new BucketFiles(folder, encryption, chance));
  let keys = 0;
  for (const { bucket, key } of await buckets.missing()) {
    keys += await database.transaction(async (session) => {
      if ((await buckets.lock(session, [bucket])).get(bucket)?.key !== key) return 0;
      const rows = await session.run('delete from keys where bucket = ?', bucket);
      await session.run('update bucket set key = null where id = ?', bucket);
      return rows;
    });
  }
  return keys;
}
