import { createECDH, createHmac, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { JWK } from 'jose';
import { ed25519Private } from '#kernel';

/** A signing key pair of the hub itself. */
export interface HubKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/**
 * The hub's signing keys are made from the one key file by HKDF-SHA-256 (RFC 5869), so that one file is kept, moved and rolled;
 * `use` separates them. 32 secret bytes, an Ed25519 seed (RFC 8032).
 */
export function hubSeed(master: Uint8Array, use: 'checkpoint' | 'translation'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, 'tellonce', `ed25519 ${use} 1`, 32));
}

/** An Ed25519 key of the hub. */
export function hubKey(master: Uint8Array, use: 'translation'): HubKey {
  const privateKey = ed25519Private(hubSeed(master, use));
  return { kid: `hub-${use}-1`, privateKey, publicKey: createPublicKey(privateKey) };
}

/** The P-256 key that access tokens are signed with, as a private JWK (RFC 7517): the same after every start. */
export function tokenKey(master: Uint8Array): JWK & { readonly kid: string } {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(Buffer.from(hkdfSync('sha256', master, 'tellonce', 'p256 tokens 1', 32)));
  const point = ecdh.getPublicKey();
  const part = (from: number, to: number): string => point.subarray(from, to).toString('base64url');
  // OpenSSL leaves out leading zero bytes of the number, RFC 7518 §6.2.2.1 wants all 32: one key file in 256 has one.
  const secret = ecdh.getPrivateKey();
  const d = Buffer.concat([Buffer.alloc(32 - secret.length), secret]).toString('base64url');
  return { kty: 'EC', crv: 'P-256', x: part(1, 33), y: part(33, 65), d, kid: 'hub-tokens-1', alg: 'ES256', use: 'sig' };
}

/** A symmetric key of the hub for one use, from the same file. */
export function hubSecret(
  master: Uint8Array,
  use: 'cursor' | 'key-encryption' | 'pseudonym' | 'log-users' | 'ticket',
): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, 'tellonce', `secret ${use} 1`, 32));
}

/**
 * Who asks, as log lines may say it: HMAC-SHA-256 of organisation and subject, cut to 128 bits. Lines of one person can be found together, and
 * nobody without the key file can tell whose they are.
 */
export function userHashOf(
  master: Uint8Array,
): (reader: { readonly organisation: string; readonly sub: string }) => string {
  const key = hubSecret(master, 'log-users');
  return ({ organisation, sub }) =>
    createHmac('sha256', key)
      .update(`${String(organisation.length)}:${organisation}${sub}`)
      .digest('hex')
      .slice(0, 32);
}
