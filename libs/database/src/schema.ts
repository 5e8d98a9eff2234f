import type { SqlSession, Database } from './port.ts';
import { tableTexts, type Tables } from './tables.ts';

/** What one store keeps: its tables by version. A later version is a list of statements that make it of the one before. */
export interface StoreSchema {
  /** Lower-case words with underscores; the schema's name in PostgreSQL. Never changed. */
  readonly name: string;
  /** The tables of version 1. */
  readonly tables: Tables;
  /** Versions 2 and up, in order. */
  readonly changes?: readonly ((kind: Database['kind']) => readonly string[])[];
}

/** The version that this program works with. */
export function versionOf({ changes = [] }: StoreSchema): number {
  return 1 + changes.length;
}

/** The version that is there; 0 where nothing is. Throws where it can't be read. */
export async function storedVersion(session: SqlSession): Promise<number> {
  const row = await session.get('select version from store_version where id = 1');
  return Number(row?.['version'] ?? 0);
}

/** Brings the tables to this program's version, in the transaction it is given; does nothing where they are. How many versions it went up. */
export async function migrateStore(session: SqlSession, kind: Database['kind'], store: StoreSchema): Promise<number> {
  await session.run(
    `create table if not exists store_version (id integer primary key, version integer not null, check (id = 1))`,
  );
  const from = await storedVersion(session);
  const to = versionOf(store);
  // A newer one is left alone: whoever opens it says that it is not current.
  if (from >= to) return 0;
  if (from === 0) for (const text of tableTexts(kind, store.tables)) await session.run(text);
  for (const change of (store.changes ?? []).slice(Math.max(0, from - 1))) {
    for (const text of change(kind)) await session.run(text);
  }
  await session.run(
    'insert into store_version (id, version) values (1, ?) on conflict (id) do update set version = excluded.version',
    to,
  );
  return to - from;
}
