import type { Outcome } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';

/** A key in use: an id that says nothing, and what only the vault knows about it. */
export interface KeyHandle {
  readonly id: string;
  readonly owner: string;
  readonly compartment: string;
  readonly version: number;
}

/** The named reasons plaintext may be opened inside the hub (design §1); each call site is checked by lint. */
export type Grant =
  | { readonly use: 'disclose'; readonly decision: string }
  | { readonly use: 'match' }
  | { readonly use: 'process'; readonly name: string }
  | { readonly use: 'erase' };

/** Why something sealed did not open. Erased is final and ordinary; tampered is an alarm. */
export type OpenRefusal = 'erased' | 'unknown-key' | 'tampered';

/** What sector services get: they seal, they never open. */
export interface SealingVault {
  /** The current key of (owner, compartment), made and durable before this answers (design §3.5). Rejects with `OwnerErased` after erasure. */
  keyFor(owner: string, compartment: string): Promise<KeyHandle>;
  /** AES-256-GCM under a key that `keyFor` gave, with a random 96-bit IV, bound to its context. Throws `OwnerErased` once the key is destroyed. */
  seal(key: KeyHandle, context: SealingContext, plaintext: Uint8Array): Sealed;
  /** HMAC-SHA-256 (base64url) under a key derived from the key, so it dies with it. */
  mac(key: KeyHandle, data: Uint8Array): string;
  /** True where the ledger holds a suppression hash for this source record (by what `#identity` names it): a late fact must not bring it back. */
  isSuppressed(organisation: string, sourceRecord: string): Promise<boolean>;
  /**
   * Learns what other processes have erased since: afterwards no key that they had destroyed before seals or opens here. One small question
   * for all who ask in a turn, none where the keys are one process's. Ask it where the answer must not be older than the asking: before keys
   * in use disclose, publish or project.
   */
  refresh(): Promise<void>;
}

/** Keys, sealing, grants and the erasure ledger (design §3.5). */
export interface Vault extends SealingVault {
  /** Opens under a grant. Keys that are not in memory and are asked for in one turn are fetched by one question. Rejects where the store can't be asked. */
  open(grant: Grant, sealed: Sealed, context: SealingContext): Promise<Outcome<Uint8Array, OpenRefusal>>;
  /** What a key is for; undefined once destroyed or never known. */
  describe(keyId: string): Promise<KeyHandle | undefined>;
  /** Ids of the live keys of these owners in one of the compartments: how a view finds rows whose category it may not hold. */
  keyIds(owners: readonly string[], compartments: readonly string[]): Promise<readonly string[]>;
  /** Destroys every key (or those of one compartment) of an owner, so that no file of the store or its log gives it back; how many died. Idempotent. */
  destroy(owner: string, compartment?: string): Promise<number>;
  /** Writes the one suppression hash that erasure leaves behind. */
  suppress(organisation: string, sourceRecord: string, erasureId: string): Promise<void>;
  /** HMAC-SHA-256 (base64url) under the hub's identity key, for look-ups in deletable tables; `use` separates domains. */
  lookupHash(use: string, value: string): string;
  close(): Promise<void>;
}

/** The keys of this owner were destroyed; nothing more may be sealed for it. */
export class OwnerErased extends Error {
  override readonly name = 'OwnerErased';
}
