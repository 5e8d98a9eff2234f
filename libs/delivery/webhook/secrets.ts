import { ed25519Bytes, ed25519Private, fail, ok, strictBase64, type Chance, type Instant, type Outcome } from '#kernel';

/** What signs. The bytes are given by the caller, opened from where they are sealed; nothing here keeps, prints or logs them. */
export interface WebhookSecret {
  /** `hmac`: 24 to 64 shared random bytes. `ed25519`: a seed of 32 (RFC 8032), whose public half the receiver has. */
  readonly kind: 'hmac' | 'ed25519';
  readonly bytes: Uint8Array;
  /** Signs no more from then on. For rotation: the new secret beside the old one, until every receiver knows the new. */
  readonly until?: Instant;
}

/** What verifies: the shared bytes, or the 32 bytes of the public key. */
export interface WebhookVerifier {
  readonly kind: 'hmac' | 'ed25519-public';
  readonly bytes: Uint8Array;
}

/** Why a text is no secret. */
export type SecretProblem = 'prefix' | 'base64' | 'length' | 'halves';

/** A random HMAC secret; 32 bytes, as many as SHA-256 gives. */
export function newWebhookSecret(chance: Chance): WebhookSecret {
  return { kind: 'hmac', bytes: chance.bytes(32) };
}

/** A random Ed25519 key pair; the receiver is shown `verifier` alone. */
export function newWebhookKeyPair(chance: Chance): {
  readonly secret: WebhookSecret;
  readonly verifier: WebhookVerifier;
} {
  const bytes = chance.bytes(32);
  return { secret: { kind: 'ed25519', bytes }, verifier: verifierOf({ kind: 'ed25519', bytes }) };
}

/** What verifies that which the secret signs. Throws RangeError for bytes that are no key. */
export function verifierOf({ kind, bytes }: WebhookSecret): WebhookVerifier {
  return kind === 'hmac' ? { kind, bytes } : { kind: 'ed25519-public', bytes: ed25519Bytes(ed25519Private(bytes)) };
}

/**
 * The text of Standard Webhooks 1.0 that an organisation is shown once: `whsec_`, `whsk_` (seed and public key, as other senders write it) or
 * `whpk_`, and base64.
 */
export function webhookSecretText({ kind, bytes }: WebhookSecret | WebhookVerifier): string {
  const base64 = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('base64');
  if (kind === 'hmac') return `whsec_${base64(bytes)}`;
  if (kind === 'ed25519-public') return `whpk_${base64(bytes)}`;
  return `whsk_${base64(bytes, ed25519Bytes(ed25519Private(bytes)))}`;
}

/** Reads `whsec_` (24 to 64 bytes) or `whsk_` (a seed, alone or with the public key that belongs to it). */
export function readWebhookSecret(text: string): Outcome<WebhookSecret, SecretProblem> {
  const read = parts(text, ['whsec', 'whsk']);
  if (!read.ok) return read;
  const { prefix, bytes } = read.value;
  if (prefix === 'whsec') return isHmacLength(bytes) ? ok({ kind: 'hmac', bytes }) : fail('length');
  if (bytes.length !== 32 && bytes.length !== 64) return fail('length');
  const seed = bytes.subarray(0, 32);
  if (bytes.length === 64 && !ed25519Bytes(ed25519Private(seed)).equals(bytes.subarray(32))) return fail('halves');
  return ok({ kind: 'ed25519', bytes: seed });
}

/** Reads what a receiver was given: `whsec_` or `whpk_`. */
export function readWebhookVerifier(text: string): Outcome<WebhookVerifier, SecretProblem> {
  const read = parts(text, ['whsec', 'whpk']);
  if (!read.ok) return read;
  const { prefix, bytes } = read.value;
  if (prefix === 'whsec') return isHmacLength(bytes) ? ok({ kind: 'hmac', bytes }) : fail('length');
  return bytes.length === 32 ? ok({ kind: 'ed25519-public', bytes }) : fail('length');
}

/** Standard Webhooks 1.0: between 24 and 64 bytes. */
export function isHmacLength(bytes: Uint8Array): boolean {
  return bytes.length >= 24 && bytes.length <= 64;
}

function parts(
  text: string,
  prefixes: readonly string[],
): Outcome<{ readonly prefix: string; readonly bytes: Buffer }, SecretProblem> {
  const [, prefix, encoded] = /^([a-z]{1,8})_(.*)$/.exec(text) ?? [];
  if (prefix === undefined || encoded === undefined || !prefixes.includes(prefix)) return fail('prefix');
  const bytes = strictBase64(encoded);
  return bytes === undefined ? fail('base64') : ok({ prefix, bytes });
}
