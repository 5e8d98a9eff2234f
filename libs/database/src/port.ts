/** What both databases store: booleans are 0 or 1, times ISO text. */
export type SqlValue = string | number | null | Uint8Array;
/** A row by column name. Integers come as numbers. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** Statements in the SQL that SQLite and PostgreSQL share; parameters are `?`, in order, and no text may hold a `?` of its own. */
export interface SqlSession {
  /** The first row, undefined where there is none. */
  get(text: string, ...values: readonly SqlValue[]): Promise<SqlRow | undefined>;
  all(text: string, ...values: readonly SqlValue[]): Promise<readonly SqlRow[]>;
  /** How many rows were changed. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>;
}

/** A store of a few tables: one SQLite file, or one schema of a PostgreSQL database. What a process keeps besides the log goes through this port. */
export interface Database extends SqlSession {
  readonly kind: 'sqlite' | 'postgres';
  /**
   * All or nothing, durable when it answers; the work sees what it wrote. Take turns by `lock` where two processes must not decide on the
   * same rows at once, by several where it decides on several things: whoever wants one of them waits. SQLite lets one in at a time anyway,
   * and one commit carries all that are asked for at once. The work speaks to its own session only, and waits for nothing else.
   */
  transaction<T>(work: (session: SqlSession) => Promise<T>, lock?: string | readonly string[]): Promise<T>;
  /**
   * Like `transaction`, for what the log or its sender gives back: seen by whoever asks next, and kept when a process is killed, but its last
   * moments may be lost with the power. Does not wait for the disk.
   */
  relaxed<T>(work: (session: SqlSession) => Promise<T>, lock?: string | readonly string[]): Promise<T>;
  /** After a deletion: leaves none of its bytes in the write-ahead log of SQLite. PostgreSQL keeps dead rows for a while; see the vault. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/** Something that one process at a time may do, wherever it runs. */
export interface Leadership {
  /**
   * Waits for its turn under the name, then works until the work ends or `signal` aborts; the work's own signal aborts too where the turn
   * is lost (the server went away): then it stands in line again. Rejects with what the work rejects with.
   */
  lead(name: string, signal: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void>;
}

/** Where one process is all there is: every turn is ours. */
export const alone: Leadership = { lead: (_name, signal, work) => work(signal) };

/** The database can't be reached or does not answer; whether a statement was carried out is not known. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  /** A code of the driver or of SQLSTATE; never its message, which may quote values. */
  readonly code: string;
  constructor(code: string) {
    super(`DATABASE_UNAVAILABLE (${code})`);
    this.code = code;
  }
}

/** The tables are not those this version works with: `tellonce migrate` was not run, or a newer version was there. */
export class SchemaNotCurrent extends Error {
  override readonly name = 'SchemaNotCurrent';
  readonly schema: string;
  constructor(schema: string) {
    super(`SCHEMA_NOT_CURRENT (${schema})`);
    this.schema = schema;
  }
}
