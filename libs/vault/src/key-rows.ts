import type { SqlRow, SqlSession } from '#database';
import { canonicalBytes } from '#kernel';

/** A key at rest. Who and what it is for stands in the clear nowhere: hashes to find it, words inside `wrapped`. */
export interface KeyRow {
  readonly id: string;
  /** Keyed hash of the owner. */
  readonly owner: string;
  /** Keyed hash of owner and compartment. */
  readonly slot: string;
  readonly version: number;
  readonly wrapped: Uint8Array;
  /** Which key of which bucket it is wrapped under; absent where the key-encryption key itself wraps. */
  readonly under?: { readonly bucket: number; readonly key: string };
}

/** STORAGE FORMAT: what the wrapped bytes of a row are bound to. */
export function boundOf({ id, owner, slot, version }: Omit<KeyRow, 'wrapped' | 'under'>): Uint8Array {
  return canonicalBytes({ id, owner, slot, version });
}

/** Most rows that one statement asks for or writes. */
const AT_ONCE = 256;

/** The rows whose column has one of the values, by id. */
export async function rowsBy(
  session: SqlSession,
  column: 'id' | 'owner' | 'slot',
  values: readonly string[],
): Promise<readonly KeyRow[]> {
  const found: KeyRow[] = [];
  for (const group of groupsOf(values)) {
    const text = `select * from keys where ${column} in (${marks(group)}) order by id`;
    for (const row of await session.all(text, ...group)) found.push(rowOf(row));
  }
  return found;
}

/** Keeps rows; where another was first at a slot, it stays. How many were kept. */
export async function insertRows(session: SqlSession, rows: readonly KeyRow[]): Promise<number> {
  let kept = 0;
  for (let at = 0; at < rows.length; at += 64) {
    const group = rows.slice(at, at + 64);
    const shared = group[0]?.under === undefined ? '' : ', bucket, bucket_key';
    const values = group.map(({ under }) => (under === undefined ? '(?, ?, ?, ?, ?)' : '(?, ?, ?, ?, ?, ?, ?)'));
    kept += await session.run(
      `insert into keys (id, owner, slot, version, wrapped${shared}) values ${values.join(', ')} on conflict do nothing`,
      ...group.flatMap(({ id, owner, slot, version, wrapped, under }) => [
        ...[id, owner, slot, version, wrapped],
        ...(under === undefined ? [] : [under.bucket, under.key]),
      ]),
    );
  }
  return kept;
}

/** Deletes the rows of these keys in the transaction of the session; how many were there. */
export async function deleteRows(session: SqlSession, ids: readonly string[]): Promise<void> {
  for (const group of groupsOf(ids)) await session.run(`delete from keys where id in (${marks(group)})`, ...group);
}

/** A row as the database gives it; throws where it is none of ours. */
export function rowOf(row: SqlRow): KeyRow {
  const { id, owner, slot, version, wrapped, bucket, bucket_key: key } = row;
  if (typeof id !== 'string' || typeof owner !== 'string' || typeof slot !== 'string') throw notOurs();
  if (typeof version !== 'number' || !(wrapped instanceof Uint8Array)) throw notOurs();
  if (bucket === undefined) return { id, owner, slot, version, wrapped };
  if (typeof bucket !== 'number' || typeof key !== 'string') throw notOurs();
  return { id, owner, slot, version, wrapped, under: { bucket, key } };
}

function notOurs(): TypeError {
  return new TypeError('a row of keys has another shape');
}

/** At most {@link AT_ONCE} each, filled up with the last to a power of two: few texts for the server to plan. */
export function groupsOf<T>(values: readonly T[]): readonly (readonly T[])[] {
  const groups: T[][] = [];
  for (let at = 0; at < values.length; at += AT_ONCE) {
    const group = values.slice(at, at + AT_ONCE);
    const last = group.at(-1);
    while (last !== undefined && (group.length & (group.length - 1)) !== 0) group.push(last);
    groups.push(group);
  }
  return groups;
}

/** A parameter for each value. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
