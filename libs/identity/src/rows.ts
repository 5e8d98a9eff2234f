import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

interface Waiting {
  readonly write: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The SQLite file of identity: `secure_delete`, write-ahead log, one connection. Two ways to write: `durable` joins the next group
 * commit and answers once it is on disk (`synchronous=FULL`); `soon` commits at once without waiting for the disk, for rows that the
 * log gives back after a crash.
 */
export class IdentityFile {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  #waiting: Waiting[] = [];

  constructor(path: string, schema: string) {
    this.#database = new DatabaseSync(path, { timeout: 5_000 });
    this.#database.exec(
      'pragma journal_mode=wal; pragma synchronous=full; pragma secure_delete=on; pragma wal_autocheckpoint=4000;',
    );
    this.#database.exec(schema);
  }

  /** The first row of a query. */
  get(sql: string, ...parameters: readonly SQLInputValue[]): Readonly<Record<string, unknown>> | undefined {
    return this.#prepared(sql).get(...parameters);
  }

  /** All rows of a query. */
  all(sql: string, ...parameters: readonly SQLInputValue[]): readonly Readonly<Record<string, unknown>>[] {
    return this.#prepared(sql).all(...parameters);
  }

  /** Runs a statement; only inside a `write`. */
  run(sql: string, ...parameters: readonly SQLInputValue[]): void {
    this.#prepared(sql).run(...parameters);
  }

  /** Joins the next group commit; resolves when it is on disk. A write that throws is refused alone. */
  durable(write: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.flush());
      this.#waiting.push({ write, resolve, reject });
    });
  }

  /** Commits at once, visible to the next read; survives a killed process but perhaps not a lost power supply. */
  soon(write: () => void): void {
    this.#database.exec('pragma synchronous=normal');
    try {
      this.#transaction(write);
    } finally {
      this.#database.exec('pragma synchronous=full');
    }
  }

  /** Commits what waits, now. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const batch = this.#waiting;
    this.#waiting = [];
    const refused = new Map<Waiting, unknown>();
    try {
      this.#transaction(() => {
        for (const waiting of batch) {
          this.#database.exec('savepoint one');
          try {
            waiting.write();
          } catch (error) {
            refused.set(waiting, error);
            this.#database.exec('rollback to one');
          }
          this.#database.exec('release one');
        }
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const waiting of batch) {
      if (refused.has(waiting)) waiting.reject(refused.get(waiting));
      else waiting.resolve();
    }
  }

  /** Leaves nothing of deleted rows in the write-ahead log (design §3.5). */
  forget(): void {
    this.flush();
    this.#database.exec('pragma wal_checkpoint(truncate)');
  }

  close(): void {
    this.forget();
    this.#database.close();
  }

  #transaction(write: () => void): void {
    this.#database.exec('begin immediate');
    try {
      write();
    } catch (error) {
      this.#database.exec('rollback');
      throw error;
    }
    this.#database.exec('commit');
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
