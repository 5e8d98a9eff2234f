import { createHmac, sign, timingSafeEqual, verify } from 'node:crypto';
import { ed25519Private, ed25519Public, epochMs, fail, ok, strictBase64, type Instant, type Outcome } from '#kernel';
import { isHmacLength, type WebhookSecret, type WebhookVerifier } from './secrets.ts';

/** The three headers of Standard Webhooks 1.0. */
export interface WebhookHeaders {
  readonly 'webhook-id': string;
  readonly 'webhook-timestamp': string;
  readonly 'webhook-signature': string;
}

/** Signs one attempt: the signal's id (no full stop in it), when the attempt is made, and the exact body. */
export type WebhookSigner = (id: string, at: Instant, body: string) => WebhookHeaders;

/** Why a webhook is not believed. */
export type WebhookProblem = 'headers' | 'timestamp' | 'too-old' | 'too-new' | 'signature';

/** A webhook that is believed: what it is called, and when this attempt was made (seconds since 1970). */
export interface VerifiedWebhook {
  readonly id: string;
  readonly timestamp: number;
}

/** Both ways, as the libraries of Standard Webhooks have it. */
export const TOLERANCE_SECONDS = 300;

const ID = /^[^.\s]{1,256}$/;
const TIMESTAMP = /^(0|[1-9]\d{0,11})$/;
/** A header with more than this is somebody who wants work done. */
const MOST_SIGNATURES = 10;
const MOST_SIGNATURE_CHARACTERS = 2_000;

/**
 * A signer with every secret that is valid now, each its own signature (`v1` HMAC-SHA256, `v1a` Ed25519), in the order given; undefined where
 * none is. Keys are made ready once for many attempts. Throws RangeError for bytes that are no secret.
 */
export function webhookSigner(secrets: readonly WebhookSecret[], now: Instant): WebhookSigner | undefined {
  const keys = secrets.filter(({ until }) => until === undefined || now < until).map(signatureOf);
  if (keys.length === 0) return undefined;
  return (id, at, body) => {
    if (!ID.test(id)) throw new RangeError('an id is 1 to 256 characters without a full stop or space');
    const timestamp = String(Math.floor(epochMs(at) / 1_000));
    const content = signedContent(id, timestamp, body);
    return {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': keys.map((key) => key(content)).join(' '),
    };
  };
}

/**
 * What a receiver does (Standard Webhooks 1.0, "Verifying signatures"): the attempt is from within the tolerance, and one signature is by one
 * of the secrets known. Compares in constant time. Signatures of a version nobody has a key for are passed over, so a receiver that holds a
 * public key believes no HMAC. `body` is what came, byte for byte.
 */
export function verifyWebhook(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  body: string | Uint8Array,
  secrets: readonly WebhookVerifier[],
  now: Instant,
  toleranceSeconds = TOLERANCE_SECONDS,
): Outcome<VerifiedWebhook, WebhookProblem> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    only(headers, name),
  );
  if (id === undefined || timestamp === undefined || signatures === undefined || !ID.test(id)) return fail('headers');
  if (!TIMESTAMP.test(timestamp)) return fail('timestamp');
  const age = Math.floor(epochMs(now) / 1_000) - Number(timestamp);
  if (age > toleranceSeconds) return fail('too-old');
  if (-age > toleranceSeconds) return fail('too-new');
  const listed = signatures.length > MOST_SIGNATURE_CHARACTERS ? [] : signatures.split(' ').slice(0, MOST_SIGNATURES);
  const content = signedContent(id, timestamp, body);
  const believed = secrets.some((secret) => matches(secret, content, listed));
  return believed ? ok({ id, timestamp: Number(timestamp) }) : fail('signature');
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'utf8'), Buffer.from(body)]);
}

function signatureOf({ kind, bytes }: WebhookSecret): (content: Uint8Array) => string {
  if (kind === 'ed25519') {
    const key = ed25519Private(bytes);
    return (content) => `v1a,${sign(null, content, key).toString('base64')}`;
  }
  if (!isHmacLength(bytes)) throw new RangeError('a webhook secret has 24 to 64 bytes');
  return (content) => `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`;
}

function matches({ kind, bytes }: WebhookVerifier, content: Uint8Array, listed: readonly string[]): boolean {
  const version = kind === 'hmac' ? 'v1,' : 'v1a,';
  const given = listed
    .filter((each) => each.startsWith(version))
    .flatMap((each) => strictBase64(each.slice(version.length)) ?? []);
  if (kind === 'ed25519-public') {
    const key = ed25519Public(bytes);
    return given.some((signature) => signature.length === 64 && verify(null, content, key, signature));
  }
  // An empty key would verify for anybody.
  if (!isHmacLength(bytes)) return false;
  const wanted = createHmac('sha256', bytes).update(content).digest();
  return given.some((signature) => signature.length === wanted.length && timingSafeEqual(signature, wanted));
}

/** The one value of a header, whatever the case of its name; undefined where it is missing, empty or there twice. */
function only(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  name: string,
): string | undefined {
  const found = Object.entries(headers).flatMap(([each, value]) =>
    each.toLowerCase() === name && value !== undefined ? value : [],
  );
  return found.length === 1 && found[0] !== '' ? found[0] : undefined;
}
