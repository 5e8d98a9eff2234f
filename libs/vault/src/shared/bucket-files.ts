import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { canonicalBytes, type Chance } from '#kernel';
import { keepFolder } from '../durable.ts';
import { KekUnusable, wrappingUnder, type KeyEncryption, type Wrapping } from '../kek.ts';

/** The key of a bucket, by the random name that rows know it by. */
export interface BucketKey {
  readonly bucket: number;
  readonly key: string;
}

const NAME = /^(\d{1,3})\.([\w-]{22})\.key$/;

/**
 * The bucket keys, a file each; made, read and destroyed, never changed. Their names are random: two processes that both believe it is their
 * turn can't overwrite each other's.
 *
 * STORAGE FORMAT: `<bucket>.<name>.key`, mode 0600: base64 of 32 bytes as the key-encryption key wraps them, bound to bucket and name.
 */
export class BucketFiles {
  readonly #folder: string;
  readonly #encryption: KeyEncryption;
  readonly #chance: Chance;

  /** Makes the folder where it is not there. */
  constructor(folder: string, encryption: KeyEncryption, chance: Chance) {
    this.#folder = folder;
    this.#encryption = encryption;
    this.#chance = chance;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** A new key, durable when this returns. */
  make(bucket: number): BucketKey {
    const made = { bucket, key: Buffer.from(this.#chance.bytes(16)).toString('base64url') };
    const bytes = Buffer.from(this.#chance.bytes(32));
    const text = Buffer.from(this.#encryption.wrap(bytes, boundOf(made))).toString('base64');
    bytes.fill(0);
    const file = openSync(this.#path(made), 'wx', 0o600);
    try {
      writeSync(file, `${text}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    keepFolder(this.#folder);
    return made;
  }

  /** What wraps under it; undefined where there is no such file. Throws `KekUnusable` where it is open to others or none of ours. */
  read(key: BucketKey): Wrapping | undefined {
    const text = readPrivate(this.#path(key));
    if (text === undefined) return undefined;
    let bytes: Buffer;
    try {
      bytes = Buffer.from(this.#encryption.unwrap(Buffer.from(text, 'base64'), boundOf(key)));
    } catch {
      throw new KekUnusable('KEK_BUCKETS', `the key of bucket ${key.bucket} is damaged, or of another key file`);
    }
    const wrapping = wrappingUnder(bytes, this.#chance);
    bytes.fill(0);
    return wrapping;
  }

  list(): readonly BucketKey[] {
    return readdirSync(this.#folder).flatMap((name) => {
      const [, bucket, key] = NAME.exec(name) ?? [];
      return bucket === undefined || key === undefined ? [] : [{ bucket: Number(bucket), key }];
    });
  }

  /** Overwrites and removes; where it is gone, nothing. */
  destroy(key: BucketKey): void {
    const path = this.#path(key);
    let file: number;
    try {
      file = openSync(path, 'r+');
    } catch (error) {
      if (isGone(error)) return;
      throw error;
    }
    try {
      writeSync(file, this.#chance.bytes(fstatSync(file).size), 0, null, 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    unlinkSync(path);
    keepFolder(this.#folder);
  }

  #path({ bucket, key }: BucketKey): string {
    return join(this.#folder, `${bucket}.${key}.key`);
  }
}

function readPrivate(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  try {
    if (process.platform !== 'win32' && (fstatSync(file).mode & 0o077) !== 0) {
      throw new KekUnusable('KEK_PERMISSIONS', 'the key of a bucket is open to others; chmod 600');
    }
    return readFileSync(file, 'latin1').trim();
  } finally {
    closeSync(file);
  }
}

function isGone(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}

function boundOf({ bucket, key }: BucketKey): Uint8Array {
  return canonicalBytes({ bucket, key });
}
