import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { DatabaseUnavailable } from '#database';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { ProjectContext, RowOperation, ViewDefinition } from '../src/definition.ts';
import { openForWriting } from './database.ts';
import { makeIndexes } from './indexing.ts';
import { indexText, makeTables, viewTables } from './schema.ts';
import { RowWriter } from './writer.ts';

/** The checkpoint was not where this runner left it: somebody else writes this view. Nothing was written. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
  constructor(expected: LogToken | null, actual: LogToken | null) {
    super(`expected checkpoint ${expected ?? 'none'}, is ${actual ?? 'none'}`);
  }
}

/** A reader of another process holds the write-ahead log, so removed bytes are still in it: try again. */
export class WalNotTruncated extends Error {
  override readonly name = 'WalNotTruncated';
}

/** What an event came to; `made` throws what its projection threw. */
interface Projected {
  readonly event: LoggedEvent;
  readonly made: () => readonly RowOperation[];
  readonly gone: number;
}

/** While loading, so many events share a transaction: random keys touch nearly every page of an index in each. */
const A_TRANSACTION = 20_000;

/** One file of a view: its tables, what was parked, and how far it has read, moved in one transaction. */
export class Generation {
  readonly number: number;
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #definition: ViewDefinition;
  readonly #writer: RowWriter;
  readonly #context: ProjectContext;
  readonly #move: StatementSync;
  #loading: boolean;
  #saved: { readonly token: LogToken | null; readonly events: number };
  #token: LogToken | null;
  #events: number;
  /** Rows that are not there because a key is destroyed or they were removed, since the last save. */
  #gone = 0;
  #careful = false;
  #erasures = 0;

