import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** RFC 8410: what stands before the 32 bytes of a public key (SubjectPublicKeyInfo) and of a seed (PKCS #8). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The signing key of 32 secret bytes (RFC 8032 seed). Throws RangeError for another length. */
export function ed25519Private(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, exact(seed)]), format: 'der', type: 'pkcs8' });
}

/** The verifying key of 32 public bytes. Throws RangeError for another length. */
export function ed25519Public(bytes: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, exact(bytes)]), format: 'der', type: 'spki' });
}

/** The 32 public bytes of a key, private or public. */
export function ed25519Bytes(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
}

/** OpenSSL reads the first 32 of more bytes and says nothing. */
function exact(bytes: Uint8Array): Uint8Array {
  if (bytes.length !== 32) throw new RangeError('an Ed25519 key has 32 bytes');
  return bytes;
}
