import { DatabaseSync } from 'node:sqlite';

/** The log is being written by another process; one process writes a folder at a time. */
export class LogInUse extends Error {
  override readonly name = 'LogInUse';
}

/*
 * A stream is mostly one fact or one look with an event or two: its name stands in the event itself. A table of streams with integer keys
 * would be two more pages in every commit and a join in every scan.
 */
const SCHEMA = `
create table if not exists event (
  position integer primary key,
  stream text not null,
  revision integer not null,
  family text not null,
  type text not null,
  id text not null,
  data blob not null
) strict;
create unique index if not exists event_by_stream on event (stream, revision);
`;

/** The one write connection: WAL, every commit synced (read back, because a build may ignore it), checkpoints left to a worker. */
export function openForWriting(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 5000 });
  db.exec('pragma locking_mode = normal');
  db.exec('pragma journal_mode = wal');
  db.exec('pragma synchronous = full');
  db.exec('pragma cache_size = -16000');
  const { synchronous } = db.prepare('pragma synchronous').get() as { synchronous: number };
  if (synchronous !== 2) throw new Error('the database does not sync its commits (pragma synchronous)');
  db.exec(SCHEMA);
  return db;
}

/** A read connection beside the writer: reads never wait for an open transaction. */
export function openForReading(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  db.exec('pragma cache_size = -16000');
  db.exec('pragma mmap_size = 67108864');
  return db;
}
