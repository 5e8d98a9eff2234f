import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { SchemaNotCurrent, type Database, type SqlRow, type SqlSession, type SqlValue } from '../src/port.ts';
import { migrateStore, storedVersion, versionOf, type StoreSchema } from '../src/schema.ts';
import { turns } from '../src/turns.ts';

/** Where a store is kept on one machine. */
export interface SqliteOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly store: StoreSchema;
  /** `full`: on disk when a transaction answers. `normal`: survives a killed process, perhaps not a lost power supply. */
  readonly synchronous?: 'full' | 'normal';
}

/** Opens or makes the file of a store; deleted bytes are overwritten. Throws `SchemaNotCurrent` for a file of a newer version. */
export async function openSqliteDatabase(options: SqliteOptions): Promise<Database> {
  const database = new SqliteDatabase(options);
  try {
    await database.transaction((session) => migrateStore(session, 'sqlite', options.store));
    if ((await storedVersion(database)) !== versionOf(options.store)) throw new SchemaNotCurrent(options.store.name);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

/** A transaction that waits for the next commit. */
interface Waiting {
  /** Does it; what it gives is called once it is on disk. */
  readonly work: (session: SqlSession) => Promise<() => void>;
  readonly reject: (error: unknown) => void;
}

class SqliteDatabase implements Database {
  readonly kind = 'sqlite';
  readonly #db: DatabaseSync;
  readonly #session: SqlSession;
  readonly #synchronous: 'full' | 'normal';
  readonly #inTurn = turns();
  #waiting: Waiting[] = [];
  #working = false;

  constructor({ path, synchronous = 'full' }: SqliteOptions) {
    this.#synchronous = synchronous;
    this.#db = new DatabaseSync(path, { timeout: 5_000 });
    this.#db.exec(
      `pragma journal_mode = wal; pragma synchronous = ${synchronous}; pragma secure_delete = on; pragma temp_store = memory;
       pragma wal_autocheckpoint = 4000; pragma foreign_keys = on;`,
    );
    this.#session = sessionOf(this.#db);
  }

  get(text: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined> {
    return this.#outside(() => this.#session.get(text, ...values));
  }
  all(text: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]> {
    return this.#outside(() => this.#session.all(text, ...values));
  }
  run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.#outside(() => this.#session.run(text, ...values));
  }

  /** What is asked for in one turn of the event loop goes to disk together; a work that throws is refused alone. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => void this.#inTurn(() => this.#commitTogether()));
      this.#waiting.push({
        work: async (session) => {
          const value = await work(session);
          return () => resolve(value);
        },
        reject,
      });
    });
  }

  relaxed<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      this.#db.exec('pragma synchronous = normal');
      try {
        return await this.#within(() => work(this.#session));
      } finally {
        this.#db.exec(`pragma synchronous = ${this.#synchronous}`);
      }
    });
  }

  async #commitTogether(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    // Whoever closes does not wait for the turn of the event loop.
    if (batch.length === 0) return;
    const done: (() => void)[] = [];
    try {
      await this.#within(async () => {
        for (const each of batch) done.push(await this.#savepoint(each));
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const answer of done) answer();
  }

  async #savepoint({ work, reject }: Waiting): Promise<() => void> {
    this.#db.exec('savepoint one');
    try {
      const answer = await work(this.#session);
      this.#db.exec('release one');
      return answer;
    } catch (error) {
      // A full disk ends the whole of it, whatever was to be kept.
      if (!this.#db.isTransaction) throw error;
      this.#db.exec('rollback to one; release one');
      return () => reject(error);
    }
  }

  async #within<T>(work: () => Promise<T>): Promise<T> {
    this.#db.exec('begin immediate');
    this.#working = true;
    try {
      const value = await work();
      this.#db.exec('commit');
      return value;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    } finally {
      this.#working = false;
    }
  }

  async forget(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#commitTogether();
      const row = this.#db.prepare('pragma wal_checkpoint(truncate)').get();
      if (row?.['busy'] === 1) throw new Error('another process reads this store; its copy of what was deleted stays');
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#commitTogether();
      if (this.#db.isOpen) this.#db.close();
    });
  }

  /** One connection: what is asked while a transaction waits for something must neither see it nor become part of it. */
  #outside<T>(ask: () => Promise<T>): Promise<T> {
    return this.#working ? this.#inTurn(ask) : ask();
  }
}

function sessionOf(db: DatabaseSync): SqlSession {
  const statements = new Map<string, StatementSync>();
  const prepared = (text: string): StatementSync => {
    let statement = statements.get(text);
    if (statement === undefined) {
      statement = db.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  };
  const given = (values: readonly SqlValue[]) => values as readonly SQLInputValue[];
  // Async functions, so that what SQLite throws rejects as the other database's would.
  return {
    get: async (text, ...values) => prepared(text).get(...given(values)) as SqlRow | undefined,
    all: async (text, ...values) => prepared(text).all(...given(values)) as readonly SqlRow[],
    run: async (text, ...values) => Number(prepared(text).run(...given(values)).changes),
  };
}
