import type { Database } from './port.ts';

/** A column, in terms both databases know. */
export interface Column {
  readonly type: 'text' | 'integer' | 'real' | 'blob';
  readonly notNull?: boolean;
  /** Only for columns that a row may leave out. */
  readonly default?: number;
}

/** A table, in terms both databases know. */
export interface Table {
  readonly columns: Readonly<Record<string, Column>>;
  readonly primaryKey: readonly string[];
  readonly unique?: readonly (readonly string[])[];
  readonly indexes?: readonly (readonly string[])[];
  /** A row's key names something that happens once, so no two writers put the same row: the key's index is made with the others, after loading. */
  readonly once?: true;
}

/** The tables of one store by name. */
export type Tables = Readonly<Record<string, Table>>;

const TYPES: Readonly<Record<Database['kind'], Readonly<Record<Column['type'], string>>>> = {
  sqlite: { text: 'text', integer: 'integer', real: 'real', blob: 'blob' },
  // Text is compared byte by byte, as SQLite does: an order that follows the server's locale would make pages of another order.
  postgres: { text: 'text collate "C"', integer: 'bigint', real: 'double precision', blob: 'bytea' },
};

/** PostgreSQL cuts longer names off, and two indexes could then have one. */
const LONGEST_NAME = 63;

/** The column's type as the database writes it. */
export function columnType(kind: Database['kind'], type: Column['type']): string {
  return TYPES[kind][type];
}

/** The names of columns as the databases write them in a list. */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

/** Statements that make the tables where they are not there; one each. */
export function tableTexts(kind: Database['kind'], tables: Tables): readonly string[] {
  return [...bareTableTexts(kind, tables, false), ...indexTexts(tables)];
}

/**
 * The tables without what is quicker made once they are full ({@link indexTexts}). `rows` keeps the rows of SQLite in the order in which they
 * were put, for tables that are filled in bulk; without it they lie in the order of their keys.
 */
export function bareTableTexts(kind: Database['kind'], tables: Tables, rows: boolean): readonly string[] {
  return Object.entries(tables).map(([name, table]) => {
    const { columns, primaryKey, unique, once } = table;
    const list = Object.entries(columns).map(
      ([column, { type, notNull, default: value }]) =>
        `"${column}" ${columnType(kind, type)}${notNull === true ? ' not null' : ''}${value === undefined ? '' : ` default ${String(value)}`}`,
    );
    const keys = [
      ...(once === true ? [] : [`primary key (${quoted(primaryKey)})`]),
      ...(unique ?? []).map((each) => `unique (${quoted(each)})`),
    ];
    const end = kind === 'sqlite' ? (rows || once === true ? ' strict' : ' strict, without rowid') : '';
    return `create table if not exists "${name}" (${[...list, ...keys].join(', ')})${end}`;
  });
}

/** What {@link bareTableTexts} leaves out: secondary indexes, and the keys of what happens once. */
export function indexTexts(tables: Tables): readonly string[] {
  return Object.entries(tables).flatMap(([name, { indexes, once, primaryKey }]) => [
    ...(once === true ? [`create unique index if not exists "${name}_key" on "${name}" (${quoted(primaryKey)})`] : []),
    ...(indexes ?? []).map(
      (index, at) => `create index if not exists "${indexName(name, index, at)}" on "${name}" (${quoted(index)})`,
    ),
  ]);
}

function indexName(table: string, columns: readonly string[], at: number): string {
  const name = [table, ...columns].join('_');
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 4)}_${String(at)}`;
}
