import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { indexTexts } from '#database';
import type { LogToken } from '#event-log';
import type { RowOperation, ViewDefinition } from '../src/definition.ts';
import {
  CheckpointMoved,
  ROW_REFUSED,
  type Generation,
  type Made,
  type ProjectedBatch,
  type Written,
} from '../src/store.ts';
import { openForWriting } from './database.ts';
import { makeIndexes } from './indexing.ts';
import { makeTables, viewTables } from './schema.ts';
import { RowWriter } from './writer.ts';

/** A reader of another process holds the write-ahead log, so removed bytes are still in it: try again. */
export class WalNotTruncated extends Error {
  override readonly name = 'WalNotTruncated';
}

/** While loading, so many events share a transaction: random keys touch nearly every page of an index in each. */
const A_TRANSACTION = 20_000;
/** Results of SQLite that say something of the row or the statement and not of the disk: error, too big, constraint, mismatch, range. */
const OF_THE_ROW: readonly number[] = [1, 18, 19, 20, 25];

/** One file of a view. Writing is one turn of the event loop: nobody comes between its statements. */
export class SqliteGeneration implements Generation {
  readonly number: number;
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #definition: ViewDefinition;
  readonly #writer: RowWriter;
  readonly #move: StatementSync;
  #loading: boolean;
  #saved: { readonly token: LogToken | null; readonly events: number };
  #token: LogToken | null;
  #events: number;
  /** Rows that are not there because a key is destroyed or they were removed, since the last save. */
  #gone = 0;
  #careful = false;
  #erasures = 0;
  #finishing: Promise<void> | null = null;

