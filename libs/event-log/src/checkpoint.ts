import type { Database, StoreSchema } from '#database';
import type { LogToken } from './port.ts';

/** How far a reader came, kept for its next start. May lag behind what was done: then it is done again. */
export interface Checkpoint {
  /** Null where nothing was read yet. */
  read(): Promise<LogToken | null>;
  write(token: LogToken): Promise<void>;
}

/** The places of every reader of the log that keeps nothing else. */
export const POSITIONS_STORE: StoreSchema = {
  name: 'positions',
  tables: {
    position: {
      columns: { reader: { type: 'text', notNull: true }, token: { type: 'text', notNull: true } },
      primaryKey: ['reader'],
    },
  },
};

/** A reader's row among the positions. */
export function storedCheckpoint(database: Database, reader: string): Checkpoint {
  return {
    read: async () => {
      const row = await database.get('select token from position where reader = ?', reader);
      return row === undefined ? null : (String(row['token']) as LogToken);
    },
    write: async (token) => {
      await database.run(
        'insert into position (reader, token) values (?, ?) on conflict (reader) do update set token = excluded.token',
        reader,
        token,
      );
    },
  };
}

/** A checkpoint that is told often and written seldom. */
export interface LazyCheckpoint {
  read(): Promise<LogToken | null>;
  /** Written at most once in so many milliseconds. */
  tell(token: LogToken): void;
  /** Writes what waits: before the end. */
  flush(): Promise<void>;
}

/** `everyMs`: shortest time between two writes. A write that fails is told to `failed` and done again with the next token. */
export function lazyCheckpoint(
  checkpoint: Checkpoint,
  everyMs: number,
  failed: (error: unknown) => void,
): LazyCheckpoint {
  let latest: LogToken | undefined;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    const token = latest;
    latest = undefined;
    // One after another: an older token must not be the last one written.
    if (token !== undefined) writing = writing.then(() => checkpoint.write(token)).catch(failed);
    return writing;
  };
  return {
    read: () => checkpoint.read(),
    tell: (token) => {
      latest = token;
      timer ??= setTimeout(() => void flush(), everyMs).unref();
    },
    flush,
  };
}
