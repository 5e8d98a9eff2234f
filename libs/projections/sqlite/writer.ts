import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { quoted, type Tables } from '#database';
import type { Cell, Row, RowOperation, Table } from '../src/definition.ts';

type Put = Extract<RowOperation, { op: 'put' }>;
interface PreparedPut {
  readonly newer: readonly string[] | undefined;
  readonly keep: readonly string[] | undefined;
  readonly columns: readonly string[];
  readonly statement: StatementSync;
}

/** Writes row operations in order by prepared statements. Call it in a transaction; statements of many rows were measured to be no faster. */
export class RowWriter {
  readonly #db: DatabaseSync;
  readonly #tables: Tables;
  readonly #puts = new Map<string, PreparedPut>();
  readonly #changes = new Map<string, StatementSync>();
  #keyed: boolean;

  /** `keyed` is false while a rebuild loads tables whose keys have no index yet. */
  constructor(db: DatabaseSync, tables: Tables, keyed: boolean) {
    this.#db = db;
    this.#tables = tables;
    this.#keyed = keyed;
  }

  /** From now on every key has its index. */
  useKeys(): void {
    this.#keyed = true;
    this.#puts.clear();
  }

  /** Throws on what a table refuses; the caller rolls back. Answers how many rows were removed. */
  write(operations: readonly RowOperation[]): number {
    let removed = 0;
    for (const operation of operations) {
      if (operation.op === 'put') this.#put(operation);
      else removed += this.#change(operation);
    }
    return removed;
  }

  #put(put: Put): void {
    let prepared = this.#puts.get(put.table);
    // Compared by identity first: a projection names the same list for every row.
    if (prepared === undefined || !same(prepared.newer, put.newer) || !same(prepared.keep, put.keep)) {
      const table = this.#tables[put.table];
      if (table === undefined) throw new Error('unknown-table');
      const columns = Object.keys(table.columns);
      const text = putText(put, table, columns, this.#keyed || table.once !== true);
      prepared = { newer: put.newer, keep: put.keep, columns, statement: this.#prepare(text) };
      this.#puts.set(put.table, prepared);
    }
    const { columns, statement } = prepared;
    const values = new Array<Cell>(columns.length);
    for (let at = 0; at < columns.length; at++) values[at] = put.row[columns[at] ?? ''] ?? null;
    statement.run(...values);
  }

  #change(operation: Exclude<RowOperation, Put>): number {
    const { table } = operation;
    const where = conditions(operation.where);
    const change = operation.op === 'set' ? operation.change : {};
    const text = operation.op === 'set' ? setText(table, change, where) : removeText(operation, where);
    const { changes } = this.#prepare(text).run(...Object.values(change), ...Object.values(operation.where));
    return operation.op === 'remove' ? Number(changes) : 0;
  }

  #prepare(text: string): StatementSync {
    const known = this.#changes.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#changes.set(text, statement);
    return statement;
  }
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || a?.join() === b?.join();
}

function conditions(where: Row): string {
  const columns = Object.keys(where);
  if (columns.length === 0) throw new Error('no-condition');
  return columns.map((column) => `"${column}" = ?`).join(' and ');
}

function setText(table: string, change: Row, where: string): string {
  const set = Object.keys(change).map((column) => `"${column}" = ?`);
  return `update "${table}" set ${set.join(', ')} where ${where}`;
}

function removeText({ table, via }: Extract<RowOperation, { op: 'remove' }>, where: string): string {
  if (via === undefined) return `delete from "${table}" where ${where}`;
  return `delete from "${table}" where "${via.column}" in (select "${via.column}" from "${via.table}" where ${where})`;
}

function putText(put: Put, table: Table, columns: readonly string[], keyed: boolean): string {
  const values = `insert into "${put.table}" (${quoted(columns)}) values (${columns.map(() => '?').join(', ')})`;
  if (!keyed) return values;
  const key = quoted(table.primaryKey);
  const set = columns
    .filter((column) => !table.primaryKey.includes(column))
    .map((column) =>
      put.keep?.includes(column) === true
        ? `"${column}" = coalesce("${put.table}"."${column}", excluded."${column}")`
        : `"${column}" = excluded."${column}"`,
    );
  if (set.length === 0) return `${values} on conflict (${key}) do nothing`;
  const tuple = (of: string) => (put.newer ?? []).map((column) => `${of}."${column}"`).join(', ');
  const only = put.newer === undefined ? '' : ` where (${tuple('excluded')}) > (${tuple(`"${put.table}"`)})`;
  return `${values} on conflict (${key}) do update set ${set.join(', ')}${only}`;
}
