import type { Database, SqlSession } from '#database';
import type { Chance, Clock } from '#kernel';
import { Erased } from '../erased.ts';
import { gathering } from '../gather.ts';
import { checkKek } from '../kek-check.ts';
import type { KeyEncryption } from '../kek.ts';
import { boundOf, insertRows, rowsBy, type KeyRow } from '../key-rows.ts';
import type { LedgerEntry } from '../ledger-entry.ts';
import { LedgerFile } from '../ledger-file.ts';
import type { Kept, KeyStore, NewKey, Unwrapped } from '../store.ts';
import { BucketFiles } from './bucket-files.ts';
import { bucketFor, bucketsOf } from './bucket-of.ts';
import { Buckets, lost } from './buckets.ts';
import { addEntry, erasedAmong, LedgerTable, takeNext } from './ledger-table.ts';
import { rollBucket } from './roll.ts';

/** Where a test may stop an erasure; production passes none. */
export type EraseStage = 'noted' | 'rolled' | 'committed';

/** What keys that processes share are kept with. */
export interface SharedParts {
  /** PostgreSQL. */
  readonly database: Database;
  /** This process's own copy of what it erased, where a restore of the database does not reach. */
  readonly ledgerPath: string;
  /** The folder of the bucket keys, the same for every process. */
  readonly buckets: string;
  readonly encryption: KeyEncryption;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly stage?: (at: EraseStage) => Promise<void>;
}

/**
 * The keys of several processes, in PostgreSQL. Opening erases again what this process's file says was erased and the database does not know, and
 * finishes rolls that were cut short. Rejects with `KekUnusable` or `LedgerDamaged`.
 */
