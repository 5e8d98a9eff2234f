import type { SqlSession } from '#database';
import type { Wrapping } from '../kek.ts';
import { boundOf, deleteRows, groupsOf, rowOf, type KeyRow } from '../key-rows.ts';
import type { BucketKey } from './bucket-files.ts';
import type { Buckets } from './buckets.ts';

/** So many rows at a time. */
const PAGE = 256;

/**
 * Gives a bucket that the transaction has locked a new key: wraps every row anew but those that are destroyed, and deletes those. The old key's
 * file is still there when this answers; once the transaction is committed, `sweep` destroys it, and with it what dead rows and logs of the
 * database hold. A new key is made each time it is tried: rows of an earlier try, some of them to be destroyed by now, lie under that one's.
 */
export async function rollBucket(
  session: SqlSession,
  buckets: Buckets,
  old: BucketKey,
  destroyed: readonly string[],
): Promise<void> {
  const gone = new Set(destroyed);
  const next = buckets.make(old.bucket);
  const [from, to] = [buckets.mustWrap(old), buckets.mustWrap(next)];
  for (let after = ''; ;) {
    const rows = await session.all(
      `select * from keys where bucket = ? and id > ? order by id limit ${PAGE}`,
      old.bucket,
      after,
    );
    const page = rows.map(rowOf);
    const last = page.at(-1);
    if (last === undefined) break;
    await wrapAnew(
      session,
      next,
      page.filter(({ id }) => !gone.has(id)),
      (row) => wrapped(row, from, to),
    );
    after = last.id;
  }
  await deleteRows(session, destroyed);
  await buckets.change(session, next);
}

/** A row that was changed stays as it is: it did not open before, and does not open under the new key. */
function wrapped(row: KeyRow, from: Wrapping, to: Wrapping): Uint8Array {
  let plain: Uint8Array;
  try {
    plain = from.unwrap(row.wrapped, boundOf(row));
  } catch {
    return row.wrapped;
  }
  const again = to.wrap(plain, boundOf(row));
  plain.fill(0);
  return again;
}

async function wrapAnew(
  session: SqlSession,
  { key }: BucketKey,
  rows: readonly KeyRow[],
  wrap: (row: KeyRow) => Uint8Array,
): Promise<void> {
  for (const group of groupsOf(rows.map((row) => ({ id: row.id, bytes: wrap(row) })))) {
    const values = group.map(() => '(?::text, ?::bytea)').join(', ');
    await session.run(
      `update keys set wrapped = v.wrapped, bucket_key = ? from (values ${values}) as v (id, wrapped) where keys.id = v.id`,
      key,
      ...group.flatMap(({ id, bytes }) => [id, bytes]),
    );
  }
}
