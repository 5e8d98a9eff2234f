import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';

/** Ids that may be used once: of client assertions and of DPoP proofs. */
export interface OnceStore {
  /** True the first time, false ever after until `expiresAt`; both in seconds since 1970. Durable when it returns. */
  use(issuer: string, jti: string, expiresAt: number, now: number): boolean;
  close(): void;
}

const PRUNE_EVERY_SECONDS = 60;

/** One unique insert a use (design §4.11): two requests with one id cannot both win, and a restart forgets nothing that still counts. */
export function openOnceStore(path: string): OnceStore {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA busy_timeout = 5000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS used (id BLOB PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS used_by_expiry ON used (expires);
  `);
  return new SqliteOnceStore(database);
}

class SqliteOnceStore implements OnceStore {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #prune: StatementSync;
  #prunedAt = 0;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#insert = database.prepare('INSERT INTO used (id, expires) VALUES (?, ?) ON CONFLICT DO NOTHING');
    this.#prune = database.prepare('DELETE FROM used WHERE expires < ?');
  }

  use(issuer: string, jti: string, expiresAt: number, now: number): boolean {
    if (now - this.#prunedAt >= PRUNE_EVERY_SECONDS) {
      this.#prune.run(Math.floor(now));
      this.#prunedAt = now;
    }
    const id = createHash('sha256').update(`${issuer.length}:${issuer}`).update(jti).digest();
    return this.#insert.run(id, Math.ceil(expiresAt)).changes === 1;
  }

  close(): void {
    this.#database.close();
  }
}
