import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { toInstant } from '#kernel';
import type { Clock, OrganisationId } from '#kernel';

/** A key pair of a caller in a spec. */
export interface CallerKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
  readonly jkt: string;
}

/** The place all specs of sign-in use. */
export const PUBLIC_URL = 'https://hub.test';
/** The organisation that has a registered key. */
export const SCHOOL = 'a-school' as OrganisationId;

/** The real time: oidc-provider reads its own clock. */
export const realClock: Clock = { now: () => toInstant(Date.now()) };

/** A new key of a caller. */
export async function callerKey(kid: string, alg: 'ES256' | 'Ed25519' = 'ES256'): Promise<CallerKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), alg, kid };
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) };
}

/** A client assertion (RFC 7523), with changes. */
export async function assertion(
  key: CallerKey,
  client: string,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({
    iss: client,
    sub: client,
    aud: `${PUBLIC_URL}/oidc`,
    iat: now,
    exp: now + 60,
    jti: randomUUID(),
    ...changes,
  })
    .setProtectedHeader({ alg: key.jwk.alg ?? 'ES256', kid: key.jwk.kid ?? '' })
    .sign(key.privateKey);
}

/** A DPoP proof (RFC 9449), with changes. */
export async function proof(
  key: CallerKey,
  method: string,
  url: string,
  token?: string,
  changes: Readonly<Record<string, unknown>> = {},
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { kty, crv, x, y } = key.jwk;
  const jwk = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
  return new SignJWT({
    htm: method,
    htu: url,
    iat: Math.floor(Date.now() / 1000),
    jti: randomUUID(),
    ...ath,
    ...changes,
  })
    .setProtectedHeader({ alg: key.jwk.alg ?? 'ES256', typ: 'dpop+jwt', jwk, ...header } as { alg: string })
    .sign(key.privateKey);
}
