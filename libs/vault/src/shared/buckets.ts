import type { Database, SqlSession } from '#database';
import { KekUnusable, type Wrapping } from '../kek.ts';
import { groupsOf, marks } from '../key-rows.ts';
import type { BucketFiles, BucketKey } from './bucket-files.ts';

/**
 * Which key each bucket has now stands in the database; the keys themselves in files. Whoever adds to a bucket shares its row until the end of
 * the transaction, whoever rolls it has it alone: so nothing is wrapped under a key that is on its way out.
 */
export class Buckets {
  readonly #database: Database;
  readonly #files: BucketFiles;
  readonly #open = new Map<string, Wrapping>();
  /** Buckets that have had a key: once there is one, there is always one. */
  readonly #made = new Set<number>();

  constructor(database: Database, files: BucketFiles) {
    this.#database = database;
    this.#files = files;
  }

  /** The keys of these buckets, all of which have one, kept from being rolled until the transaction ends. */
  async share(session: SqlSession, buckets: readonly number[]): Promise<ReadonlyMap<number, BucketKey>> {
    return currentKeys(session, buckets, ' for share');
  }

  /** The keys of those of these buckets that have one, for the transaction alone. */
  async lock(session: SqlSession, buckets: readonly number[]): Promise<ReadonlyMap<number, BucketKey>> {
    return currentKeys(session, buckets, ' for update');
  }

  /** Gives a key to those that never had one. */
  async makeMissing(buckets: readonly number[]): Promise<void> {
    const unsure = buckets.filter((bucket) => !this.#made.has(bucket));
    if (unsure.length === 0) return;
    const there = await currentKeys(this.#database, unsure, '');
    const missing = unsure.filter((bucket) => !there.has(bucket));
    if (missing.length > 0) {
      await this.#database.transaction(async (session) => {
        const now = await this.lock(session, missing);
        for (const bucket of missing) if (!now.has(bucket)) await this.change(session, this.#files.make(bucket));
      });
    }
    for (const bucket of unsure) this.#made.add(bucket);
  }

  /** A new key, durable and not yet the bucket's. */
  make(bucket: number): BucketKey {
    return this.#files.make(bucket);
  }

  /** From the end of the transaction on, the bucket's key. */
  async change(session: SqlSession, { bucket, key }: BucketKey): Promise<void> {
    await session.run('update bucket set key = ? where id = ?', key, bucket);
  }

  /** What wraps under a key; undefined where its file is gone, as after a roll. */
  wrapping(key: BucketKey): Wrapping | undefined {
    let wrapping = this.#open.get(key.key);
    if (wrapping === undefined) {
      wrapping = this.#files.read(key);
      if (wrapping !== undefined) this.#open.set(key.key, wrapping);
    }
    return wrapping;
  }

  /** The same of a bucket's key of now. Throws `KekUnusable` (KEK_BUCKETS) where its file is gone. */
  mustWrap(key: BucketKey): Wrapping {
    const wrapping = this.wrapping(key);
    if (wrapping === undefined) throw lost([key]);
    return wrapping;
  }

  /** Keeps no key in memory that may have been rolled. */
  forget(): void {
    this.#open.clear();
  }

  /** Current keys whose files are not there. */
  async missing(): Promise<readonly BucketKey[]> {
    const listed = new Set(this.#files.list().map(({ key }) => key));
    const rows = await this.#database.all('select id, key from bucket where key is not null order by id');
    const suspects = rows.map(keyOf).filter(({ key }) => !listed.has(key));
    if (suspects.length === 0) return [];
    // One that was rolled since it was listed has a new one.
    const ids = suspects.map(({ bucket }) => bucket);
    const now = await currentKeys(this.#database, ids, '');
    const there = new Set(this.#files.list().map(({ key }) => key));
    return [...now.values()].filter(({ key }) => !there.has(key));
  }

  /**
   * Destroys the files of keys that are no bucket's: those that were rolled, and those of rolls that came to nothing. Of all buckets, or of these.
   */
  async sweep(buckets?: ReadonlySet<number>): Promise<void> {
    const listed = this.#files.list().filter(({ bucket }) => buckets?.has(bucket) !== false);
    const present = Map.groupBy(listed, ({ bucket }) => bucket);
    const now = await currentKeys(this.#database, [...present.keys()], '');
    for (const [bucket, files] of present) {
      if (files.every(({ key }) => key === now.get(bucket)?.key)) continue;
      await this.#database.transaction(async (session) => {
        const current = (await this.lock(session, [bucket])).get(bucket);
        for (const file of files) {
          if (file.key === current?.key) continue;
          this.#files.destroy(file);
          this.#open.delete(file.key);
        }
      });
    }
  }
}

/** The error for keys that nobody can read any more. */
export function lost(keys: readonly BucketKey[]): KekUnusable {
  const buckets = keys.map(({ bucket }) => bucket).join(', ');
  return new KekUnusable(
    'KEK_BUCKETS',
    `the folder of bucket keys lacks those of buckets ${buckets}: another folder, or a database from before an erasure`,
  );
}

async function currentKeys(
  session: SqlSession,
  buckets: readonly number[],
  lock: '' | ' for share' | ' for update',
): Promise<ReadonlyMap<number, BucketKey>> {
  const found = new Map<number, BucketKey>();
  // In order, so that two who lock several never wait for each other.
  for (const group of groupsOf(buckets.toSorted((a, b) => a - b))) {
    const text = `select id, key from bucket where id in (${marks(group)}) order by id${lock}`;
    for (const row of await session.all(text, ...group)) {
      if (row['key'] !== null) found.set(Number(row['id']), keyOf(row));
    }
  }
  return found;
}

function keyOf(row: Readonly<Record<string, unknown>>): BucketKey {
  return { bucket: Number(row['id']), key: String(row['key']) };
}
