import { createHash } from 'node:crypto';
import type pg from 'pg';
import { SchemaNotCurrent, type Database, type SqlRow, type SqlSession, type SqlValue } from '../src/port.ts';
import { storedVersion, versionOf, type StoreSchema } from '../src/schema.ts';
import { openPool, told, transactionOn } from './pool.ts';
import { StatementRefused } from './refused.ts';

/** A store on the server. */
export interface PostgresOptions {
  readonly url: string;
  readonly store: StoreSchema;
  /** Most connections at once (default 4). */
  readonly most?: number;
}

/** Opens a store's schema; throws `SchemaNotCurrent` where `migrateDatabase` was not run for this version, `DatabaseUnavailable`. */
export async function openPostgresDatabase({ url, store, most }: PostgresOptions): Promise<Database> {
  const pool = openPool({ url, schema: store.name, ...(most === undefined ? {} : { most }) });
  const database = new PostgresDatabase(pool, store.name);
  try {
    const version = await storedVersion(database).catch((error: unknown) => {
      // No such table or schema, or no right to it: as little use as an old one.
      if (error instanceof StatementRefused) return 0;
      throw error;
    });
    if (version !== versionOf(store)) throw new SchemaNotCurrent(store.name);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  readonly #schema: string;
  #closed: Promise<void> | undefined;

  constructor(pool: pg.Pool, schema: string) {
    this.#pool = pool;
    this.#schema = schema;
  }

  async get(text: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return (await this.all(text, ...values))[0];
  }
  async all(text: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return (await this.#ask(text, values)).rows;
  }
  async run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return (await this.#ask(text, values)).rowCount ?? 0;
  }

  transaction<T>(work: (session: SqlSession) => Promise<T>, lock?: string | readonly string[]): Promise<T> {
    return this.#within('begin', work, lock);
  }

  relaxed<T>(work: (session: SqlSession) => Promise<T>, lock?: string | readonly string[]): Promise<T> {
    return this.#within('begin; set local synchronous_commit = off', work, lock);
  }

  #within<T>(
    begin: string,
    work: (session: SqlSession) => Promise<T>,
    lock: string | readonly string[] = [],
  ): Promise<T> {
    const locks = [lock].flat().map((name) => `${this.#schema}:${name}`);
    return transactionOn(this.#pool, begin, async (client) => {
      if (locks.length > 0) await told(() => client.query(LOCK, [locks]));
      return work(sessionOn(client));
    });
  }

  /** Nothing can be promised of a server's dead rows and write-ahead log: what must not come back is under a key that is rolled. */
  forget(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  #ask(text: string, values: readonly SqlValue[]): Promise<pg.QueryResult<SqlRow>> {
    return told(() => this.#pool.query<SqlRow>(prepared(text, values)));
  }
}

/** A session on a connection that is in a transaction. */
export function sessionOn(client: pg.ClientBase): SqlSession {
  const ask = (text: string, values: readonly SqlValue[]) => told(() => client.query<SqlRow>(prepared(text, values)));
  return {
    get: async (text, ...values) => (await ask(text, values)).rows[0],
    all: async (text, ...values) => (await ask(text, values)).rows,
    run: async (text, ...values) => (await ask(text, values)).rowCount ?? 0,
  };
}

/** Waits for the others, always in the same order, so that two never wait for each other; let go at the end of the transaction. */
const LOCK = `select pg_advisory_xact_lock(hash) from
  (select hashtextextended(name, 0) as hash from unnest($1::text[]) as name order by 1) as locks`;
const MOST_PREPARED = 500;
const statements = new Map<string, { readonly name: string; readonly text: string }>();

/** `?` becomes `$1`, `$2`, …; the server plans each text once a connection. */
function prepared(text: string, values: readonly SqlValue[]): pg.QueryConfig {
  let statement = statements.get(text);
  if (statement === undefined) {
    let at = 0;
    const numbered = text.replaceAll('?', () => `$${String((at += 1))}`);
    statement = { name: `t${createHash('sha256').update(text).digest('hex').slice(0, 32)}`, text: numbered };
    if (statements.size < MOST_PREPARED) statements.set(text, statement);
  }
  const bound = values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value));
  // Texts without parameters may be DDL, which can't be prepared.
  return values.length === 0 ? { text: statement.text } : { ...statement, values: bound };
}
