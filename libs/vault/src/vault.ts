import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { dirname, join } from 'node:path';
import { canonicalBytes, fail, ok, type Chance, type Clock } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import { localKeyEncryption, type KeyEncryption } from './kek.ts';
import { KeyRing, RingKey, slotOf } from './key-ring.ts';
import { KeyStore, type KeyRow } from './key-store.ts';
import { Ledger } from './ledger.ts';
import { OwnerErased, type Grant, type KeyHandle, type SealingVault, type Vault } from './port.ts';
import { openUnder, sealUnder } from './sealing.ts';

/** What a vault is made of. */
export interface VaultOptions {
  /** The file of the keys, or `:memory:`. */
  readonly path: string;
  /** The 32 bytes of `loadKek`, or another way to wrap keys. */
  readonly kek: Uint8Array | KeyEncryption;
  readonly chance: Chance;
  readonly clock: Clock;
  /** The erasure ledger; `erasures.ledger` beside the keys unless given. Best kept where a restore of the keys does not reach. */
  readonly ledgerPath?: string;
  /** Keys kept in memory (default 60,000, about 30 MB). */
  readonly cached?: number;
  /** Called for each opening, refused ones too: who counts grants. */
  readonly onOpen?: (grant: Grant) => void;
}

interface Making {
  readonly row: KeyRow;
  readonly key: RingKey;
  readonly made: PromiseWithResolvers<KeyHandle>;
}

/**
 * Opens the vault and destroys again whatever the ledger says was destroyed, so that keys restored from a backup stay erased.
 * Throws `KekUnusable` or `LedgerDamaged`.
 */
export function openVault(options: VaultOptions): Promise<Vault> {
  return Promise.resolve().then(() => new SqliteVault(options));
}

/** The part of a vault that may be given to whoever never opens: there is no `open` on the object either. */
export function sealingOnly(vault: Vault): SealingVault {
  return Object.freeze({
    keyFor: (owner: string, compartment: string) => vault.keyFor(owner, compartment),
    seal: (key: KeyHandle, context: SealingContext, plaintext: Uint8Array) => vault.seal(key, context, plaintext),
    mac: (key: KeyHandle, data: Uint8Array) => vault.mac(key, data),
    isSuppressed: (organisation: string, localId: string) => vault.isSuppressed(organisation, localId),
  });
}

class SqliteVault implements Vault {
  readonly #chance: Chance;
  readonly #ivs: Chance;
  readonly #clock: Clock;
  readonly #encryption: KeyEncryption;
  readonly #ledger: Ledger;
  readonly #store: KeyStore;
  readonly #ring: KeyRing;
  readonly #onOpen: ((grant: Grant) => void) | undefined;
  readonly #findKey: KeyObject;
  readonly #suppressKey: KeyObject;
  readonly #lookupKeys = new Map<string, KeyObject>();
  #making = new Map<string, Making>();

  constructor(options: VaultOptions) {
    this.#chance = options.chance;
    this.#ivs = inBulk(options.chance);
    this.#clock = options.clock;
    this.#onOpen = options.onOpen;
    this.#encryption =
      options.kek instanceof Uint8Array ? localKeyEncryption(options.kek, options.chance) : options.kek;
    this.#findKey = createSecretKey(this.#encryption.derive('find'));
    this.#suppressKey = createSecretKey(this.#encryption.derive('suppress'));
    this.#ring = new KeyRing(options.cached ?? 60_000);
    this.#store = new KeyStore(options.path, this.#encryption);
    this.#ledger = new Ledger(options.ledgerPath ?? ledgerBeside(options.path));
    this.#destroyAgain();
  }

  keyFor(owner: string, compartment: string): Promise<KeyHandle> {
    const slot = slotOf(owner, compartment);
    const known = this.#ring.bySlot(slot);
    if (known !== undefined) return known.answer;
    const making = this.#making.get(slot);
    if (making !== undefined) return making.made.promise;
    return this.#find(owner, compartment, slot);
  }

