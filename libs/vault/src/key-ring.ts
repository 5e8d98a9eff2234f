import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { KeyHandle } from './port.ts';

/**
 * A key in memory, as OpenSSL's own object: its bytes are in no buffer of ours, overwritten when the last reference goes, and taking
 * it up costs a fifth of what raw bytes cost.
 */
export class RingKey {
  readonly handle: KeyHandle;
  /** Given to every caller of `keyFor`, so that the warm path makes no promise of its own. */
  readonly answer: Promise<KeyHandle>;
  #secret: KeyObject | undefined;
  #mac: KeyObject | undefined;

  /** Takes the bytes over and overwrites them. */
  constructor(handle: KeyHandle, secret: Uint8Array) {
    this.handle = handle;
    this.answer = Promise.resolve(handle);
    this.#secret = createSecretKey(secret);
    secret.fill(0);
  }

  /** Throws once wiped. */
  get secret(): KeyObject {
    if (this.#secret === undefined) throw new TypeError('the key was dropped');
    return this.#secret;
  }

  /** Subkey for HMAC, made once by HKDF-SHA-256 (RFC 5869). */
  get mac(): KeyObject {
    if (this.#mac === undefined) {
      const bytes = new Uint8Array(hkdfSync('sha256', this.secret, '', 'tellonce/mac/v1', 32));
      this.#mac = createSecretKey(bytes);
      bytes.fill(0);
    }
    return this.#mac;
  }

  wipe(): void {
    this.#secret = undefined;
    this.#mac = undefined;
  }
}

/** One text for (owner, compartment); length-prefixed, so `('ab','c')` is not `('a','bc')`. */
export function slotOf(owner: string, compartment: string): string {
  return `${owner.length}:${owner}:${compartment}`;
}

/**
 * The keys in use, at most so many; the least recently used go first. A key that went stays usable for whoever was given its handle, and
 * is overwritten when nobody has it any more; one that is dropped is unusable at once.
 */
export class KeyRing {
  readonly #byId = new Map<string, RingKey>();
  readonly #bySlot = new Map<string, RingKey>();
  readonly #byHandle = new WeakMap<KeyHandle, RingKey>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  bySlot(slot: string): RingKey | undefined {
    const key = this.#bySlot.get(slot);
    if (key !== undefined) this.#touch(key);
    return key;
  }

  byId(id: string): RingKey | undefined {
    const key = this.#byId.get(id);
    if (key !== undefined) this.#touch(key);
    return key;
  }

  /** Also one that went to make room, for whoever still has its handle. */
  byHandle(handle: KeyHandle): RingKey | undefined {
    return this.#byHandle.get(handle) ?? this.byId(handle.id);
  }

  add(key: RingKey): void {
    this.#byHandle.set(key.handle, key);
    this.#byId.set(key.handle.id, key);
    this.#bySlot.set(slotOf(key.handle.owner, key.handle.compartment), key);
    if (this.#byId.size <= this.#most) return;
    for (const oldest of this.#byId.values()) {
      this.#forget(oldest);
      break;
    }
  }

  drop(id: string): void {
    const key = this.#byId.get(id);
    if (key === undefined) return;
    this.#forget(key);
    key.wipe();
  }

  clear(): void {
    for (const key of this.#byId.values()) key.wipe();
    this.#byId.clear();
    this.#bySlot.clear();
  }

  #forget(key: RingKey): void {
    this.#byId.delete(key.handle.id);
    const slot = slotOf(key.handle.owner, key.handle.compartment);
    if (this.#bySlot.get(slot) === key) this.#bySlot.delete(slot);
  }

  #touch(key: RingKey): void {
    this.#byId.delete(key.handle.id);
    this.#byId.set(key.handle.id, key);
  }
}
