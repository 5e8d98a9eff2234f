import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';
import { createHash, randomUUID } from 'node:crypto';
import type { OrganisationKey } from './keys.ts';

/** An answer of the hub: status, headers, and the body as text and as JSON where it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** What a request may carry; no identifier of a person belongs in `path`. */
export interface Asking {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: NonNullable<RequestInit['body']>;
  readonly json?: unknown;
}

/** Somebody signed in to a hub. */
export interface HubClient {
  ask(path: string, asking?: Asking): Promise<Answer>;
}

/** Proves possession of a key for each request (RFC 9449). */
interface DpopKey {
  readonly key: CryptoKey;
  readonly jwk: JWK;
}

/**
 * A demonstration person: a bearer token by the grant that exists only with TELLONCE_DEMO=1. `acr` asks for a level of authentication
 * (`urn:tellonce:acr:step-up` is what emergency access wants).
 */
export function demonstrationPerson(url: string, person: string, signIn: { readonly acr?: string } = {}): HubClient {
  const token = remembered(async () => {
    const body = new URLSearchParams({
      grant_type: 'urn:tellonce:grant:demonstration-person',
      client_id: 'demonstration',
      person,
      ...(signIn.acr === undefined ? {} : { acr_values: signIn.acr }),
    });
    return tokenFrom(await fetch(`${url}/oidc/token`, { method: 'POST', body }));
  });
  return {
    ask: async (path, asking) => send(url, path, asking, { authorization: `Bearer ${await token()}` }),
  };
}

/** An organisation's own system: client credentials with `private_key_jwt` (RFC 7523), tokens bound to a DPoP key. */
export function organisationSystem(url: string, organisation: string, key: OrganisationKey): HubClient {
  const issuer = `${url}/oidc`;
  const dpop = generateKeyPair('ES256').then(async ({ privateKey, publicKey }) => ({
    key: privateKey,
    jwk: await exportJWK(publicKey),
  }));
  const token = remembered(async () => {
    const client = `system:${organisation}`;
    const assertion = await new SignJWT({ iss: client, sub: client, aud: issuer, jti: randomUUID() })
      .setProtectedHeader({ alg: key.alg === 'Ed25519' ? 'Ed25519' : key.alg, kid: key.kid })
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(key.privateKey);
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: client,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      resource: `${url}/v1`,
    });
    const endpoint = `${issuer}/token`;
    const headers = { DPoP: await dpopProof(await dpop, 'POST', endpoint) };
    return tokenFrom(await fetch(endpoint, { method: 'POST', body, headers }));
  });
  return {
    ask: async (path, asking) => {
      const access = await token();
      const proof = await dpopProof(
        await dpop,
        asking?.method ?? (hasBody(asking) ? 'POST' : 'GET'),
        `${url}${path.split('?')[0] ?? ''}`,
        access,
      );
      return send(url, path, asking, { authorization: `DPoP ${access}`, dpop: proof });
    },
  };
}

/** One proof for one request: `htm`, `htu` without query, `ath` where a token goes with it (RFC 9449 §4.2). */
export async function dpopProof(dpop: DpopKey, method: string, url: string, accessToken?: string): Promise<string> {
  const ath = accessToken === undefined ? {} : { ath: createHash('sha256').update(accessToken).digest('base64url') };
  return new SignJWT({ htm: method, htu: url, jti: randomUUID(), ...ath })
    .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: dpop.jwk })
    .setIssuedAt()
    .sign(dpop.key);
}

/** The thumbprint a token is bound to (RFC 7638). */
export async function thumbprint(jwk: JWK): Promise<string> {
  return calculateJwkThumbprint(jwk);
}

function hasBody(asking: Asking | undefined): boolean {
  return asking?.body !== undefined || asking?.json !== undefined;
}

/** Keeps a token for four of its five minutes. */
function remembered(make: () => Promise<string>): () => Promise<string> {
  let kept: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    const now = performance.now();
    if (kept === undefined || now > kept.until) {
      const token = make();
      kept = { token, until: now + 240_000 };
      token.catch(() => {
        kept = undefined;
      });
    }
    return kept.token;
  };
}

async function tokenFrom(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.ok) throw new Error(`sign-in refused (${String(response.status)}): ${text}`);
  return (JSON.parse(text) as { access_token: string }).access_token;
}

async function send(
  url: string,
  path: string,
  asking: Asking | undefined,
  sign: Readonly<Record<string, string>>,
): Promise<Answer> {
  const json = asking?.json === undefined ? undefined : JSON.stringify(asking.json);
  const body = json ?? asking?.body;
  const init: RequestInit & { readonly duplex: 'half' } = {
    method: asking?.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...asking?.headers, ...sign },
    ...(body === undefined ? {} : { body }),
    // A streamed body is sent while it is read (Fetch standard, RequestInit.duplex).
    duplex: 'half',
  };
  const response = await fetch(`${url}${path}`, init);
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
