import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';

/** A view's tables are named by its definition, so their columns are known only to its own query. */
export type ViewTables = Record<string, Record<string, unknown>>;

/** Opens a view's file for writing. Views can be rebuilt, so `synchronous=NORMAL` is enough; deleted bytes are overwritten. */
export function openForWriting(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec('pragma journal_mode = wal; pragma synchronous = normal; pragma secure_delete = on');
  return db;
}

/** A query builder over a read connection of its own: a read would wait for an open transaction of the writer. */
export function openKysely(path: string): Kysely<ViewTables> {
  const db = new DatabaseSync(path, { timeout: 5000, readOnly: true });
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
