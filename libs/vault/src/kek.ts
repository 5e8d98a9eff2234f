import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Chance } from '#kernel';
import { keepFolder } from './durable.ts';

/** What keeps other keys secret under one key. */
export interface Wrapping {
  /** Encrypts under the key; `bound` must be given again to unwrap. */
  wrap(plain: Uint8Array, bound: Uint8Array): Uint8Array;
  /** Throws where the bytes, `bound` or the key are not those of `wrap`. */
  unwrap(wrapped: Uint8Array, bound: Uint8Array): Uint8Array;
}

/**
 * What wraps the keys: the port for a key-management service. Synchronous: a service over a network is asked once at start for the root that
 * its implementation then works with.
 *
 * Where a database keeps what it has deleted (PostgreSQL), keys lie under bucket keys instead, which an erasure rolls, and this wraps those:
 * files here, because a file can be overwritten. A service would hold each bucket key as a key of its own, wrap rows under it, and have the
 * roll make a new one and destroy the old at once; one that destroys only after days of waiting erases only then.
 */
export interface KeyEncryption extends Wrapping {
  /** 32 bytes that only this key-encryption key gives for this use. */
  derive(use: string): Uint8Array;
}

/** Why a key-encryption key can't be used; `KEK_BUCKETS`: the key of a bucket is missing or not one of it. */
export type KekProblem = 'KEK_MISSING' | 'KEK_SIZE' | 'KEK_PERMISSIONS' | 'KEK_WRONG' | 'KEK_BUCKETS';

/** The key-encryption key is missing, of the wrong size, readable by others, or not the one these keys were wrapped under. */
export class KekUnusable extends Error {
  override readonly name = 'KekUnusable';
  readonly code: KekProblem;
  constructor(code: KekProblem, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

const SIZE = 32;
const IV = 12;
const TAG = 16;

/**
 * Reads the 32-byte key-encryption key from its file (base64, mode 0600), which must lie outside `var` and outside every
 * backup of the keys. With `create`, a missing file is made first and is durable before this returns. Throws {@link KekUnusable}.
 */
export function loadKek(path: string, options: { readonly create: boolean; readonly chance: Chance }): Uint8Array {
  if (options.create) createFile(path, options.chance);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    throw new KekUnusable('KEK_MISSING', 'the file of the key-encryption key cannot be read');
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(file).mode & 0o077) !== 0) {
      throw new KekUnusable('KEK_PERMISSIONS', 'the file of the key-encryption key is open to others; chmod 600');
    }
    const text = readFileSync(file, 'latin1').trim();
    const key = Buffer.from(text, 'base64');
    if (key.length !== SIZE || key.toString('base64') !== text) {
      throw new KekUnusable('KEK_SIZE', `the file must hold ${SIZE} bytes in base64`);
    }
    return key;
  } finally {
    closeSync(file);
  }
}

function createFile(path: string, chance: Chance): void {
  let file: number;
  try {
    file = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'EEXIST') return;
    throw new KekUnusable('KEK_MISSING', 'the file of the key-encryption key cannot be made');
  }
  try {
    writeSync(file, `${Buffer.from(chance.bytes(SIZE)).toString('base64')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  keepFolder(dirname(path));
}

/** Wraps by AES-256-GCM under a 32-byte key held in memory: what the key file gives. Throws {@link KekUnusable} for another size. */
export function localKeyEncryption(kek: Uint8Array, chance: Chance): KeyEncryption {
  if (kek.length !== SIZE) throw new KekUnusable('KEK_SIZE', `a key-encryption key is ${SIZE} bytes`);
  const derive = (use: string): Uint8Array => new Uint8Array(hkdfSync('sha256', kek, '', `tellonce/${use}/v1`, SIZE));
  return { derive, ...wrappingUnder(derive('wrap'), chance) };
}

/** Wraps by AES-256-GCM under 32 bytes, of which it keeps no copy that others can reach. */
export function wrappingUnder(bytes: Uint8Array, chance: Chance): Wrapping {
  const key = createSecretKey(bytes);
  return {
    wrap: (plain, bound) => {
      const iv = chance.bytes(IV);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bound);
      return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    unwrap: (wrapped, bound) => {
      if (wrapped.length < IV + TAG) throw new Error('wrapped key is too short');
      const decipher = createDecipheriv('aes-256-gcm', key, wrapped.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(bound).setAuthTag(wrapped.subarray(wrapped.length - TAG));
      return Buffer.concat([decipher.update(wrapped.subarray(IV, wrapped.length - TAG)), decipher.final()]);
    },
  };
}
