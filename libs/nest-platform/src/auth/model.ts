import { exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import type { OrganisationId } from '#kernel';
import type { Role } from '#contracts';

/** An organisation's system as registered. */
export interface RegisteredClient {
  readonly organisation: OrganisationId;
  /** Public keys in force, revoked ones left out; each says its one `alg` (ES256 or Ed25519). */
  readonly jwks: { readonly keys: readonly JWK[] };
}

/** Where the registry is asked; the answer must not be older than the last revocation. */
export interface ClientDirectory {
  /** `clientId` is `system:<organisation id>`. */
  findClient(clientId: string): Promise<RegisteredClient | undefined>;
}

/** Somebody who exists with TELLONCE_DEMO=1 only, and signs in without a password. */
export interface DemoPerson {
  /** What the token endpoint's `person` parameter says. */
  readonly key: string;
  readonly sub: string;
  readonly organisation: OrganisationId;
  readonly role: Role;
  readonly team?: string;
}

/** The hub's keys for access tokens: private JWKs with `kid` and `alg`, the first signs, all verify. */
export type SigningKeys = readonly [JWK, ...JWK[]];

/** Algorithms that are taken anywhere. */
export const ALGORITHMS = ['ES256', 'Ed25519'] as const;
/** A token lives at most so long. */
export const TOKEN_SECONDS = 300;
/** Client id of the demonstration: the portal and anybody with a terminal. */
export const DEMO_CLIENT = 'demonstration';
/** Grant type of the demonstration. */
export const DEMO_GRANT = 'urn:tellonce:grant:demonstration-person';
/** What a demonstration person signed in with: nothing at all. */
export const DEMO_ACR = 'urn:tellonce:acr:demonstration';
/** A second, fresh proof of who somebody is: what emergency access asks for (RFC 9470). */
export const STEP_UP_ACR = 'urn:tellonce:acr:step-up';
/** Role of a token that a system signs in for with its own key. */
export const SYSTEM_ROLE: Role = 'organisation-system';

/** The client id of an organisation's system. */
export function systemClientId(organisation: OrganisationId): string {
  return `system:${organisation}`;
}

/** Issuer of access tokens. */
export function issuerOf(publicUrl: string): string {
  return `${publicUrl}/oidc`;
}

/** The one audience of access tokens. */
export function audienceOf(publicUrl: string): string {
  return `${publicUrl}/v1`;
}

/** A new private key to sign tokens with; the composition keeps it. */
export async function generateSigningKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' };
}

/** What may be published of a key. */
export function publicPart(key: JWK): JWK {
  const { kty, crv, x, y, kid, alg, use } = key;
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y, kid, alg, use }).filter(([, value]) => value !== undefined),
  );
}
