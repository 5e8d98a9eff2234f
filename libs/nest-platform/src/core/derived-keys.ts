import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A signing key pair of the hub itself. */
export interface HubKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * The hub's signing keys are made from the one key file by HKDF-SHA-256 (RFC 5869), so that one file is kept, moved and rolled.
 * `use` separates them: `checkpoint`, `translation`, `tokens`.
 */
export function hubKey(master: Uint8Array, use: 'checkpoint' | 'translation' | 'tokens'): HubKey {
  const seed = Buffer.from(hkdfSync('sha256', master, 'tellonce', `ed25519 ${use} 1`, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, seed]), format: 'der', type: 'pkcs8' });
  return { kid: `hub-${use}-1`, privateKey, publicKey: createPublicKey(privateKey) };
}

/** A symmetric key of the hub for one use, from the same file. */
export function hubSecret(master: Uint8Array, use: 'cursor' | 'key-encryption'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, 'tellonce', `secret ${use} 1`, 32));
}
