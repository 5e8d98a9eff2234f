import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Instant } from '#kernel';
import type { Letter, LetterStore, NewLetter, OffsetStore, Turn } from './offset-store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS followed_offset (
    follower TEXT NOT NULL, part INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (follower, part)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS followed_signal (
    follower TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (follower, id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS followed_letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT, follower TEXT NOT NULL, part INTEGER NOT NULL, place INTEGER NOT NULL,
    reason TEXT NOT NULL, noted INTEGER NOT NULL, key BLOB, value BLOB, headers TEXT NOT NULL, at TEXT NOT NULL, settled TEXT
  ) STRICT;
  CREATE INDEX IF NOT EXISTS followed_letter_open ON followed_letter (follower, id) WHERE settled IS NULL;
`;

/** A receiver's store in SQLite. The connection is the store's own: whatever else wrote on it would be in its transactions. */
export interface SqliteOffsetStore extends OffsetStore<DatabaseSync>, LetterStore<DatabaseSync> {
  /** Forgets ids noted before; as long as a topic is kept is the least. How many went. */
  forgetBefore(at: Instant): number;
}

/** Makes its three tables where they are not. `follower` tells stores in one file apart: topic and group. */
export function sqliteOffsetStore(db: DatabaseSync, follower: string, clock: Clock): SqliteOffsetStore {
  db.exec(SCHEMA);
  const next = db.prepare('SELECT next FROM followed_offset WHERE follower = ? AND part = ?');
  const advance = db.prepare(
    'INSERT INTO followed_offset VALUES (?, ?, ?) ON CONFLICT (follower, part) DO UPDATE SET next = excluded.next',
  );
  const reset = db.prepare('DELETE FROM followed_offset WHERE follower = ? AND part = ?');
  const note = db.prepare('INSERT INTO followed_signal VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  const forget = db.prepare('DELETE FROM followed_signal WHERE follower = ? AND at < ?');
  const keep = db.prepare(
    'INSERT INTO followed_letter (follower, part, place, reason, noted, key, value, headers, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const open = db.prepare(
    'SELECT * FROM followed_letter WHERE follower = ? AND settled IS NULL AND id > ? ORDER BY id LIMIT ?',
  );
  const settle = db.prepare('UPDATE followed_letter SET settled = ? WHERE follower = ? AND id = ? AND settled IS NULL');
  const inTurn = oneAfterTheOther();

  const nextOf = (partition: number) => next.get(follower, partition)?.['next'] as number | undefined;
  const turn: Turn<DatabaseSync> = {
    tx: db,
    first: async (id) => note.run(follower, id, clock.now()).changes === 1,
    setAside: async ({ partition, offset, reason, noted, key, value, headers }) =>
      void keep.run(follower, partition, offset, reason, Number(noted), key, value, headersText(headers), clock.now()),
  };
  return {
    next: async (partition) => nextOf(partition),
    transaction: (partition, offset, effect) =>
      inTurn(() =>
        transaction(db, async () => {
          if (offset < (nextOf(partition) ?? 0)) return false;
          await effect(turn);
          advance.run(follower, partition, offset + 1);
          return true;
        }),
      ),
    reset: (partition) => inTurn(async () => void reset.run(follower, partition)),
    letters: async (after, most) => open.all(follower, after, most).map((row) => letterOf(row as unknown as Row)),
    settle: (id, effect) =>
      inTurn(() =>
        transaction(db, async () => {
          const row = open.get(follower, id - 1, 1) as unknown as Row | undefined;
          if (row?.id !== id) return false;
          settle.run(clock.now(), follower, id);
          await effect(letterOf(row), turn);
          return true;
        }),
      ),
    forgetBefore: (at) => Number(forget.run(follower, at).changes),
  };
}

interface Row {
  readonly id: number;
  readonly part: number;
  readonly place: number;
  readonly reason: string;
  readonly noted: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: string;
  readonly at: string;
}

function letterOf({ id, part, place, reason, noted, key, value, headers, at }: Row): Letter {
  const pairs = JSON.parse(headers) as readonly (readonly [string, string])[];
  return {
    ...{ id, partition: part, offset: place, reason, noted: noted === 1, key, value, at: at as Instant },
    headers: pairs.map(([name, text]) => [name, Buffer.from(text, 'base64')] as const),
  };
}

function headersText(headers: NewLetter['headers']): string {
  return JSON.stringify(headers.map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
}

async function transaction<T>(db: DatabaseSync, work: () => Promise<T>): Promise<T> {
  db.exec('BEGIN IMMEDIATE');
  try {
    const done = await work();
    db.exec('COMMIT');
    return done;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** One connection has one transaction. */
function oneAfterTheOther(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
