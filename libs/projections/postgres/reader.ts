import { setTimeout as wait } from 'node:timers/promises';
import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type pg from 'pg';
import { openPool, StatementRefused, told } from '#database/postgres';
import type { ViewTables } from '../src/store.ts';
import { ViewQueryCompiler } from './compiler.ts';
import { prepared, type Prepared } from './statements.ts';
import { schemaOf } from './registry.ts';

/** So long is a process content with what it knows of which generation serves, in milliseconds. */
const KNOWN_FOR = 500;
/** A pool that is not asked any more ends after this, in milliseconds; queries begun on it have a statement time-out of a minute. */
const ENDS_AFTER = 2_000;
/** SQLSTATE: no such table, no such schema. */
const GONE = ['42P01', '3F000'];
const MOST_PREPARED = 500;
/** Nothing is written here. What people ask for is small and mostly in memory: a server that thinks of spinning disks would rather read a table from end to end. */
const SETTINGS = ['default_transaction_read_only=on', 'random_page_cost=1.1'];

/** No projector has made this view yet; nothing can be asked of it. */
export class ViewNotMade extends Error {
  override readonly name = 'ViewNotMade';
}

interface Connected {
  readonly number: number;
  readonly pool: pg.Pool;
}

/** How a process reads one view. */
export interface ReaderOptions {
  readonly url: string;
  readonly view: string;
  /** Most connections. */
  readonly most: number;
  /** Number of the generation that serves; null where there is none yet. */
  readonly live: () => Promise<number | null>;
}

/**
 * Queries on the generation that serves. Every connection knows one generation only, by its search path: a query never meets tables of two, and
 * what the server has prepared on it holds as long as it does. A generation that was replaced stays for a while; who comes later asks again.
 */
export class GenerationReader {
  readonly db: Kysely<ViewTables>;
  readonly #options: ReaderOptions;
  readonly #statements = new Map<string, Prepared>();
  readonly #ending = new Set<Promise<void>>();
  readonly #closing = new AbortController();
  #connected: Connected | undefined;
  #looked = -Infinity;
  #looking: Promise<Connected> | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.db = new Kysely<ViewTables>({ dialect: dialectOf(this) });
  }

  /** Tells which generation serves, where that was asked anyway. */
  serve(number: number): void {
    // An answer that was long on its way takes nothing back: numbers only grow.
    if (number < (this.#connected?.number ?? 0)) return;
    this.#looked = performance.now();
    if (this.#connected?.number === number) return;
    const { url, view, most } = this.#options;
    const pool = openPool({ url, schema: schemaOf(view, number), most, settings: SETTINGS });
    this.#retire();
    this.#connected = { number, pool };
  }

  async query<R>(text: string, values: readonly unknown[]): Promise<QueryResult<R>> {
    return this.#onLive(async ({ pool }) => {
      const { rows } = await told(() =>
        pool.query<R & pg.QueryResultRow>({ ...this.#prepared(text), values: [...values] }),
      );
      return { rows };
    });
  }

  /** In chunks of rows, by a cursor: memory is that of one chunk. */
  async *stream<R>(text: string, values: readonly unknown[], chunk: number): AsyncIterableIterator<QueryResult<R>> {
    const { pool } = await this.#fresh();
    const client = await told(() => pool.connect());
    try {
      await told(() => client.query('begin read only'));
      await told(() => client.query(`declare rows no scroll cursor for ${text}`, [...values]));
      for (;;) {
        const { rows } = await told(() => client.query<R & pg.QueryResultRow>(`fetch ${String(chunk)} from rows`));
        if (rows.length > 0) yield { rows };
        if (rows.length < chunk) return;
      }
    } finally {
      const broken = await client.query('rollback').then(
        () => false,
        () => true,
      );
      client.release(broken);
    }
  }

  async close(): Promise<void> {
    this.#retire();
    this.#closing.abort();
    await Promise.all(this.#ending);
  }

  async #onLive<T>(ask: (on: Connected) => Promise<T>): Promise<T> {
    const on = await this.#fresh();
    try {
      return await ask(on);
    } catch (error) {
      if (!(error instanceof StatementRefused) || !GONE.includes(error.code)) throw error;
      // It may have been replaced and removed since we looked.
      this.#looked = -Infinity;
      const now = await this.#fresh();
      if (now.number === on.number) throw error;
      return ask(now);
    }
  }

  async #fresh(): Promise<Connected> {
    if (this.#connected !== undefined && performance.now() - this.#looked <= KNOWN_FOR) return this.#connected;
    // Who asks meanwhile waits for the same answer.
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<Connected> {
    const number = await this.#options.live();
    if (number !== null) this.serve(number);
    if (this.#connected === undefined) throw new ViewNotMade(this.#options.view);
    return this.#connected;
  }

  #retire(): void {
    const old = this.#connected;
    this.#connected = undefined;
    if (old === undefined) return;
    const ending = (async () => {
      await wait(ENDS_AFTER, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
      await old.pool.end();
    })();
    this.#ending.add(ending);
    void ending.finally(() => this.#ending.delete(ending));
  }

  #prepared(text: string): Prepared | { readonly text: string } {
    let statement = this.#statements.get(text);
    if (statement !== undefined) return statement;
    if (this.#statements.size >= MOST_PREPARED) return { text };
    statement = prepared(text);
    this.#statements.set(text, statement);
    return statement;
  }
}

function dialectOf(reader: GenerationReader): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new ViewQueryCompiler(),
    createDriver: () => new ViewDriver(reader),
  };
}

/** Each query finds its own connection; views are read, so there is nothing to begin or commit. */
class ViewDriver implements Driver {
  readonly #connection: DatabaseConnection;

  constructor(reader: GenerationReader) {
    this.#connection = {
      executeQuery: <R>({ sql, parameters }: CompiledQuery) => reader.query<R>(sql, parameters),
      streamQuery: <R>({ sql, parameters }: CompiledQuery, chunk?: number) =>
        reader.stream<R>(sql, parameters, chunk ?? 100),
    };
  }

  async init(): Promise<void> {
    return Promise.resolve();
  }
  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection;
  }
  async releaseConnection(): Promise<void> {
    return Promise.resolve();
  }
  async beginTransaction(): Promise<void> {
    return Promise.reject(new Error('a view is read without transactions'));
  }
  async commitTransaction(): Promise<void> {
    return Promise.resolve();
  }
  async rollbackTransaction(): Promise<void> {
    return Promise.resolve();
  }
  async destroy(): Promise<void> {
    return Promise.resolve();
  }
}
