import { DatabaseSync } from 'node:sqlite';
import type { EventLog } from '../src/port.ts';
import { Appender } from './append.ts';
import { SqliteLog } from './log.ts';
import { LogInUse, openForReading, openForWriting } from './schema.ts';
import { WalCheckpoints } from './wal-checkpoints.ts';

export { LogInUse } from './schema.ts';

/** Where the log is kept. */
export interface SqliteLogOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** For tests of a full disk: at most this many pages of 4 KiB. */
  readonly maxPages?: number;
}

/** Opens the log for writing and reading. Throws {@link LogInUse} where another process has it open. */
export async function openSqliteLog({ path, maxPages }: SqliteLogOptions): Promise<EventLog> {
  const release = path === ':memory:' ? () => undefined : lock(path);
  try {
    const db = openForWriting(path);
    if (maxPages !== undefined) db.exec(`pragma max_page_count = ${String(maxPages)}`);
    const writing = { db, appender: new Appender(db) };
    if (path === ':memory:') {
      return new SqliteLog({ reading: db, writing, pollMs: 0, onClose: async () => db.close() });
    }
    const reading = openForReading(path);
    const checkpoints = new WalCheckpoints(db, path);
    const onClose = async () => {
      await checkpoints.close();
      reading.close();
      db.close();
      release();
    };
    return new SqliteLog({ reading, writing, pollMs: 0, onCommit: () => checkpoints.committed(), onClose });
  } catch (error) {
    release();
    throw error;
  }
}

/** Opens a log beside the process that writes it, for reading only: verification and backup. */
export async function openSqliteLogReader({
  path,
  pollMs = 500,
}: {
  readonly path: string;
  readonly pollMs?: number;
}): Promise<EventLog> {
  const reading = openForReading(path);
  return new SqliteLog({ reading, pollMs, onClose: async () => reading.close() });
}

/** A lock that the operating system lets go when the process ends, however it ends: an open transaction on a file of its own. */
function lock(path: string): () => void {
  const held = new DatabaseSync(`${path}.lock`, { timeout: 0 });
  try {
    held.exec('begin exclusive');
  } catch {
    held.close();
    throw new LogInUse('another process writes this log');
  }
  return () => {
    if (held.isOpen) held.close();
  };
}