  /** `beside` makes a new file in the quick way of a rebuild; call {@link finish} before it serves. */
  constructor(path: string, number: number, definition: ViewDefinition, beside = false) {
    this.path = path;
    this.number = number;
    this.#definition = definition;
    this.#db = openForWriting(path);
    this.#db.exec('begin immediate');
    makeTables(this.#db, definition, beside);
    this.#db.exec('commit');
    this.#saved = this.#stored();
    ({ token: this.#token, events: this.#events } = this.#saved);
    this.#loading = this.#number('select indexed as n from checkpoint where id = 1') === 0;
    this.#db.exec(`pragma cache_size = ${this.#loading ? '-64000' : '-8000'}`);
    this.#writer = new RowWriter(this.#db, definition.tables, !this.#loading);
    this.#move = this.#db.prepare(
      'update checkpoint set token = ?, events = ?, gone = gone + ? where id = 1 and token is not distinct from ?',
    );
  }

  get checkpoint(): LogToken | null {
    return this.#token;
  }
  get events(): number {
    return this.#events;
  }
  get erasures(): number {
    return this.#erasures;
  }
  get version(): number {
    return this.#number('select version as n from checkpoint where id = 1');
  }
  async parked(): Promise<number> {
    return this.#number('select count(*) as n from parked');
  }
  async gone(): Promise<number> {
    return this.#number('select gone as n from checkpoint where id = 1') + this.#gone;
  }

  /** Takes the checkpoint as it is in the file. */
  reread(): void {
    if (this.#db.isTransaction) return;
    this.#saved = this.#stored();
    ({ token: this.#token, events: this.#events } = this.#saved);
  }

  /** While loading, batches share a transaction until {@link save}. */
  async write({ made, gone, erasures, to }: ProjectedBatch): Promise<Written> {
    if (erasures !== this.#erasures) return 'again';
    if (!this.#db.isTransaction) this.#db.exec('begin immediate');
    try {
      for (const each of made) this.#writeOne(each);
    } catch (error) {
      this.#back();
      if (this.#careful || !isOfTheRow(error)) throw error;
      // What a table refuses sends the whole transaction the careful way.
      this.#careful = true;
      return this.#loading ? 'back' : 'again';
    }
    this.#gone += gone;
    this.#token = to;
    this.#events += made.length;
    if (!this.#loading || this.#events - this.#saved.events >= A_TRANSACTION) this.saveNow();
    return 'written';
  }

  async save(): Promise<void> {
    this.saveNow();
  }

  async finish(): Promise<void> {
    this.#finishing = this.#finish();
    try {
      await this.#finishing;
    } finally {
      this.#finishing = null;
    }
  }

  /** Removes rows; how many. Their bytes are in the write-ahead log until {@link truncate}. Waits for a loading that ends. */
  async erase(operations: readonly RowOperation[]): Promise<number> {
    await this.#finishing?.catch(() => undefined);
    this.saveNow();
    this.#erasures += 1;
    this.#db.exec('begin immediate');
    try {
      const rows = this.#writer.write(operations);
      this.#gone += rows;
      this.saveNow();
      return rows;
    } catch (error) {
      this.#back();
      throw error;
    }
  }

  /** Leaves nothing of what was removed in the write-ahead log. Throws {@link WalNotTruncated}. */
  truncate(): void {
    this.#db.exec('pragma busy_timeout = 0');
    const row = this.#db.prepare('pragma wal_checkpoint(truncate)').get();
    this.#db.exec('pragma busy_timeout = 5000');
    if (row?.['busy'] !== 0) throw new WalNotTruncated('wal-not-truncated');
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(
      viewTables(this.#db).map((name) => [name, this.#number(`select count(*) as n from "${name}"`)]),
    );
  }

  /** False once it is closed. */
  get isOpen(): boolean {
    return this.#db.isOpen;
  }

  async close(): Promise<void> {
    await this.#finishing?.catch(() => undefined);
    if (!this.#db.isOpen) return;
    this.saveNow();
    this.#db.close();
  }

  async #finish(): Promise<void> {
    this.saveNow();
    if (!this.#loading) return;
    // In a thread of its own.
    await makeIndexes(this.path, indexTexts(this.#definition.tables).join(';\n'));
    this.#loading = false;
    this.#db.exec('pragma cache_size = -8000');
    this.#writer.useKeys();
    this.#db.exec('begin immediate');
    for (const row of this.#db.prepare('select operation from later order by id').all()) {
      this.#gone += this.#writer.write([JSON.parse(String(row['operation'])) as RowOperation]);
    }
    this.#db.exec('delete from later');
    this.saveNow();
  }

  /** Ends the open transaction, in one turn. */
  saveNow(): void {
    if (!this.#db.isTransaction) return;
    const from = this.#saved.token;
    try {
      if (this.#move.run(this.#token, this.#events, this.#gone, from).changes !== 1)
        throw new CheckpointMoved(from, this.#stored().token);
      this.#db.exec('commit');
    } catch (error) {
      this.#back();
      throw error;
    }
    this.#saved = { token: this.#token, events: this.#events };
    this.#gone = 0;
    this.#careful = false;
  }

  /** Back to the last save. */
  #back(): void {
    if (this.#db.isTransaction) this.#db.exec('rollback');
    ({ token: this.#token, events: this.#events } = this.#saved);
    this.#gone = 0;
  }

  #writeOne(made: Made): void {
    if ('reason' in made) this.#park(made, made.reason);
    else if (this.#careful) this.#storeCarefully(made, made.operations);
    else this.#store(made.operations);
  }

  #storeCarefully(made: Made, operations: readonly RowOperation[]): void {
    this.#db.exec('savepoint one');
    try {
      this.#store(operations);
    } catch (error) {
      this.#db.exec('rollback to one');
      if (!isOfTheRow(error)) throw error;
      this.#park(made, ROW_REFUSED);
    }
    this.#db.exec('release one');
  }

  #store(operations: readonly RowOperation[]): void {
    if (!this.#loading) {
      this.#gone += this.#writer.write(operations);
      return;
    }
    const now = operations.filter((operation) => operation.op !== 'remove' || operation.final !== true);
    this.#gone += this.#writer.write(now);
    if (now.length === operations.length) return;
    const later = this.#db.prepare('insert into later (operation) values (?)');
    for (const operation of operations) if (!now.includes(operation)) later.run(JSON.stringify(operation));
  }

  #park({ event: { stream, revision, token, type } }: Made, reason: string): void {
    this.#db
      .prepare('insert into parked values (?, ?, ?, ?, ?) on conflict (stream, revision) do nothing')
      .run(stream, revision, token, type, reason);
  }

  #stored(): { readonly token: LogToken | null; readonly events: number } {
    const row = this.#db.prepare('select token, events from checkpoint where id = 1').get();
    return { token: (row?.['token'] ?? null) as LogToken | null, events: Number(row?.['events'] ?? 0) };
  }

  #number(text: string): number {
    return Number(this.#db.prepare(text).get()?.['n']);
  }
}

/** Whether a table refused a row, or a value is none that the database knows; a full disk is another matter and parks nothing. */
function isOfTheRow(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { errcode, code, message } = error as Readonly<Record<string, unknown>>;
  // Extended codes have the primary one in their low byte.
  if (typeof errcode === 'number') return OF_THE_ROW.includes(errcode & 0xff);
  return code === 'ERR_INVALID_ARG_TYPE' || message === 'unknown-table' || message === 'no-condition';
}