  /** `beside` makes a new file in the quick way of a rebuild; call {@link finish} before it serves. */
  constructor(path: string, number: number, definition: ViewDefinition, context: ProjectContext, beside = false) {
    this.path = path;
    this.number = number;
    this.#definition = definition;
    this.#context = context;
    this.#db = openForWriting(path);
    this.#db.exec('begin immediate');
    makeTables(this.#db, definition, beside);
    this.#db.exec('commit');
    const row = this.#db.prepare('select token, events, indexed from checkpoint where id = 1').get();
    this.#saved = { token: (row?.['token'] ?? null) as LogToken | null, events: Number(row?.['events'] ?? 0) };
    ({ token: this.#token, events: this.#events } = this.#saved);
    this.#loading = row?.['indexed'] === 0;
    this.#db.exec(`pragma cache_size = ${this.#loading ? '-64000' : '-8000'}`);
    this.#writer = new RowWriter(this.#db, definition.tables, !this.#loading);
    this.#move = this.#db.prepare(
      'update checkpoint set token = ?, events = ?, gone = gone + ? where id = 1 and token is not distinct from ?',
    );
  }

  get checkpoint(): LogToken | null {
    return this.#token;
  }
  /** Events read into this generation, parked ones included. */
  get events(): number {
    return this.#events;
  }
  /** Version of the definition that made it. */
  get version(): number {
    return this.#number('select version as n from checkpoint where id = 1');
  }
  get parked(): number {
    return this.#number('select count(*) as n from parked');
  }
  /** How many rows are not there because their keys are destroyed or their record was erased. */
  get gone(): number {
    return this.#number('select gone as n from checkpoint where id = 1') + this.#gone;
  }

  /**
   * Writes a batch and moves the checkpoint to `to`, both or neither; events at or before the checkpoint are passed over. While
   * loading, batches share a transaction until {@link save}; where a row is refused then, it goes back to the last save: read on from `checkpoint`.
   */
  async apply(log: EventLog, batch: readonly LoggedEvent[], to: LogToken): Promise<void> {
    const from = this.#token;
    if (from !== null && log.compare(to, from) <= 0) return;
    const events = from === null ? batch : batch.filter(({ token }) => log.compare(token, from) > 0);
    const projected = await this.#projected(events);
    if (!this.#db.isTransaction) this.#db.exec('begin immediate');
    try {
      this.#write(projected);
    } catch (error) {
      this.#back();
      if (this.#careful) throw error;
      this.#careful = true;
      if (!this.#loading) await this.apply(log, batch, to);
      return;
    }
    this.#token = to;
    this.#events += events.length;
    if (!this.#loading || this.#events - this.#saved.events >= A_TRANSACTION) this.save();
  }

  /** Ends the open transaction. Throws {@link CheckpointMoved}, and then nothing since the last save was written. */
  save(): void {
    if (!this.#db.isTransaction) return;
    const from = this.#saved.token;
    try {
      if (this.#move.run(this.#token, this.#events, this.#gone, from).changes !== 1) {
        const now = this.#db.prepare('select token from checkpoint where id = 1').get();
        throw new CheckpointMoved(from, (now?.['token'] ?? null) as LogToken | null);
      }
      this.#db.exec('commit');
    } catch (error) {
      this.#back();
      throw error;
    }
    this.#saved = { token: this.#token, events: this.#events };
    this.#gone = 0;
    this.#careful = false;
  }

  /** Ends loading: makes the indexes in a thread of its own, then the removals that waited. */
  async finish(): Promise<void> {
    this.save();
    if (!this.#loading) return;
    await makeIndexes(this.path, indexText(this.#definition.tables));
    this.#loading = false;
    this.#db.exec('pragma cache_size = -8000');
    this.#writer.useKeys();
    this.#db.exec('begin immediate');
    for (const row of this.#db.prepare('select operation from later order by id').all()) {
      this.#gone += this.#writer.write([JSON.parse(String(row['operation'])) as RowOperation]);
    }
    this.#db.exec('delete from later');
    this.save();
  }

  /** Removes an erased record's rows and their bytes, from the write-ahead log too. Throws {@link WalNotTruncated}. */
  erase(recordId: string): void {
    this.#erasures += 1;
    this.save();
    this.#db.exec('begin immediate');
    try {
      this.#gone += this.#writer.write(this.#definition.erase?.(recordId) ?? []);
      this.save();
    } catch (error) {
      this.#back();
      throw error;
    }
    this.#db.exec('pragma busy_timeout = 0');
    const row = this.#db.prepare('pragma wal_checkpoint(truncate)').get();
    this.#db.exec('pragma busy_timeout = 5000');
    if (row?.['busy'] !== 0) throw new WalNotTruncated('wal-not-truncated');
  }

  /** Rows of every table, for comparing generations. */
  counts(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      viewTables(this.#db).map((name) => [name, this.#number(`select count(*) as n from "${name}"`)]),
    );
  }

  close(): void {
    if (!this.#db.isOpen) return;
    this.save();
    this.#db.close();
  }

  /** Back to the last save. */
  #back(): void {
    if (this.#db.isTransaction) this.#db.exec('rollback');
    ({ token: this.#token, events: this.#events } = this.#saved);
    this.#gone = 0;
  }

  /** Asked before the transaction, which waits for nobody; anew where something was erased meanwhile. */
  async #projected(events: readonly LoggedEvent[]): Promise<readonly Projected[]> {
    for (;;) {
      const erasures = this.#erasures;
      const projected = await Promise.all(events.map((event) => this.#project(event)));
      if (erasures === this.#erasures) return projected;
    }
  }

  async #project(event: LoggedEvent): Promise<Projected> {
    let gone = 0;
    const keyAlive = async (key: string): Promise<boolean> => {
      const alive = await this.#context.keyAlive(key);
      if (!alive) gone += 1;
      return alive;
    };
    try {
      const made = await this.#definition.project(event, { keyAlive });
      return { event, made: () => made, gone };
    } catch (error) {
      // Not the event's fault: it is not parked, the batch is tried again.
      if (error instanceof DatabaseUnavailable) throw error;
      const refused = (): never => {
        throw error;
      };
      return { event, made: refused, gone };
    }
  }

  #write(projected: readonly Projected[]): void {
    for (const { event, made: result, gone } of projected) {
      this.#gone += gone;
      if (this.#careful) this.#db.exec('savepoint one');
      let made: readonly RowOperation[];
      try {
        made = result();
        if (this.#careful) this.#store(made);
      } catch (error) {
        if (this.#careful) this.#db.exec('rollback to one');
        this.#park(event, error);
        continue;
      } finally {
        if (this.#careful) this.#db.exec('release one');
      }
      // The quick way: what a table refuses here sends the whole transaction the careful way.
      if (!this.#careful) this.#store(made);
    }
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

  #park({ stream, revision, token, type }: LoggedEvent, error: unknown): void {
    this.#db
      .prepare('insert into parked values (?, ?, ?, ?, ?) on conflict (stream, revision) do nothing')
      .run(stream, revision, token, type, reasonOf(error));
  }

  #number(text: string): number {
    return Number(this.#db.prepare(text).get()?.['n']);
  }
}

/** A code, never a message: messages of parsers quote what they read. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const named: unknown = 'code' in error ? error.code : 'name' in error ? error.name : undefined;
  return typeof named === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(named) ? named : 'unknown';
}
