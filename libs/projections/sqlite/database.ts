import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { ViewTables } from '../src/store.ts';

/**
 * Opens a view's file for writing. Views can be rebuilt, so `synchronous=NORMAL` is enough; deleted bytes are overwritten. Pages of
 * 8 KiB load a quarter faster than SQLite's 4; the write-ahead log is folded in at 32 MB.
 */
export function openForWriting(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec('pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on');
  db.exec('pragma wal_autocheckpoint = 4000;');
  return db;
}

/** A query builder over a read connection of its own: a read would wait for an open transaction of the writer. */
export function openKysely(path: string): Kysely<ViewTables> {
  const db = new DatabaseSync(path, { timeout: 5000, readOnly: true });
  db.exec('pragma cache_size = -16000; pragma mmap_size = 67108864');
  return new Kysely<ViewTables>({
    dialect: new SqliteDialect({
      database: {
        close: () => db.close(),
        prepare: (sql) => {
          const statement = db.prepare(sql);
          const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[];
          return {
            reader: statement.columns().length > 0,
            all: (parameters) => statement.all(...values(parameters)),
            run: (parameters) => statement.run(...values(parameters)),
            iterate: (parameters) => statement.iterate(...values(parameters)) as IterableIterator<unknown>,
          };
        },
      },
    }),
  });
}
