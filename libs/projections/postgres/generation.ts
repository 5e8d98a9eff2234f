import type pg from 'pg';
import { indexTexts } from '#database';
import { StatementRefused, told, transactionOn } from '#database/postgres';
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
import { GENERATION, MOVE, schemaOf, type StoredGeneration } from './registry.ts';
import { BulkWriter } from './writer.ts';

/** Views are made again from the log, and a checkpoint is never ahead of its rows: a commit need not wait for the disk. */
const BEGIN = 'begin; set local synchronous_commit = off';
/** What SQLSTATE says of the row or the statement: data exception, constraint, no such column, another type. Not a missing right: that is no event's fault. */
const OF_THE_ROW = /^(22|23|42703|42804)/;
/** For what takes as long as the table is large; in milliseconds. */
const A_DAY = 86_400_000;

/** One generation in a schema of its own. Whoever writes to it, or erases from it, holds the row of its checkpoint. */
export class PostgresGeneration implements Generation {
  readonly number: number;
  readonly version: number;
  readonly #view: string;
  readonly #schema: string;
  readonly #pool: pg.Pool;
  readonly #definition: ViewDefinition;
  readonly #writer: BulkWriter;
  #loading: boolean;
  #token: LogToken | null;
  #events: number;
  #erasures: number;
  #careful = false;

