import { dirname, join } from 'node:path';
import type { Chance, Clock } from '#kernel';
import type { SealingContext } from '#contracts';
import type { Database } from '#database';
import { openSqliteDatabase } from '#database/sqlite';
import { openEmbeddedStore } from './embedded-store.ts';
import { localKeyEncryption, type KeyEncryption } from './kek.ts';
import { KeyRing } from './key-ring.ts';
import { KEYS_STORE } from './keys-schema.ts';
import type { Grant, KeyHandle, SealingVault, Vault } from './port.ts';
import { openSharedStore, type SharedParts } from './shared/shared-store.ts';
import type { KeyStore } from './store.ts';
import { StoredVault } from './vault.ts';

/** What every vault is made of. */
interface CommonOptions {
  /** The 32 bytes of `loadKek`, or another way to wrap keys. */
  readonly kek: Uint8Array | KeyEncryption;
  readonly chance: Chance;
  readonly clock: Clock;
  /** Keys kept in memory (default 60,000, about 30 MB). */
  readonly cached?: number;
  /** Called for each opening, refused ones too: who counts grants. */
  readonly onOpen?: (grant: Grant) => void;
}

/** Keys of one process, in a file. */
export interface FileOptions extends CommonOptions {
  /** The file of the keys, or `:memory:`. */
  readonly path: string;
  /** The erasure ledger; `erasures.ledger` beside the keys unless given. Best kept where a restore of the keys does not reach. */
  readonly ledgerPath?: string;
}

/** Keys in a database of {@link KEYS_STORE}: a file of this process, or a server that processes share. */
export interface DatabaseOptions extends CommonOptions {
  /** Closed by whoever opened it, after the vault. */
  readonly database: Database;
  /** The erasure ledger of one process, or this process's copy of it; outside the database and its backups. `<key file>.erasures`. */
  readonly ledgerPath: string;
  /** With a server: the folder of the bucket keys, the same for every process, written by whoever erases. `<key file>.buckets`. */
  readonly buckets: string;
  readonly stage?: SharedParts['stage'];
}

export type VaultOptions = FileOptions | DatabaseOptions;

/**
 * Opens the vault and destroys again whatever its ledger says was destroyed, so that keys restored from a backup stay erased. Rejects with
 * `KekUnusable`, `LedgerDamaged` and what the database says.
 */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { kek, chance, cached = 60_000, onOpen } = options;
  const encryption = kek instanceof Uint8Array ? localKeyEncryption(kek, chance) : kek;
  const ring = new KeyRing(cached);
  const store = await openStore(options, encryption, (id) => ring.drop(id));
  return new StoredVault({ store, ring, encryption, chance, ...(onOpen === undefined ? {} : { onOpen }) });
}

async function openStore(
  options: VaultOptions,
  encryption: KeyEncryption,
  onErased: (id: string) => void,
): Promise<KeyStore> {
  const { chance, clock } = options;
  if ('path' in options) {
    const { path, ledgerPath = ledgerBeside(path) } = options;
    const database = await openSqliteDatabase({ path, store: KEYS_STORE });
    const close = (): Promise<void> => database.close();
    return openEmbeddedStore({ database, ledgerPath, encryption, clock, close }, onErased);
  }
  const { database, ledgerPath, buckets, stage } = options;
  const parts = { database, ledgerPath, encryption, clock };
  if (database.kind === 'sqlite') return openEmbeddedStore(parts, onErased);
  return openSharedStore({ ...parts, buckets, chance, ...(stage === undefined ? {} : { stage }) }, onErased);
}

/** The part of a vault that may be given to whoever never opens: there is no `open` on the object either. */
export function sealingOnly(vault: Vault): SealingVault {
  return Object.freeze({
    keyFor: (owner: string, compartment: string) => vault.keyFor(owner, compartment),
    seal: (key: KeyHandle, context: SealingContext, plaintext: Uint8Array) => vault.seal(key, context, plaintext),
    mac: (key: KeyHandle, data: Uint8Array) => vault.mac(key, data),
    isSuppressed: (organisation: string, localId: string) => vault.isSuppressed(organisation, localId),
    refresh: () => vault.refresh(),
  });
}

function ledgerBeside(path: string): string {
  return path === ':memory:' ? path : join(dirname(path), 'erasures.ledger');
}
