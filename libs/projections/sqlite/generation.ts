import type { DatabaseSync } from 'node:sqlite';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { ProjectContext, RowOperation, Table, ViewDefinition } from '../src/definition.ts';
import { openForWriting } from './database.ts';
import { RowWriter } from './writer.ts';

/** The checkpoint was not where this runner left it: somebody else writes this view. Nothing was written. */
export class CheckpointMoved extends Error {
  override readonly name = 'CheckpointMoved';
  constructor(expected: LogToken | null, actual: LogToken | null) {
    super(`expected checkpoint ${expected ?? 'none'}, is ${actual ?? 'none'}`);
  }
}

/** One file of a view: its tables, what was parked, and how far it has read, moved in one transaction. */
export class Generation {
  readonly number: number;
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #definition: ViewDefinition;
  readonly #writer: RowWriter;
  readonly #context: ProjectContext;
  #token: LogToken | null;
  #events: number;

  constructor(path: string, number: number, definition: ViewDefinition, context: ProjectContext) {
    this.path = path;
    this.number = number;
    this.#definition = definition;
    this.#context = context;
    this.#db = openForWriting(path);
    this.#db.exec('begin immediate');
    const made = this.#db.prepare("select 1 from sqlite_master where name = 'checkpoint'").get();
    // A file of another version keeps its own tables and serves them until the swap.
    if (made === undefined) {
      for (const [name, table] of Object.entries(definition.tables)) this.#db.exec(tableText(name, table));
      this.#db
        .exec(`create table if not exists checkpoint (id integer primary key, token text, events integer not null, version integer not null);
      create table if not exists parked (stream text not null, revision integer not null, token text not null, type text not null, reason text not null, primary key (stream, revision));
      insert into checkpoint values (1, null, 0, ${String(definition.version)}) on conflict (id) do nothing;`);
    }
    this.#db.exec('commit');
    const row = this.#db.prepare('select token, events from checkpoint where id = 1').get();
    this.#token = (row?.['token'] ?? null) as LogToken | null;
    this.#events = Number(row?.['events'] ?? 0);
    this.#writer = new RowWriter(this.#db, definition.tables);
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
    return Number(this.#db.prepare('select version from checkpoint where id = 1').get()?.['version']);
  }
  get parked(): number {
    return Number(this.#db.prepare('select count(*) as n from parked').get()?.['n']);
  }

  /** Writes a batch and moves the checkpoint to `to`, both or neither; events at or before the checkpoint are passed over. */
  apply(log: EventLog, batch: readonly LoggedEvent[], to: LogToken): void {
    const from = this.#token;
    if (from !== null && log.compare(to, from) <= 0) return;
    const events = from === null ? batch : batch.filter(({ token }) => log.compare(token, from) > 0);
    try {
      this.#transaction(from, to, events, () => this.#together(events));
    } catch (error) {
      if (error instanceof CheckpointMoved) throw error;
      this.#transaction(from, to, events, () => this.#oneByOne(events));
    }
    this.#token = to;
    this.#events += events.length;
  }

  /** Removes an erased record's rows and their bytes, from the write-ahead log too. */
  erase(recordId: string): void {
    const operations = this.#definition.erase?.(recordId) ?? [];
    this.#db.exec('begin immediate');
    try {
      this.#writer.write(operations);
      this.#db.exec('commit');
    } catch (error) {
      this.#db.exec('rollback');
      throw error;
    }
    const row = this.#db.prepare('pragma wal_checkpoint(truncate)').get();
    if (row?.['busy'] !== 0) throw new Error('wal-not-truncated');
  }

  /** Rows of every table, for comparing generations. */
  counts(): Readonly<Record<string, number>> {
    const names = this.#db
      .prepare("select name from sqlite_master where type = 'table' and name not in ('checkpoint', 'parked')")
      .all()
      .map((row) => String(row['name']));
    return Object.fromEntries(
      names.map((name) => [name, Number(this.#db.prepare(`select count(*) as n from "${name}"`).get()?.['n'])]),
    );
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  #together(events: readonly LoggedEvent[]): void {
    const operations: RowOperation[] = [];
    for (const event of events) {
      let made: readonly RowOperation[];
      try {
        made = this.#definition.project(event, this.#context);
      } catch (error) {
        this.#park(event, error);
        continue;
      }
      for (const operation of made) operations.push(operation);
    }
    this.#writer.write(operations);
  }

  /** The slow way round a row that a table refuses: only its event is parked. */
  #oneByOne(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      this.#db.exec('savepoint one');
      try {
        this.#writer.write(this.#definition.project(event, this.#context));
      } catch (error) {
        this.#db.exec('rollback to one');
        this.#park(event, error);
      }
      this.#db.exec('release one');
    }
  }

  #park({ stream, revision, token, type }: LoggedEvent, error: unknown): void {
    this.#db
      .prepare('insert into parked values (?, ?, ?, ?, ?) on conflict (stream, revision) do nothing')
      .run(stream, revision, token, type, reasonOf(error));
  }

  #transaction(from: LogToken | null, to: LogToken, events: readonly LoggedEvent[], write: () => void): void {
    this.#db.exec('begin immediate');
    try {
      write();
      const moved = this.#db
        .prepare('update checkpoint set token = ?, events = events + ? where id = 1 and token is not distinct from ?')
        .run(to, events.length, from);
      if (moved.changes !== 1) {
        const now = this.#db.prepare('select token from checkpoint where id = 1').get();
        throw new CheckpointMoved(from, (now?.['token'] ?? null) as LogToken | null);
      }
      this.#db.exec('commit');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }
}

/** A code, never a message: messages of parsers quote what they read. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  const named: unknown = 'code' in error ? error.code : 'name' in error ? error.name : undefined;
  return typeof named === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(named) ? named : 'unknown';
}

function tableText(name: string, table: Table): string {
  const columns = Object.entries(table.columns).map(
    ([column, { type, notNull }]) => `"${column}" ${type}${notNull === true ? ' not null' : ''}`,
  );
  const list = (names: readonly string[]) => names.map((column) => `"${column}"`).join(', ');
  const indexes = (table.indexes ?? []).map(
    (index) => `create index if not exists "${name}_${index.join('_')}" on "${name}" (${list(index)});`,
  );
  return `create table if not exists "${name}" (${columns.join(', ')}, primary key (${list(table.primaryKey)})); ${indexes.join(' ')}`;
}