  constructor(pool: pg.Pool, definition: ViewDefinition, stored: StoredGeneration) {
    this.number = stored.number;
    this.version = stored.version;
    this.#view = definition.name;
    this.#schema = schemaOf(definition.name, stored.number);
    this.#pool = pool;
    this.#definition = definition;
    this.#loading = stored.indexed === 0;
    this.#token = stored.token as LogToken | null;
    this.#events = stored.events;
    this.#erasures = stored.erasures;
    this.#writer = new BulkWriter(this.#schema, definition.tables, !this.#loading);
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

  async write(batch: ProjectedBatch): Promise<Written> {
    const { made, gone, erasures, to } = batch;
    try {
      const written = await transactionOn(this.#pool, BEGIN, async (client) => {
        const set = [this.#view, this.number, this.#token, erasures, to, made.length, gone];
        const { rowCount } = await told(() => client.query({ name: 'views-move', text: MOVE, values: set }));
        if (rowCount !== 1) return this.#whyNot(client);
        const removed = await (this.#careful ? this.#storeOneByOne(client, made) : this.#storeAll(client, made));
        await this.#count(client, removed);
        return 'written';
      });
      if (written === 'again') return written;
    } catch (error) {
      if (this.#careful || !isOfTheRow(error)) throw error;
      this.#careful = true;
      return 'again';
    }
    this.#careful = false;
    this.#token = to;
    this.#events += made.length;
    return 'written';
  }

  /** Every batch is a transaction of its own. */
  async save(): Promise<void> {
    return Promise.resolve();
  }

  async finish(): Promise<void> {
    if (!this.#loading) return;
    const indexing = `begin; set local statement_timeout = 0; set local search_path = "${this.#schema}"`;
    await transactionOn(this.#pool, indexing, async (client) => {
      const ask = (text: string, values: unknown[] = []) => told(() => client.query(patient(text, values)));
      // An erasure waits here and not for a table, behind which the end of this would wait for it.
      await ask('select 1 from views.generation where view = $1 and number = $2 for update', [this.#view, this.number]);
      for (const text of indexTexts(this.#definition.tables)) await ask(text);
      this.#writer.useKeys();
      const { rows } = await told(() => client.query<{ operation: string }>('select operation from later order by id'));
      const later = rows.map(({ operation }) => JSON.parse(operation) as RowOperation);
      await this.#count(client, await this.#writer.write(client, later));
      await ask('delete from later');
      await ask('update views.generation set indexed = 1 where view = $1 and number = $2', [this.#view, this.number]);
    });
    this.#loading = false;
    await this.#survey();
  }

  async parked(): Promise<number> {
    return this.#number(`select count(*) as n from "${this.#schema}".parked`);
  }
  async gone(): Promise<number> {
    return this.#number('select gone as n from views.generation where view = $1 and number = $2', [
      this.#view,
      this.number,
    ]);
  }
  async counts(): Promise<Readonly<Record<string, number>>> {
    const tables = await told(() =>
      this.#pool.query<{ name: string }>(
        `select tablename as name from pg_catalog.pg_tables
         where schemaname = $1 and tablename not in ('parked', 'later') order by name`,
        [this.#schema],
      ),
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables.rows)
      counts[name] = await this.#number(`select count(*) as n from "${this.#schema}"."${name}"`);
    return counts;
  }

  /** How many rows there are decides how queries are carried out, and an index alone answers where rows are known to be visible to all. */
  async #survey(): Promise<void> {
    const client = await told(() => this.#pool.connect());
    let broken = true;
    try {
      await told(() => client.query('set statement_timeout = 0'));
      for (const table of Object.keys(this.#definition.tables))
        await told(() => client.query(patient(`vacuum (analyze) "${this.#schema}"."${table}"`)));
      await told(() => client.query('reset statement_timeout'));
      broken = false;
    } finally {
      client.release(broken);
    }
  }

  /** Somebody else moved the checkpoint, or an erasure came between the projecting and the writing. */
  async #whyNot(client: pg.ClientBase): Promise<Written> {
    const { rows } = await told(() => client.query<StoredGeneration>(GENERATION, [this.#view, this.number]));
    const [stored] = rows;
    if (stored?.token !== this.#token || stored.erasures === this.#erasures)
      throw new CheckpointMoved(this.#token, (stored?.token ?? null) as LogToken | null);
    this.#erasures = stored.erasures;
    return 'again';
  }

  async #storeAll(client: pg.ClientBase, made: readonly Made[]): Promise<number> {
    for (const each of made) if ('reason' in each) await this.#park(client, each, each.reason);
    const operations = made.flatMap((each) => ('reason' in each ? [] : each.operations));
    return this.#store(client, operations);
  }

  async #storeOneByOne(client: pg.ClientBase, made: readonly Made[]): Promise<number> {
    let removed = 0;
    for (const each of made) {
      if ('reason' in each) {
        await this.#park(client, each, each.reason);
        continue;
      }
      await told(() => client.query('savepoint one'));
      try {
        removed += await this.#store(client, each.operations);
        await told(() => client.query('release one'));
      } catch (error) {
        if (!isOfTheRow(error)) throw error;
        await told(() => client.query('rollback to one'));
        await this.#park(client, each, ROW_REFUSED);
      }
    }
    return removed;
  }

  async #store(client: pg.ClientBase, operations: readonly RowOperation[]): Promise<number> {
    if (!this.#loading) return this.#writer.write(client, operations);
    const waits = (operation: RowOperation) => operation.op === 'remove' && operation.final === true;
    for (const operation of operations.filter(waits)) {
      const text = `insert into "${this.#schema}".later (operation) values ($1)`;
      await told(() => client.query(text, [JSON.stringify(operation)]));
    }
    return this.#writer.write(
      client,
      operations.filter((operation) => !waits(operation)),
    );
  }

  async #park(
    client: pg.ClientBase,
    { event: { stream, revision, token, type } }: Made,
    reason: string,
  ): Promise<void> {
    const text = `insert into "${this.#schema}".parked values ($1, $2, $3, $4, $5) on conflict (stream, revision) do nothing`;
    await told(() => client.query(text, [stream, revision, token, type, reason]));
  }

  async #count(client: pg.ClientBase, removed: number): Promise<void> {
    if (removed === 0) return;
    const text = 'update views.generation set gone = gone + $3 where view = $1 and number = $2';
    await told(() => client.query(text, [this.#view, this.number, removed]));
  }

  async #number(text: string, values: unknown[] = []): Promise<number> {
    const { rows } = await told(() => this.#pool.query<{ n: number }>(text, values));
    return rows[0]?.n ?? 0;
  }
}

function patient(text: string, values: unknown[] = []): pg.QueryConfig {
  const config: pg.QueryConfig & { readonly query_timeout: number } = { text, values, query_timeout: A_DAY };
  return config;
}

/** Whether a table refused a row; that the server is gone is another matter and parks nothing. */
function isOfTheRow(error: unknown): boolean {
  if (error instanceof StatementRefused) return OF_THE_ROW.test(error.code);
  return error instanceof Error && (error.message === 'unknown-table' || error.message === 'no-condition');
}
