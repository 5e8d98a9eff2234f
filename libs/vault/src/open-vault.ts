import { dirname, join } from 'node:path';
import type { Chance, Clock } from '#kernel';
import type { SealingContext } from '#contracts';
import { openSqliteDatabase } from '#database/sqlite';
import { openEmbeddedStore } from './embedded-store.ts';
import { localKeyEncryption, type KeyEncryption } from './kek.ts';
import { KeyRing } from './key-ring.ts';
import { KEYS_STORE } from './keys-schema.ts';
import type { Grant, KeyHandle, SealingVault, Vault } from './port.ts';
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

/** A vault of one process. */
export interface EmbeddedOptions extends CommonOptions {
  /** The file of the keys, or `:memory:`. */
  readonly path: string;
  /** The erasure ledger; `erasures.ledger` beside the keys unless given. Best kept where a restore of the keys does not reach. */
  readonly ledgerPath?: string;
}

export type VaultOptions = EmbeddedOptions;

/** Opens the vault and destroys again whatever its ledger says was destroyed. Rejects with `KekUnusable` or `LedgerDamaged`. */
export async function openVault(options: VaultOptions): Promise<Vault> {
  const { kek, chance, clock, cached = 60_000, onOpen } = options;
  const encryption = kek instanceof Uint8Array ? localKeyEncryption(kek, chance) : kek;
  const ring = new KeyRing(cached);
  const database = await openSqliteDatabase({ path: options.path, store: KEYS_STORE });
  const ledgerPath = options.ledgerPath ?? ledgerBeside(options.path);
  const store = await openEmbeddedStore({ database, ledgerPath, encryption, clock }, (id) => ring.drop(id));
  return new StoredVault({ store, ring, encryption, chance, ...(onOpen === undefined ? {} : { onOpen }) });
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
