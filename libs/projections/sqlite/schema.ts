import type { DatabaseSync } from 'node:sqlite';
import { bareTableTexts, indexTexts } from '#database';
import type { ViewDefinition } from '../src/definition.ts';

/** Makes a view's tables, and the runner's own beside them, where the file has none. `loading` leaves out what is quicker made at the end. */
export function makeTables(db: DatabaseSync, { tables, version }: ViewDefinition, loading: boolean): void {
  // A file of another version keeps its own tables and serves them until the swap.
  if (db.prepare("select 1 from sqlite_master where name = 'checkpoint'").get() !== undefined) return;
  for (const text of bareTableTexts('sqlite', tables, true)) db.exec(text);
  if (!loading) for (const text of indexTexts(tables)) db.exec(text);
  db.exec(`
    create table checkpoint (
      id integer primary key, token text, events integer not null, version integer not null,
      indexed integer not null, gone integer not null
    );
    create table parked (
      stream text not null, revision integer not null, token text not null, type text not null, reason text not null,
      primary key (stream, revision)
    );
    create table later (id integer primary key, operation text not null);
    insert into checkpoint values (1, null, 0, ${String(version)}, ${loading ? '0' : '1'}, 0);`);
}

/** The tables of the view itself, not the runner's. */
export function viewTables(db: DatabaseSync): readonly string[] {
  return db
    .prepare(
      "select name from sqlite_master where type = 'table' and name not in ('checkpoint', 'parked', 'later') order by name",
    )
    .all()
    .map((row) => String(row['name']));
}
