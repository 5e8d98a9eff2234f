import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Cell, Row, RowOperation, Table } from '../src/definition.ts';

type Put = Extract<RowOperation, { op: 'put' }>;

/** SQLite takes 32,766 parameters a statement; fewer keep its text short. */
const MOST_PARAMETERS = 8000;

/** Writes row operations in order, puts of a table together in statements of many rows. Call it in a transaction. */
export class RowWriter {
  readonly #db: DatabaseSync;
  readonly #tables: Readonly<Record<string, Table>>;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(db: DatabaseSync, tables: Readonly<Record<string, Table>>) {
    this.#db = db;
    this.#tables = tables;
  }

  /** Throws on what a table refuses; the caller rolls back. */
  write(operations: readonly RowOperation[]): void {
    const waiting = new Map<string, Put[]>();
    for (const operation of operations) {
      const { table } = operation;
      const puts = waiting.get(table);
      const first = puts?.[0];
      if (operation.op !== 'put') {
        if (puts !== undefined) this.#put(puts);
        waiting.delete(table);
        this.#change(operation);
      } else if (puts === undefined || first === undefined) waiting.set(table, [operation]);
      else if (sameKind(first, operation)) puts.push(operation);
      else {
        this.#put(puts);
        waiting.set(table, [operation]);
      }
    }
    for (const puts of waiting.values()) this.#put(puts);
  }

  #put(puts: readonly Put[]): void {
    const first = puts[0];
    if (first === undefined) return;
    const table = this.#tables[first.table];
    if (table === undefined) throw new Error('unknown-table');
    const columns = Object.keys(table.columns);
    const full = Math.max(1, Math.floor(MOST_PARAMETERS / columns.length));
    for (let from = 0; from < puts.length; from += full) {
      const some = puts.slice(from, from + full);
      // Powers of two, so that few statements are ever prepared.
      for (let at = 0; at < some.length;) {
        const rows = 2 ** Math.floor(Math.log2(some.length - at));
        const values: Cell[] = [];
        for (let row = at; row < at + rows; row++) {
          for (const column of columns) values.push(some[row]?.row[column] ?? null);
        }
        this.#prepare(putText(first, table, columns, rows)).run(...values);
        at += rows;
      }
    }
  }

  #change(operation: Exclude<RowOperation, Put>): void {
    const where = conditions(operation.where);
    const change = operation.op === 'set' ? operation.change : {};
    const set = Object.keys(change)
      .map((column) => `"${column}" = ?`)
      .join(', ');
    const text =
      operation.op === 'set'
        ? `update "${operation.table}" set ${set} where ${where}`
        : `delete from "${operation.table}" where ${where}`;
    this.#prepare(text).run(...Object.values(change), ...Object.values(operation.where));
  }

  #prepare(text: string): StatementSync {
    const known = this.#prepared.get(text);
    if (known !== undefined) return known;
    const statement = this.#db.prepare(text);
    this.#prepared.set(text, statement);
    return statement;
  }
}

function sameKind(a: Put, b: Put): boolean {
  return a.newer?.join() === b.newer?.join() && a.keep?.join() === b.keep?.join();
}

function conditions(where: Row): string {
  const columns = Object.keys(where);
  if (columns.length === 0) throw new Error('no-condition');
  return columns.map((column) => `"${column}" = ?`).join(' and ');
}

function putText(put: Put, table: Table, columns: readonly string[], rows: number): string {
  const one = `(${columns.map(() => '?').join(', ')})`;
  const key = table.primaryKey.map((column) => `"${column}"`).join(', ');
  const set = columns
    .filter((column) => !table.primaryKey.includes(column))
    .map((column) =>
      put.keep?.includes(column) === true
        ? `"${column}" = coalesce("${put.table}"."${column}", excluded."${column}")`
        : `"${column}" = excluded."${column}"`,
    );
  const values = `insert into "${put.table}" (${columns.map((column) => `"${column}"`).join(', ')}) values ${Array.from({ length: rows }, () => one).join(', ')}`;
  if (set.length === 0) return `${values} on conflict (${key}) do nothing`;
  const tuple = (of: string) => (put.newer ?? []).map((column) => `${of}."${column}"`).join(', ');
  const only = put.newer === undefined ? '' : ` where (${tuple('excluded')}) > (${tuple(`"${put.table}"`)})`;
  return `${values} on conflict (${key}) do update set ${set.join(', ')}${only}`;
}
