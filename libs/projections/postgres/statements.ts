import { createHash } from 'node:crypto';
import type { Column } from '#database';
import { quoted, type Table } from '#database';
import type { Row, RowOperation } from '../src/definition.ts';

type Put = Extract<RowOperation, { op: 'put' }>;
/** How rows are put: the table, and what a row that is there keeps. */
export type PutShape = Pick<Put, 'table' | 'newer' | 'keep'>;

/** A statement that the server plans once a connection. */
export interface Prepared {
  readonly name: string;
  readonly text: string;
}

const ARRAYS: Readonly<Record<Column['type'], string>> = {
  text: 'text[]',
  integer: 'bigint[]',
  real: 'double precision[]',
  blob: 'bytea[]',
};

/** A statement under a name that its text decides. */
export function prepared(text: string): Prepared {
  return { name: `v${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text };
}

/** Puts any number of rows: a parameter a column, each a list. `keyed` is false while the key has no index yet. */
export function putText(schema: string, put: PutShape, table: Table, keyed: boolean): string {
  const columns = Object.keys(table.columns);
  const lists = Object.values(table.columns).map(({ type }, at) => `$${String(at + 1)}::${ARRAYS[type]}`);
  const values = `insert into "${schema}"."${put.table}" as held (${quoted(columns)}) select * from unnest(${lists.join(', ')})`;
  if (!keyed) return values;
  const set = columns
    .filter((column) => !table.primaryKey.includes(column))
    .map((column) =>
      put.keep?.includes(column) === true
        ? `"${column}" = coalesce(held."${column}", excluded."${column}")`
        : `"${column}" = excluded."${column}"`,
    );
  const key = quoted(table.primaryKey);
  if (set.length === 0) return `${values} on conflict (${key}) do nothing`;
  const tuple = (of: string) => (put.newer ?? []).map((column) => `${of}."${column}"`).join(', ');
  const only = put.newer === undefined ? '' : ` where (${tuple('excluded')}) > (${tuple('held')})`;
  return `${values} on conflict (${key}) do update set ${set.join(', ')}${only}`;
}

/** Changes the rows that match: first the new values, then those of the condition. */
export function setText(schema: string, { table, where, change }: Extract<RowOperation, { op: 'set' }>): string {
  const set = Object.keys(change).map((column, at) => `"${column}" = $${String(at + 1)}`);
  return `update "${schema}"."${table}" set ${set.join(', ')} where ${conditions(where, set.length)}`;
}

/** Removes the rows that match, or those that stand for a matching row of another table. */
export function removeText(schema: string, { table, where, via }: Extract<RowOperation, { op: 'remove' }>): string {
  if (via === undefined) return `delete from "${schema}"."${table}" where ${conditions(where, 0)}`;
  return `delete from "${schema}"."${table}" where "${via.column}" in (
    select "${via.column}" from "${schema}"."${via.table}" where ${conditions(where, 0)})`;
}

function conditions(where: Row, after: number): string {
  const columns = Object.keys(where);
  if (columns.length === 0) throw new Error('no-condition');
  return columns.map((column, at) => `"${column}" = $${String(after + at + 1)}`).join(' and ');
}
