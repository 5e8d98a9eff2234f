import type pg from 'pg';
import type { Table, Tables } from '#database';
import { told } from '#database/postgres';
import type { Cell, Row, RowOperation } from '../src/definition.ts';
import { prepared, putText, removeText, setText, type Prepared, type PutShape } from './statements.ts';

type Put = Extract<RowOperation, { op: 'put' }>;

/** Rows of one table that are put by one statement. */
interface Pending {
  readonly shape: PutShape;
  readonly table: Table;
  readonly rows: Row[];
  /** Where each key stands among the rows: one statement may put a key once only. */
  readonly places: Map<string, number>;
}

/**
 * Writes row operations in order, rows of one table that follow each other by one statement (measured against one statement a row, lists of
 * values, JSON and COPY: `unnest` is the quickest that also replaces rows). What is put into different tables waits side by side; what changes or removes rows comes after all that was put before it.
 */
export class BulkWriter {
  readonly #schema: string;
  readonly #tables: Tables;
  readonly #statements = new Map<string, Prepared>();
  #keyed: boolean;

  /** `keyed` is false while a rebuild loads tables whose keys have no index yet. */
  constructor(schema: string, tables: Tables, keyed: boolean) {
    this.#schema = schema;
    this.#tables = tables;
    this.#keyed = keyed;
  }

  /** From now on every key has its index. */
  useKeys(): void {
    this.#keyed = true;
    this.#statements.clear();
  }

  /** Throws on what a table refuses; the caller rolls back. Answers how many rows were removed. */
  async write(client: pg.ClientBase, operations: Iterable<RowOperation>): Promise<number> {
    const pending = new Map<string, Pending>();
    const flush = async (table: string): Promise<void> => {
      const waiting = pending.get(table);
      pending.delete(table);
      if (waiting !== undefined) await this.#put(client, waiting);
    };
    let removed = 0;
    for (const operation of operations) {
      const { table } = operation;
      if (operation.op === 'put') {
        while (!this.#joins(pending, operation)) await flush(table);
        continue;
      }
      await flush(table);
      if (operation.op === 'set') {
        const { change, where } = operation;
        await this.#run(client, setText(this.#schema, operation), [...Object.values(change), ...Object.values(where)]);
        continue;
      }
      if (operation.via !== undefined) await flush(operation.via.table);
      removed += await this.#run(client, removeText(this.#schema, operation), Object.values(operation.where));
    }
    for (const table of [...pending.keys()]) await flush(table);
    return removed;
  }

  /** Adds a row to those of its table that wait; false where they must be written before it. */
  #joins(pending: Map<string, Pending>, { table: name, row, newer, keep }: Put): boolean {
    const table = this.#tables[name];
    if (table === undefined) throw new Error('unknown-table');
    let waiting = pending.get(name);
    if (waiting === undefined) {
      const shape = { table: name, ...(newer === undefined ? {} : { newer }), ...(keep === undefined ? {} : { keep }) };
      waiting = { shape, table, rows: [], places: new Map() };
      pending.set(name, waiting);
    }
    const { shape, rows, places } = waiting;
    if (!same(shape.newer, newer) || !same(shape.keep, keep)) return false;
    if (!this.#isKeyed(table)) {
      rows.push(row);
      return true;
    }
    const key = keyOf(table, row);
    const place = places.get(key);
    // Putting the same again changes nothing. Another row must come after: whether the first is refused is its event's affair.
    if (place !== undefined) return rows[place] === row || isSame(table, rows[place], row);
    places.set(key, rows.length);
    rows.push(row);
    return true;
  }

  async #put(client: pg.ClientBase, { shape, table, rows }: Pending): Promise<void> {
    const text = putText(this.#schema, shape, table, this.#isKeyed(table));
    const values = Object.keys(table.columns).map((column) => rows.map((row) => bound(row[column] ?? null)));
    await this.#run(client, text, values);
  }

  async #run(client: pg.ClientBase, text: string, values: readonly unknown[]): Promise<number> {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = prepared(text);
      this.#statements.set(text, statement);
    }
    const { rowCount } = await told(() => client.query({ ...statement, values: [...values] }));
    return rowCount ?? 0;
  }

  #isKeyed(table: Table): boolean {
    return this.#keyed || table.once !== true;
  }
}

function keyOf({ primaryKey }: Table, row: Row): string {
  const [only] = primaryKey;
  if (primaryKey.length === 1 && only !== undefined) return String(row[only]);
  return JSON.stringify(primaryKey.map((column) => row[column] ?? null));
}

function isSame({ columns }: Table, a: Row | undefined, b: Row): boolean {
  return Object.keys(columns).every((column) => {
    const [one, other] = [a?.[column] ?? null, b[column] ?? null];
    return (
      one === other || (one instanceof Uint8Array && other instanceof Uint8Array && Buffer.compare(one, other) === 0)
    );
  });
}

function bound(value: Cell): Cell {
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}

function same(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === b || a?.join() === b?.join();
}
