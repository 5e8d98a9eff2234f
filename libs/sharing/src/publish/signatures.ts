import { compactVerify, importJWK, type CryptoKey } from 'jose';
import { fail, ok, parseStrictJson, type OrganisationId, type Outcome } from '#kernel';
import type { PublicJwk, Reason } from '#contracts';
import type { Registry } from '../model.ts';

/** A compact JWS that an organisation's registered key made. */
export interface VerifiedJws {
  readonly kid: string;
  readonly alg: string;
  /** The exact bytes that were signed. */
  readonly payload: Uint8Array;
}

/** A fact is at most 256 KiB (design §3.2); base64url and a signature make that a third more. */
export const MOST_JWS = 360 * 1024;
const MOST_KEYS = 4_096;

/**
 * Verifies compact JWS of organisations. The key is the organisation's own, named by `kid`, registered and not revoked, used with its one
 * algorithm; imported once. Refusals: JWS_TOO_LARGE, JWS_MALFORMED, KEY_MISSING, KEY_UNKNOWN, KEY_REVOKED, ALGORITHM_NOT_OF_KEY,
 * SIGNATURE_INVALID.
 */
export function signatureVerifier(): (
  registry: Registry,
  organisation: OrganisationId,
  jws: string,
) => Promise<Outcome<VerifiedJws, Reason>> {
  const imported = new Map<string, { readonly jwk: PublicJwk; readonly key: Promise<CryptoKey | Uint8Array> }>();

  function keyOf(organisation: OrganisationId, jwk: PublicJwk): Promise<CryptoKey | Uint8Array> {
    const name = `${organisation} ${jwk.kid}`;
    const known = imported.get(name);
    if (known?.jwk === jwk) return known.key;
    if (imported.size >= MOST_KEYS) imported.clear();
    const key = importJWK(jwk, jwk.alg);
    imported.set(name, { jwk, key });
    return key;
  }

  return async (registry, organisation, jws) => {
    if (jws.length > MOST_JWS) return fail({ code: 'JWS_TOO_LARGE' });
    const header = headerOf(jws);
    if (header === undefined) return fail({ code: 'JWS_MALFORMED' });
    const { alg, kid } = header;
    if (typeof kid !== 'string') return fail({ code: 'KEY_MISSING', pointer: '/kid' });
    const registered = registry.organisations.get(organisation);
    const jwk = registered?.keys.find((key) => key.kid === kid);
    if (registered === undefined || jwk === undefined) return fail({ code: 'KEY_UNKNOWN', pointer: '/kid' });
    if (registered.revokedKeys.has(kid)) return fail({ code: 'KEY_REVOKED', pointer: '/kid' });
    if (alg !== jwk.alg) return fail({ code: 'ALGORITHM_NOT_OF_KEY', pointer: '/alg' });
    try {
      const key = await keyOf(organisation, jwk);
      // Bytes as a key would make an HMAC out of a public key (trust §4.1).
      if (key instanceof Uint8Array) return fail({ code: 'ALGORITHM_NOT_OF_KEY', pointer: '/alg' });
      const { payload } = await compactVerify(jws, key, { algorithms: [jwk.alg] });
      return ok({ kid, alg: jwk.alg, payload });
    } catch {
      return fail({ code: 'SIGNATURE_INVALID' });
    }
  };
}

type Header = Readonly<Record<string, unknown>>;

/** Headers are the same for every fact of a key; what somebody makes up does not fill the memory. */
const headers = new Map<string, Header | undefined>();
const MOST_HEADERS = 1_000;
const MOST_HEADER = 400;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The header of a compact JWS; undefined where it is none. */
function headerOf(jws: string): Header | undefined {
  const [first, ...others] = jws.split('.');
  if (first === undefined || others.length !== 2 || !others.every((part) => BASE64URL.test(part))) return undefined;
  if (headers.has(first)) return headers.get(first);
  const header = BASE64URL.test(first) ? strictHeader(first) : undefined;
  if (first.length <= MOST_HEADER) {
    if (headers.size >= MOST_HEADERS) headers.clear();
    headers.set(first, header);
  }
  return header;
}

/** By strict reading; undefined also where it changes what is signed (`b64`, `crit`) or brings a key of its own. */
function strictHeader(text: string): Header | undefined {
  const parsed = parseStrictJson(Buffer.from(text, 'base64url'));
  if (!parsed.ok || typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value))
    return undefined;
  const header = parsed.value as Header;
  return ['b64', 'crit', 'jwk', 'jku', 'x5u', 'x5c'].some((member) => Object.hasOwn(header, member))
    ? undefined
    : header;
}
