import { hkdfSync } from 'node:crypto';
import type { KeyHandle } from './port.ts';

/** A key in memory. */
export class RingKey {
  readonly handle: KeyHandle;
  /** Given to every caller of `keyFor`, so that the warm path makes no promise of its own. */
  readonly answer: Promise<KeyHandle>;
  readonly secret: Uint8Array;
  #mac: Uint8Array | undefined;

  constructor(handle: KeyHandle, secret: Uint8Array) {
    this.handle = handle;
    this.answer = Promise.resolve(handle);
    this.secret = secret;
  }

  /** Subkey for HMAC, made once by HKDF-SHA-256 (RFC 5869). */
  get mac(): Uint8Array {
    this.#mac ??= new Uint8Array(hkdfSync('sha256', this.secret, '', 'tellonce/mac/v1', 32));
    return this.#mac;
  }

  wipe(): void {
    this.secret.fill(0);
    this.#mac?.fill(0);
  }
}

/** One text for (owner, compartment); length-prefixed, so `('ab','c')` is not `('a','bc')`. */
export function slotOf(owner: string, compartment: string): string {
  return `${owner.length}:${owner}:${compartment}`;
}

/** The keys in use, at most so many; the least recently used go first and are overwritten. */
export class KeyRing {
  readonly #byId = new Map<string, RingKey>();
  readonly #bySlot = new Map<string, RingKey>();
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

  add(key: RingKey): void {
    this.#byId.set(key.handle.id, key);
    this.#bySlot.set(slotOf(key.handle.owner, key.handle.compartment), key);
    if (this.#byId.size <= this.#most) return;
    for (const id of this.#byId.keys()) {
      this.drop(id);
      break;
    }
  }

  drop(id: string): void {
    const key = this.#byId.get(id);
    if (key === undefined) return;
    this.#byId.delete(id);
    const slot = slotOf(key.handle.owner, key.handle.compartment);
    if (this.#bySlot.get(slot) === key) this.#bySlot.delete(slot);
    key.wipe();
  }

  clear(): void {
    for (const key of this.#byId.values()) key.wipe();
    this.#byId.clear();
    this.#bySlot.clear();
  }

  #touch(key: RingKey): void {
    this.#byId.delete(key.handle.id);
    this.#byId.set(key.handle.id, key);
  }
}