  seal(key: KeyHandle, context: SealingContext, plaintext: Uint8Array): Sealed {
    const held = this.#mustHold(key);
    // A text under one subject's key that says it is another's would outlive the erasure of the one or the other.
    if (context.owner !== held.handle.owner) throw new TypeError('the context names another owner than the key');
    return sealUnder(held.secret, held.handle, context, plaintext, this.#ivs);
  }

  mac(key: KeyHandle, data: Uint8Array): string {
    return createHmac('sha256', this.#mustHold(key).mac).update(data).digest('base64url');
  }

  open(grant: Grant, sealed: Sealed, context: SealingContext): ReturnType<Vault['open']> {
    if ((grant as Grant | undefined)?.use === undefined) throw new TypeError('nothing opens without a grant');
    this.#onOpen?.(grant);
    let held: RingKey | undefined;
    try {
      held = this.#held(sealed.key);
    } catch {
      return fail('tampered');
    }
    if (held === undefined) return fail(this.#ledger.destroyedKeys.has(sealed.key) ? 'erased' : 'unknown-key');
    if (context.owner !== held.handle.owner) return fail('tampered');
    const plain = openUnder(held.secret, held.handle, context, sealed);
    return plain === undefined ? fail('tampered') : ok(plain);
  }

  describe(keyId: string): KeyHandle | undefined {
    return this.#held(keyId)?.handle;
  }

  keyIds(owners: readonly string[], compartments: readonly string[]): readonly string[] {
    const wanted = new Set(compartments);
    return [...new Set(owners)].flatMap((owner) =>
      this.#store
        .byOwner(this.#hash('owner', owner))
        .filter((row) => wanted.has((this.#ring.byId(row.id) ?? this.#keep(row)).handle.compartment))
        .map(({ id }) => id),
    );
  }

  destroy(owner: string, compartment?: string): Promise<number> {
    return Promise.resolve().then(() => {
      this.#flush();
      const ownerHash = this.#hash('owner', owner);
      const slotHash = compartment === undefined ? undefined : this.#hash('slot', slotOf(owner, compartment));
      const rows = this.#store.byOwner(ownerHash).filter(({ slot }) => slotHash === undefined || slot === slotHash);
      const keys = rows.map(({ id }) => id);
      const tombstone = slotHash === undefined && !this.#ledger.erasedOwners.has(ownerHash);
      // The ledger first: a crash between the two is finished at the next start.
      if (tombstone || keys.length > 0) {
        const entry = { kind: 'destroyed', at: this.#clock.now(), owner: tombstone ? ownerHash : null, keys } as const;
        this.#ledger.append(entry);
      }
      for (const id of keys) this.#ring.drop(id);
      return this.#store.delete(keys);
    });
  }

  isSuppressed(organisation: string, localId: string): boolean {
    const { suppressed } = this.#ledger;
    return suppressed.size > 0 && suppressed.has(this.#suppression(organisation, localId));
  }

  suppress(organisation: string, localId: string, erasureId: string): Promise<void> {
    return Promise.resolve().then(() => {
      const hash = this.#suppression(organisation, localId);
      if (this.#ledger.suppressed.has(hash)) return;
      this.#ledger.append({ kind: 'suppressed', at: this.#clock.now(), hash, erasureId });
    });
  }

  lookupHash(use: string, value: string): string {
    let key = this.#lookupKeys.get(use);
    if (key === undefined) {
      key = createSecretKey(this.#encryption.derive(`lookup:${use}`));
      this.#lookupKeys.set(use, key);
    }
    return createHmac('sha256', key).update(value).digest('base64url');
  }

  close(): Promise<void> {
    return Promise.resolve().then(() => {
      this.#flush();
      this.#ring.clear();
      this.#store.close();
      this.#ledger.close();
    });
  }

  async #find(owner: string, compartment: string, slot: string): Promise<KeyHandle> {
    if (this.#ledger.erasedOwners.has(this.#hash('owner', owner))) throw erased();
    const row = this.#store.bySlot(this.#hash('slot', slot));
    return row === undefined ? this.#make(owner, compartment, slot) : this.#keep(row).handle;
  }

  #make(owner: string, compartment: string, slot: string): Promise<KeyHandle> {
    const secret = Buffer.from(this.#chance.bytes(32));
    const id = Buffer.from(this.#chance.bytes(16)).toString('base64url');
    const handle: KeyHandle = Object.freeze({ id, owner, compartment, version: 1 });
    const found = { id, owner: this.#hash('owner', owner), slot: this.#hash('slot', slot), version: 1 };
    const words = Buffer.from(JSON.stringify([owner, compartment]), 'utf8');
    const plain = Buffer.concat([secret, words]);
    const wrapped = this.#encryption.wrap(plain, boundOf(found));
    plain.fill(0);
    const made = Promise.withResolvers<KeyHandle>();
    if (this.#making.size === 0) setImmediate(() => this.#flush());
    this.#making.set(slot, { row: { ...found, wrapped }, key: new RingKey(handle, secret), made });
    return made.promise;
  }

  /** One commit for all keys made since the last; nobody has a key before it is durable. */
  #flush(): void {
    if (this.#making.size === 0) return;
    const batch = [...this.#making.values()];
    this.#making = new Map();
    try {
      this.#store.insert(batch.map(({ row }) => row));
    } catch (error) {
      for (const { made } of batch) made.reject(error);
      return;
    }
    for (const { key, made } of batch) {
      this.#ring.add(key);
      made.resolve(key.handle);
    }
  }

  #mustHold(key: KeyHandle): RingKey {
    const held = this.#held(key.id);
    if (held !== undefined) return held;
    throw this.#ledger.destroyedKeys.has(key.id) ? erased() : new TypeError('a key this vault does not know');
  }

  #held(id: string): RingKey | undefined {
    const known = this.#ring.byId(id);
    if (known !== undefined) return known;
    const row = this.#store.byId(id);
    return row === undefined ? undefined : this.#keep(row);
  }

  /** Unwraps; throws where the row was changed or moved. */
  #keep(row: KeyRow): RingKey {
    const plain = Buffer.from(this.#encryption.unwrap(row.wrapped, boundOf(row)));
    const words: unknown = JSON.parse(plain.subarray(32).toString('utf8'));
    if (!Array.isArray(words)) throw new TypeError('a wrapped key without its owner');
    const [owner, compartment] = words.map(String);
    if (owner === undefined || compartment === undefined) throw new TypeError('a wrapped key without its owner');
    const handle: KeyHandle = Object.freeze({ id: row.id, owner, compartment, version: row.version });
    const key = new RingKey(handle, Uint8Array.from(plain.subarray(0, 32)));
    plain.fill(0);
    this.#ring.add(key);
    return key;
  }

  #destroyAgain(): void {
    const back = new Set<string>();
    for (const owner of this.#ledger.erasedOwners) for (const { id } of this.#store.byOwner(owner)) back.add(id);
    for (const id of this.#ledger.destroyedKeys) if (this.#store.byId(id) !== undefined) back.add(id);
    if (back.size === 0) return;
    const unlisted = [...back].filter((id) => !this.#ledger.destroyedKeys.has(id));
    if (unlisted.length > 0) {
      this.#ledger.append({ kind: 'destroyed', at: this.#clock.now(), owner: null, keys: unlisted });
    }
    this.#store.delete(back);
  }

  #hash(use: 'owner' | 'slot', text: string): string {
    return createHmac('sha256', this.#findKey).update(`${use}:${text}`).digest('base64url');
  }

  #suppression(organisation: string, localId: string): string {
    return createHmac('sha256', this.#suppressKey).update(slotOf(organisation, localId)).digest('base64url');
  }
}

/** Asks for chance in bulk and hands it out once each: for what is public anyway, as initialisation vectors are. */
function inBulk(chance: Chance): Chance {
  let [pool, at] = [chance.bytes(0), 0];
  return {
    bytes(count) {
      if (at + count > pool.length) [pool, at] = [chance.bytes(Math.max(4_096, count)), 0];
      at += count;
      return pool.subarray(at - count, at);
    },
  };
}

function boundOf({ id, owner, slot, version }: Omit<KeyRow, 'wrapped'>): Uint8Array {
  return canonicalBytes({ id, owner, slot, version });
}

function erased(): OwnerErased {
  return new OwnerErased('OWNER_ERASED');
}

function ledgerBeside(path: string): string {
  return path === ':memory:' ? path : join(dirname(path), 'erasures.ledger');
}
