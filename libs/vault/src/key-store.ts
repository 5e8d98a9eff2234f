import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { KekUnusable, type KeyEncryption } from './kek.ts';

/** STORAGE FORMAT: a row of `keys.db`. Who and what a key is for stands in the clear nowhere: hashes to find it, words inside `wrapped`. */
export interface KeyRow {
  readonly id: string;
  /** Keyed hash of the owner. */
  readonly owner: string;
  /** Keyed hash of owner and compartment. */
  readonly slot: string;
  readonly version: number;
  readonly wrapped: Uint8Array;
}

const SCHEMA = `
  create table if not exists keys (
    id text primary key, owner text not null, slot text not null, version integer not null, wrapped blob not null
  ) strict, without rowid;
  create index if not exists keys_of_owner on keys (owner);
  create unique index if not exists keys_of_slot on keys (slot, version);
  create table if not exists meta (name text primary key, value blob not null) strict, without rowid;
`;
const CHECK = Buffer.from('tellonce keys');

/** The keys at rest: SQLite in WAL mode, durable at commit, deleted bytes overwritten. */
export class KeyStore {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #byId: StatementSync;
  readonly #bySlot: StatementSync;
  readonly #byOwner: StatementSync;
  readonly #delete: StatementSync;

  /** Opens or makes the file. Throws `KekUnusable` (KEK_WRONG) where its keys were wrapped under another key-encryption key. */
  constructor(path: string, encryption: KeyEncryption) {
    this.#db = new DatabaseSync(path);
    this.#db.exec(
      'pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; pragma secure_delete = on; pragma temp_store = memory;',
    );
    this.#db.exec(SCHEMA);
    this.#checkKek(encryption);
    this.#insert = this.#db.prepare('insert into keys (id, owner, slot, version, wrapped) values (?, ?, ?, ?, ?)');
    this.#byId = this.#db.prepare('select * from keys where id = ?');
    this.#bySlot = this.#db.prepare('select * from keys where slot = ? order by version desc limit 1');
    this.#byOwner = this.#db.prepare('select * from keys where owner = ?');
    this.#delete = this.#db.prepare('delete from keys where id = ?');
  }

  byId(id: string): KeyRow | undefined {
    return rowOf(this.#byId.get(id));
  }

  /** The latest version for a slot. */
  bySlot(slot: string): KeyRow | undefined {
    return rowOf(this.#bySlot.get(slot));
  }

  byOwner(owner: string): readonly KeyRow[] {
    return this.#byOwner.all(owner).flatMap((row) => rowOf(row) ?? []);
  }

  /** All or none, durable when it returns. */
  insert(rows: readonly KeyRow[]): void {
    this.#transaction(() => {
      for (const { id, owner, slot, version, wrapped } of rows) this.#insert.run(id, owner, slot, version, wrapped);
    });
  }

  /** Deletes, overwrites, and empties the write-ahead log, so that no byte of the keys stays in the folder. How many were there. */
  delete(ids: Iterable<string>): number {
    let deleted = 0;
    this.#transaction(() => {
      for (const id of ids) deleted += Number(this.#delete.run(id).changes);
    });
    const checkpoint = this.#db.prepare('pragma wal_checkpoint(truncate)').get();
    if (checkpoint?.['busy'] === 1)
      throw new Error('another process reads the keys; its copy of the deleted ones stays');
    return deleted;
  }

  close(): void {
    this.#db.close();
  }

  #checkKek(encryption: KeyEncryption): void {
    const found = this.#db.prepare(`select value from meta where name = 'check'`).get()?.['value'];
    if (!(found instanceof Uint8Array)) {
      const value = encryption.wrap(CHECK, CHECK);
      this.#db.prepare(`insert into meta (name, value) values ('check', ?)`).run(value);
      return;
    }
    try {
      encryption.unwrap(found, CHECK);
    } catch {
      this.#db.close();
      throw new KekUnusable('KEK_WRONG', 'these keys were wrapped under another key-encryption key');
    }
  }

  #transaction(work: () => void): void {
    this.#db.exec('begin immediate');
    try {
      work();
      this.#db.exec('commit');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }
}

function rowOf(row: Record<string, unknown> | undefined): KeyRow | undefined {
  if (row === undefined) return undefined;
  const { id, owner, slot, version, wrapped } = row;
  if (typeof id !== 'string' || typeof owner !== 'string' || typeof slot !== 'string') return undefined;
  if (typeof version !== 'number' || !(wrapped instanceof Uint8Array)) return undefined;
  return { id, owner, slot, version, wrapped };
}
