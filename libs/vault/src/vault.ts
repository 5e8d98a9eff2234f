import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import { fail, ok, type Chance } from '#kernel';
import type { Sealed, SealingContext } from '#contracts';
import { gathering } from './gather.ts';
import type { KeyEncryption } from './kek.ts';
import type { KeyRing } from './key-ring.ts';
import { RingKey, slotOf } from './key-ring.ts';
import type { KeyRow } from './key-rows.ts';
import { KeyMaker } from './making.ts';
import { OwnerErased, type Grant, type KeyHandle, type Vault } from './port.ts';
import { openUnder, sealUnder } from './sealing.ts';
import type { KeyStore } from './store.ts';
import { secretIn, wordsIn } from './words.ts';

/** What a vault works with. */
export interface VaultParts {
  readonly store: KeyStore;
  readonly ring: KeyRing;
  readonly encryption: KeyEncryption;
  readonly chance: Chance;
  readonly onOpen?: (grant: Grant) => void;
}

/** The vault over keys at rest, wherever they are; what is in the ring asks nobody. */
export class StoredVault implements Vault {
  readonly #store: KeyStore;
  readonly #ring: KeyRing;
  readonly #encryption: KeyEncryption;
  readonly #ivs: Chance;
  readonly #onOpen: ((grant: Grant) => void) | undefined;
  readonly #findKey: KeyObject;
  readonly #suppressKey: KeyObject;
  readonly #lookupKeys = new Map<string, KeyObject>();
  readonly #maker: KeyMaker;
  /** Keys that were asked for and are not in the ring: each found or made once, whoever asks. */
  readonly #asked = new Map<string, Promise<KeyHandle>>();
  readonly #loading: (id: string) => Promise<RingKey | 'tampered' | undefined>;
  readonly #rowsOfOwner: (ownerHash: string) => Promise<readonly KeyRow[] | undefined>;
  readonly #rowOfSlot: (slotHash: string) => Promise<KeyRow | undefined>;