export async function openSharedStore(parts: SharedParts, onErased: (id: string) => void): Promise<KeyStore> {
  await checkKek(parts.database, parts.encryption);
  const store = new SharedStore(parts, onErased);
  try {
    await store.begin();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Whose keys, and which of them, an erasure destroys. */
interface Erasing {
  /** Every bucket that may hold one of them. */
  readonly buckets: readonly number[];
  /** Hash of the owner for whom nothing more is kept; null where only keys go. */
  readonly owner: string | null;
  readonly rows: (session: SqlSession) => Promise<readonly KeyRow[]>;
  /** What the file said already. */
  readonly noted?: LedgerEntry;
}

class SharedStore implements KeyStore {
  readonly erased: Erased;
  readonly #parts: SharedParts;
  readonly #database: Database;
  readonly #buckets: Buckets;
  readonly #table: LedgerTable;
  readonly #file: LedgerFile;
  readonly #readOn: (ask: 'ledger') => Promise<unknown>;
  readonly #rowById: (id: string) => Promise<KeyRow | undefined>;
  /** Buckets in which a roll of this process may have left a file. */
  readonly #unswept = new Set<number>();

  constructor(parts: SharedParts, onErased: (id: string) => void) {
    this.#parts = parts;
    this.#database = parts.database;
    this.erased = new Erased(onErased);
    this.#buckets = new Buckets(parts.database, new BucketFiles(parts.buckets, parts.encryption, parts.chance));
    this.#table = new LedgerTable(parts.database, this.erased);
    this.#file = new LedgerFile(parts.ledgerPath);
    this.#readOn = gathering(async () => {
      if (await this.#table.readOn()) this.#buckets.forget();
      return new Map();
    });
    this.#rowById = gathering(async (ids) => new Map((await this.rowsBy('id', ids)).map((row) => [row.id, row])));
  }

  rowsBy(column: 'id' | 'owner' | 'slot', values: readonly string[]): Promise<readonly KeyRow[]> {
    return rowsBy(this.#database, column, values);
  }

  async unwrap(row: KeyRow): Promise<Unwrapped> {
    const { under } = row;
    const wrapping = under === undefined ? undefined : this.#buckets.wrapping(under);
    if (wrapping !== undefined) {
      try {
        return wrapping.unwrap(row.wrapped, boundOf(row));
      } catch {
        return 'tampered';
      }
    }
    // Its bucket was rolled since the row was read, or its key is lost.
    const now = await this.#rowById(row.id);
    if (now === undefined) return 'gone';
    if (under !== undefined && now.under?.key === under.key) throw lost([under]);
    return this.unwrap(now);
  }

  async insert(keys: readonly NewKey[]): Promise<readonly Kept[]> {
    const placed = keys.map((key) => ({ key, bucket: bucketFor(key) }));
    const buckets = [...new Set(placed.map(({ bucket }) => bucket))];
    await this.#buckets.makeMissing(buckets);
    return this.#database.transaction(async (session) => {
      const current = await this.#buckets.share(session, buckets);
      const erased = await erasedAmong(session, [...new Set(keys.map(({ owner }) => owner))]);
      const fit = placed.filter(({ key }) => !erased.has(key.owner));
      // In order, so that two processes that make the same keys never wait for each other.
      const rows = fit
        .toSorted((a, b) => (a.key.slot < b.key.slot ? -1 : 1))
        .map(({ key: { id, owner, slot, version, plain }, bucket }): KeyRow => {
          const under = current.get(bucket) ?? { bucket, key: '' };
          const found = { id, owner, slot, version };
          return { ...found, under, wrapped: this.#buckets.mustWrap(under).wrap(plain, boundOf(found)) };
        });
      const all = (await insertRows(session, rows)) === rows.length;
      const slots = rows.map(({ slot }) => slot);
      const there = all ? [] : await rowsBy(session, 'slot', slots);
      const first = new Map(there.map((row) => [row.slot, row]));
      return keys.map(({ id, owner, slot }): Kept => {
        if (erased.has(owner)) return 'erased';
        const row = first.get(slot);
        return row === undefined || row.id === id ? 'kept' : row;
      });
    });
  }

  async destroy(owner: string, slot?: string): Promise<number> {
    const rows = async (session: SqlSession) =>
      (await rowsBy(session, 'owner', [owner])).filter((row) => slot === undefined || row.slot === slot);
    const buckets = bucketsOf(owner);
    if (slot !== undefined && (await rows(this.#database)).length === 0) {
      await this.#sweepAgain(buckets);
      return 0;
    }
    return this.#erase({ buckets, owner: slot === undefined ? owner : null, rows });
  }

  async suppress(hash: string, erasureId: string): Promise<void> {
    await this.refresh();
    if (this.erased.suppressed.has(hash)) return;
    const entry = { kind: 'suppressed', at: this.#parts.clock.now(), hash, erasureId } as const;
    await this.#database.transaction((session) => this.#note(session, entry));
    await this.refresh();
  }

  async refresh(): Promise<void> {
    await this.#readOn('ledger');
  }

  close(): Promise<void> {
    this.#file.close();
    this.#buckets.forget();
    return Promise.resolve();
  }

  async begin(): Promise<void> {
    const missing = await this.#buckets.missing();
    if (missing.length > 0) throw lost(missing);
    await this.refresh();
    for (const entry of await this.#fileEntries()) if (!this.erased.has(entry)) await this.#eraseAgain(entry);
    const back = await this.#database.all('select distinct k.owner from keys k join ledger l on l.owner = k.owner');
    for (const { owner } of back) await this.destroy(String(owner));
    await this.#buckets.sweep();
  }

  /** In a turn with every process that may add to the same file. */
  #fileEntries(): Promise<readonly LedgerEntry[]> {
    return this.#database.transaction(async (session) => {
      await session.get('select seq from ledger_head where id = 1 for update');
      return this.#file.read();
    });
  }

  async #eraseAgain(entry: LedgerEntry): Promise<void> {
    if (entry.kind === 'suppressed') {
      await this.#database.transaction(async (session) => addEntry(session, await takeNext(session), entry));
      await this.refresh();
      return;
    }
    const { owner } = entry;
    const rows = async (session: SqlSession) => {
      const owned = owner === null ? [] : await rowsBy(session, 'owner', [owner]);
      const named = await rowsBy(session, 'id', entry.keys);
      return [...new Map([...owned, ...named].map((row) => [row.id, row])).values()];
    };
    const there = (await rows(this.#database)).flatMap(({ under }) => under?.bucket ?? []);
    const buckets = new Set([...there, ...(owner === null ? [] : bucketsOf(owner))]);
    await this.#erase({ buckets: [...buckets], owner, rows, noted: entry });
  }

  async #erase({ buckets, owner, rows, noted }: Erasing): Promise<number> {
    for (const bucket of buckets) this.#unswept.add(bucket);
    const { stage = async () => undefined } = this.#parts;
    const destroyed = await this.#database.transaction(async (session) => {
      const current = await this.#buckets.lock(session, buckets);
      const found = await rows(session);
      const tombstone = owner !== null && !(await erasedAmong(session, [owner])).has(owner);
      const keys = found.map(({ id }) => id);
      if (noted === undefined && !tombstone && keys.length === 0) return 0;
      for (const [bucket, of] of Map.groupBy(found, ({ under }) => under?.bucket)) {
        const old = bucket === undefined ? undefined : current.get(bucket);
        if (old === undefined) throw new TypeError('a key in no bucket');
        await rollBucket(
          session,
          this.#buckets,
          old,
          of.map(({ id }) => id),
        );
      }
      await stage('rolled');
      if (noted === undefined) {
        const entry = {
          kind: 'destroyed',
          at: this.#parts.clock.now(),
          owner: tombstone ? owner : null,
          keys,
        } as const;
        await this.#note(session, entry);
      } else {
        const all = new Set([...(noted.kind === 'destroyed' ? noted.keys : []), ...keys]);
        await addEntry(session, await takeNext(session), { kind: 'destroyed', at: noted.at, owner, keys: [...all] });
      }
      await stage('noted');
      return keys.length;
    });
    await stage('committed');
    await this.refresh();
    await this.#sweepAgain(buckets);
    return destroyed;
  }

  /** In the table for every process, and in this one's file, which a restore of the database does not undo. */
  async #note(session: SqlSession, entry: LedgerEntry): Promise<void> {
    const seq = await takeNext(session);
    this.#file.append(entry);
    await addEntry(session, seq, entry);
  }

  /** What an earlier try may have left; may be repeated. */
  async #sweepAgain(buckets: readonly number[]): Promise<void> {
    const left = new Set(buckets.filter((bucket) => this.#unswept.has(bucket)));
    if (left.size === 0) return;
    await this.#buckets.sweep(left);
    for (const bucket of left) this.#unswept.delete(bucket);
  }
}
