import type { Database } from '#database';
import type { Chance, Clock } from '#kernel';
import { Erased } from '../erased.ts';
import { checkKek } from '../kek-check.ts';
import { localKeyEncryption, type KeyEncryption } from '../kek.ts';
import { boundOf, rowOf, type KeyRow } from '../key-rows.ts';
import { LedgerFile } from '../ledger-file.ts';
import type { KeyStore, NewKey } from '../store.ts';
import { wordsIn } from '../words.ts';
import { openSharedStore } from './shared-store.ts';

/** From where to where, all under one key-encryption key. */
export interface MovingKeys {
  /** Keys of one process, in SQLite, and its ledger. */
  readonly from: { readonly database: Database; readonly ledgerPath: string };
  /** As `openVault` takes them; other keys may be there already. */
  readonly to: { readonly database: Database; readonly ledgerPath: string; readonly buckets: string };
  readonly kek: Uint8Array | KeyEncryption;
  readonly chance: Chance;
  readonly clock: Clock;
}

/** What became of the keys. */
export interface MovedKeys {
  readonly moved: number;
  /** Rows that were changed and opened nothing before either. */
  readonly unreadable: number;
}

/** Both made a key for the same: texts sealed under one of them would be lost. */
export class KeysClash extends Error {
  override readonly name = 'KeysClash';
}

const PAGE = 256;

/**
 * Copies the keys of one machine, and what it erased, to a server that processes share, when an area moves; with every process stopped. What is
 * there stays; may be repeated. Rejects with {@link KeysClash}, `KekUnusable`, `LedgerDamaged`.
 */
export async function moveKeys({ from, to, kek, chance, clock }: MovingKeys): Promise<MovedKeys> {
  const encryption = kek instanceof Uint8Array ? localKeyEncryption(kek, chance) : kek;
  await checkKek(from.database, encryption);
  moveLedger(from.ledgerPath, to.ledgerPath);
  const store = await openSharedStore({ ...to, encryption, chance, clock }, () => undefined);
  let [moved, unreadable] = [0, 0];
  try {
    for (let after = ''; ;) {
      const text = `select * from keys where id > ? order by id limit ${PAGE}`;
      const rows = (await from.database.all(text, after)).map(rowOf);
      const last = rows.at(-1);
      if (last === undefined) return { moved, unreadable };
      const keys = rows.flatMap((row) => keyIn(row, encryption));
      unreadable += rows.length - keys.length;
      moved += await keep(store, keys);
      after = last.id;
    }
  } finally {
    await store.close();
  }
}

async function keep(store: KeyStore, keys: readonly NewKey[]): Promise<number> {
  const kept = await store.insert(keys);
  for (const { plain } of keys) plain.fill(0);
  if (kept.some((each) => typeof each !== 'string')) throw new KeysClash('both have a key for the same owner');
  return kept.filter((each) => each === 'kept').length;
}

function keyIn(row: KeyRow, encryption: KeyEncryption): readonly NewKey[] {
  try {
    const plain = encryption.unwrap(row.wrapped, boundOf(row));
    const { id, owner, slot, version } = row;
    const words = wordsIn(plain);
    return words === undefined ? [] : [{ id, owner, slot, version, compartment: words.compartment, plain }];
  } catch {
    return [];
  }
}

function moveLedger(from: string, to: string): void {
  const [old, next] = [new LedgerFile(from), new LedgerFile(to)];
  try {
    const known = new Erased(() => undefined);
    for (const entry of next.read()) known.add(entry);
    for (const entry of old.read()) if (!known.has(entry)) next.append(entry);
  } finally {
    old.close();
    next.close();
  }
}