  constructor({ store, ring, encryption, chance, onOpen }: VaultParts) {
    this.#store = store;
    this.#ring = ring;
    this.#encryption = encryption;
    this.#ivs = inBulk(chance);
    this.#onOpen = onOpen;
    this.#findKey = createSecretKey(encryption.derive('find'));
    this.#suppressKey = createSecretKey(encryption.derive('suppress'));
    this.#maker = new KeyMaker(store, chance);
    this.#loading = gathering(async (ids) => {
      const rows = await store.rowsBy('id', ids);
      return new Map(await Promise.all(rows.map(async (row) => [row.id, await this.#keep(row)] as const)));
    });
    this.#rowsOfOwner = gathering(async (owners) =>
      Map.groupBy(await store.rowsBy('owner', owners), ({ owner }) => owner),
    );
    this.#rowOfSlot = gathering(async (slots) => new Map((await store.rowsBy('slot', slots)).map(bySlot)));
  }

  keyFor(owner: string, compartment: string): Promise<KeyHandle> {
    const slot = slotOf(owner, compartment);
    const known = this.#ring.bySlot(slot);
    if (known !== undefined) return known.answer;
    let asked = this.#asked.get(slot);
    if (asked === undefined) {
      asked = this.#findOrMake(owner, compartment, slot).finally(() => this.#asked.delete(slot));
      this.#asked.set(slot, asked);
    }
    return asked;
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
    if ((grant as Grant | undefined)?.use === undefined) {
      return Promise.reject(new TypeError('nothing opens without a grant'));
    }
    this.#onOpen?.(grant);
    const known = this.#ring.byId(sealed.key);
    if (known !== undefined) return Promise.resolve(opened(known, sealed, context));
    return this.#openCold(sealed, context);
  }

  async describe(keyId: string): Promise<KeyHandle | undefined> {
    const key = this.#ring.byId(keyId) ?? (await this.#loading(keyId));
    if (key === 'tampered') throw new TypeError('the row of a key was changed');
    return key?.handle;
  }

  async keyIds(owners: readonly string[], compartments: readonly string[]): Promise<readonly string[]> {
    const wanted = new Set(compartments);
    const found = await Promise.all(
      Array.from(new Set(owners), async (owner) => (await this.#rowsOfOwner(this.#hash('owner', owner))) ?? []),
    );
    const keys = await Promise.all(found.flat().map(async (row) => this.#ring.byId(row.id) ?? this.#keep(row)));
    return keys.flatMap((key) => {
      if (key === 'tampered') throw new TypeError('the row of a key was changed');
      return key !== undefined && wanted.has(key.handle.compartment) ? [key.handle.id] : [];
    });
  }

  async destroy(owner: string, compartment?: string): Promise<number> {
    // What is just being made is destroyed with the rest.
    await Promise.allSettled(this.#asked.values());
    const slot = compartment === undefined ? undefined : this.#hash('slot', slotOf(owner, compartment));
    return this.#store.destroy(this.#hash('owner', owner), slot);
  }

  async isSuppressed(organisation: string, localId: string): Promise<boolean> {
    await this.#store.refresh();
    const { suppressed } = this.#store.erased;
    return suppressed.size > 0 && suppressed.has(this.#suppression(organisation, localId));
  }

  suppress(organisation: string, localId: string, erasureId: string): Promise<void> {
    return this.#store.suppress(this.#suppression(organisation, localId), erasureId);
  }

  refresh(): Promise<void> {
    return this.#store.refresh();
  }

  lookupHash(use: string, value: string): string {
    let key = this.#lookupKeys.get(use);
    if (key === undefined) {
      key = createSecretKey(this.#encryption.derive(`lookup:${use}`));
      this.#lookupKeys.set(use, key);
    }
    return createHmac('sha256', key).update(value).digest('base64url');
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#asked.values());
    this.#ring.clear();
    await this.#store.close();
  }

  async #findOrMake(owner: string, compartment: string, slot: string): Promise<KeyHandle> {
    const hashes = { owner: this.#hash('owner', owner), slot: this.#hash('slot', slot) };
    if (this.#store.erased.owners.has(hashes.owner)) throw erased();
    const there = await this.#rowOfSlot(hashes.slot);
    const found = there === undefined ? undefined : await this.#keep(there);
    if (found === 'tampered') throw new TypeError('the row of a key was changed');
    if (found !== undefined) return found.handle;
    const made = await this.#maker.make({ owner, compartment }, hashes);
    if (made === 'erased') throw erased();
    if (made instanceof RingKey) return this.#hold(made).handle;
    // Another process was first.
    const theirs = await this.#keep(made);
    if (theirs instanceof RingKey) return theirs.handle;
    throw theirs === undefined ? erased() : new TypeError('the row of a key was changed');
  }

  async #openCold(sealed: Sealed, context: SealingContext): ReturnType<Vault['open']> {
    const key = await this.#loading(sealed.key);
    if (key === undefined) return fail(this.#store.erased.keys.has(sealed.key) ? 'erased' : 'unknown-key');
    return key === 'tampered' ? fail('tampered') : opened(key, sealed, context);
  }

  #mustHold(key: KeyHandle): RingKey {
    if (this.#store.erased.keys.has(key.id)) throw erased();
    const held = this.#ring.byHandle(key);
    if (held === undefined) throw new TypeError('a key this vault does not know');
    return held;
  }

  /** Unwraps; undefined where the key was destroyed since. */
  async #keep(row: KeyRow): Promise<RingKey | 'tampered' | undefined> {
    const plain = await this.#store.unwrap(row);
    if (plain === 'gone' || plain === 'tampered') return plain === 'gone' ? undefined : plain;
    const key = keyIn(row, plain);
    if (key === undefined) return 'tampered';
    return this.#store.erased.keys.has(row.id) ? undefined : this.#hold(key);
  }

  #hold(key: RingKey): RingKey {
    // Destroyed while it was on its way: its handle is good for nothing, and the ring stays free of it.
    if (!this.#store.erased.keys.has(key.handle.id)) this.#ring.add(key);
    return key;
  }

  #hash(use: 'owner' | 'slot', text: string): string {
    return createHmac('sha256', this.#findKey).update(`${use}:${text}`).digest('base64url');
  }

  #suppression(organisation: string, localId: string): string {
    return createHmac('sha256', this.#suppressKey).update(slotOf(organisation, localId)).digest('base64url');
  }
}

function bySlot(row: KeyRow): readonly [string, KeyRow] {
  return [row.slot, row];
}

function opened(key: RingKey, sealed: Sealed, context: SealingContext): Awaited<ReturnType<Vault['open']>> {
  if (context.owner !== key.handle.owner) return fail('tampered');
  const plain = openUnder(key.secret, key.handle, context, sealed);
  return plain === undefined ? fail('tampered') : ok(plain);
}

/** The key in what a row's wrapping held; overwrites it. */
function keyIn(row: KeyRow, plain: Uint8Array): RingKey | undefined {
  const words = wordsIn(plain);
  const handle = words === undefined ? undefined : Object.freeze({ id: row.id, ...words, version: row.version });
  const key = handle === undefined ? undefined : new RingKey(handle, secretIn(plain));
  plain.fill(0);
  return key;
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

function erased(): OwnerErased {
  return new OwnerErased('OWNER_ERASED');
}
