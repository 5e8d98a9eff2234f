import type { DatabaseSync } from 'node:sqlite';
import type { Table, ViewDefinition } from '../src/definition.ts';

const quoted = (names: readonly string[]) => names.map((name) => `"${name}"`).join(', ');

/** Makes a view's tables, and the runner's own beside them, where the file has none. `loading` leaves out what is quicker made at the end. */
export function makeTables(db: DatabaseSync, { tables, version }: ViewDefinition, loading: boolean): void {
  // A file of another version keeps its own tables and serves them until the swap.
  if (db.prepare("select 1 from sqlite_master where name = 'checkpoint'").get() !== undefined) return;
  for (const [name, table] of Object.entries(tables)) db.exec(tableText(name, table));
  if (!loading) db.exec(indexText(tables));
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

/** What `loading` left out: secondary indexes, and the keys of tables whose rows are put once. */
export function indexText(tables: Readonly<Record<string, Table>>): string {
  return Object.entries(tables)
    .flatMap(([name, { indexes, once, primaryKey }]) => [
      ...(once === true ? [`create unique index "${name}_key" on "${name}" (${quoted(primaryKey)});`] : []),
      ...(indexes ?? []).map((index) => `create index "${name}_${index.join('_')}" on "${name}" (${quoted(index)});`),
    ])
    .join('\n');
}

function tableText(name: string, { columns, primaryKey, once }: Table): string {
  const list = Object.entries(columns).map(
    ([column, { type, notNull }]) => `"${column}" ${type}${notNull === true ? ' not null' : ''}`,
  );
  const key = once === true ? '' : `, primary key (${quoted(primaryKey)})`;
  return `create table "${name}" (${list.join(', ')}${key});`;
}
