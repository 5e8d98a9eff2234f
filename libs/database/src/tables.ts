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
}

/** The tables of one store by name. */
export type Tables = Readonly<Record<string, Table>>;

const TYPES: Readonly<Record<Database['kind'], Readonly<Record<Column['type'], string>>>> = {
  sqlite: { text: 'text', integer: 'integer', real: 'real', blob: 'blob' },
  // Text is compared byte by byte, as SQLite does: an order that follows the server's locale would make pages of another order.
  postgres: { text: 'text collate "C"', integer: 'bigint', real: 'double precision', blob: 'bytea' },
};

/** The column's type as the database writes it. */
export function columnType(kind: Database['kind'], type: Column['type']): string {
  return TYPES[kind][type];
}

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** Statements that make the tables where they are not there; one each. */
export function tableTexts(kind: Database['kind'], tables: Tables): readonly string[] {
  return Object.entries(tables).flatMap(([name, table]) => [
    tableText(kind, name, table),
    ...(table.indexes ?? []).map(
      (index) => `create index if not exists "${name}_${index.join('_')}" on "${name}" (${quoted(index)})`,
    ),
  ]);
}

function tableText(kind: Database['kind'], name: string, { columns, primaryKey, unique }: Table): string {
  const list = Object.entries(columns).map(
    ([column, { type, notNull, default: value }]) =>
      `"${column}" ${columnType(kind, type)}${notNull === true ? ' not null' : ''}${value === undefined ? '' : ` default ${String(value)}`}`,
  );
  const keys = [`primary key (${quoted(primaryKey)})`, ...(unique ?? []).map((each) => `unique (${quoted(each)})`)];
  const end = kind === 'sqlite' ? ' strict, without rowid' : '';
  return `create table if not exists "${name}" (${[...list, ...keys].join(', ')})${end}`;
}
