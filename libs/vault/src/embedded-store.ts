import type { Database } from '#database';
import type { Clock } from '#kernel';
import { Erased } from './erased.ts';
import { checkKek } from './kek-check.ts';
import type { KeyEncryption } from './kek.ts';
import { boundOf, deleteRows, insertRows, rowsBy, type KeyRow } from './key-rows.ts';
import type { LedgerEntry } from './ledger-entry.ts';
import { LedgerFile } from './ledger-file.ts';
import type { Kept, KeyStore, NewKey, Unwrapped } from './store.ts';

/** What the keys of one process are kept with. */
export interface EmbeddedParts {
  /** SQLite. */
  readonly database: Database;
  /** Closes what was opened for the store. */
  readonly close?: () => Promise<void>;
  readonly ledgerPath: string;
  readonly encryption: KeyEncryption;
  readonly clock: Clock;
}

/**
 * The keys of one process: wrapped by the key-encryption key, deleted bytes overwritten, the ledger in a file. Opening destroys again what
 * the ledger says was destroyed, so that keys restored from a backup stay erased. Rejects with `KekUnusable` or `LedgerDamaged`.
 */
export async function openEmbeddedStore(parts: EmbeddedParts, onErased: (id: string) => void): Promise<KeyStore> {
  try {
    await checkKek(parts.database, parts.encryption);
    const store = new EmbeddedStore(parts, onErased);
    await store.destroyAgain();
    return store;
  } catch (error) {
    await parts.close?.();
    throw error;
  }
}

class EmbeddedStore implements KeyStore {
  readonly erased: Erased;
  readonly #database: Database;
  readonly #encryption: KeyEncryption;
  readonly #clock: Clock;
  readonly #file: LedgerFile;
  readonly #close: (() => Promise<void>) | undefined;

  constructor({ database, ledgerPath, encryption, clock, close }: EmbeddedParts, onErased: (id: string) => void) {
    this.#close = close;
    this.#database = database;
    this.#encryption = encryption;
    this.#clock = clock;
    this.erased = new Erased(onErased);
    this.#file = new LedgerFile(ledgerPath);
    for (const entry of this.#file.read()) this.erased.add(entry);
  }

  rowsBy(column: 'id' | 'owner' | 'slot', values: readonly string[]): Promise<readonly KeyRow[]> {
    return rowsBy(this.#database, column, values);
  }

  unwrap(row: KeyRow): Promise<Unwrapped> {
    try {
      return Promise.resolve(this.#encryption.unwrap(row.wrapped, boundOf(row)));
    } catch {
      return Promise.resolve('tampered');
    }
  }

  insert(keys: readonly NewKey[]): Promise<readonly Kept[]> {
    return this.#database.transaction(async (session) => {
      const fit = keys.filter(({ owner }) => !this.erased.owners.has(owner));
      const rows = fit.map(({ id, owner, slot, version, plain }): KeyRow => {
        const found = { id, owner, slot, version };
        return { ...found, wrapped: this.#encryption.wrap(plain, boundOf(found)) };
      });
      await insertRows(session, rows);
      return keys.map(({ owner }) => (this.erased.owners.has(owner) ? 'erased' : 'kept'));
    });
  }

  async destroy(owner: string, slot?: string): Promise<number> {
    const destroyed = await this.#database.transaction(async (session) => {
      const rows = (await rowsBy(session, 'owner', [owner])).filter((row) => slot === undefined || row.slot === slot);
      const keys = rows.map(({ id }) => id);
      const tombstone = slot === undefined && !this.erased.owners.has(owner);
      // The ledger first: a crash between the two is finished at the next start.
      if (tombstone || keys.length > 0) {
        this.#append({ kind: 'destroyed', at: this.#clock.now(), owner: tombstone ? owner : null, keys });
      }
      await deleteRows(session, keys);
      return keys.length;
    });
    await this.#database.forget();
    return destroyed;
  }

  async suppress(hash: string, erasureId: string): Promise<void> {
    if (this.erased.suppressed.has(hash)) return;
    this.#append({ kind: 'suppressed', at: this.#clock.now(), hash, erasureId });
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#close?.();
    this.#file.close();
  }

  async destroyAgain(): Promise<void> {
    const owned = await this.rowsBy('owner', [...this.erased.owners]);
    const known = await this.rowsBy('id', [...this.erased.keys]);
    const back = [...new Set([...owned, ...known].map(({ id }) => id))];
    if (back.length === 0) return;
    const keys = back.filter((id) => !this.erased.keys.has(id));
    if (keys.length > 0) this.#append({ kind: 'destroyed', at: this.#clock.now(), owner: null, keys });
    await this.#database.transaction((session) => deleteRows(session, back));
    await this.#database.forget();
  }

  #append(entry: LedgerEntry): void {
    this.#file.append(entry);
    this.erased.add(entry);
  }
}
