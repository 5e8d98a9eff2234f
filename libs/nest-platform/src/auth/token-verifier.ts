import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, createLocalJWKSet, importJWK, jwtVerify } from 'jose';
import type { JWK, JWTPayload } from 'jose';
import { isRole } from '#contracts';
import { epochMs, fail, isOrganisationId, ok, parseStrictJson } from '#kernel';
import type { Clock, OrganisationId, Outcome } from '#kernel';
import type { Reader } from '#sharing';
import type { Authenticator, TokenRefusal } from '../guard/access.guard.ts';
import { isAway } from '../problem/from-error.ts';
import { ALGORITHMS, SYSTEM_ROLE, TOKEN_SECONDS, audienceOf, issuerOf, publicPart, systemClientId } from './model.ts';
import type { SigningKeys } from './model.ts';
import type { OnceStore } from './once-store.ts';

/** What a verifier stands on. */
export interface TokenVerifierOptions {
  readonly publicUrl: string;
  readonly keys: SigningKeys;
  /** True where this issuer may speak for the organisation now: it is registered, and not suspended. */
  readonly speaksFor: (issuer: string, organisation: OrganisationId) => boolean | Promise<boolean>;
  readonly once: OnceStore;
  readonly clock: Clock;
}

const TEXT = /^[\x21-\x7e]{1,128}$/;
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const MAX_TOKEN = 8192;
const PROOF_WINDOW_SECONDS = 60;
const CLOCK_TOLERANCE_SECONDS = 5;

/** Why, for the log and the specs; the caller hears `invalid_token` only. */
class Refused extends Error {
  readonly refusal: TokenRefusal;
  constructor(error: TokenRefusal['error'], reason: string) {
    super(reason);
    this.refusal = { error, reason };
  }
}

/** Verifies the access token and DPoP proof of a request: one algorithm a key, everything required, nothing from the token's header believed but `kid`. */
export class TokenVerifier implements Authenticator {
  readonly #options: TokenVerifierOptions;
  readonly #jwks: ReturnType<typeof createLocalJWKSet>;
  readonly #algorithms: string[];
  readonly #issuer: string;
  readonly #audience: string;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#jwks = createLocalJWKSet({ keys: options.keys.map(publicPart) });
    this.#algorithms = [...new Set(options.keys.map(({ alg }) => alg ?? 'none'))];
    this.#issuer = issuerOf(options.publicUrl);
    this.#audience = audienceOf(options.publicUrl);
  }

  async verify(
    authorization: string | undefined,
    dpopProof: string | undefined,
    method: string,
    url: string,
  ): Promise<Outcome<Reader, TokenRefusal>> {
    if (authorization === undefined) return fail({ error: 'none', reason: 'no token' });
    try {
      return ok(await this.#verify(authorization, dpopProof, method, url));
    } catch (error) {
      // A disk that is full, or a server that is away, says nothing of the token: the caller hears 503 and keeps it.
      if (isAway(error)) throw error;
      // jose throws for every token that is not good; its messages may name claims, so the kind is enough.
      return fail(
        error instanceof Refused
          ? error.refusal
          : { error: 'invalid_token', reason: error instanceof Error ? error.name : 'unknown' },
      );
    }
  }

  async #verify(authorization: string, dpopProof: string | undefined, method: string, url: string): Promise<Reader> {
    const [scheme = '', token = '', ...more] = authorization.split(' ');
    const bound = scheme.toLowerCase() === 'dpop';
    if (more.length > 0 || (!bound && scheme.toLowerCase() !== 'bearer')) throw new Refused('invalid_token', 'scheme');
    strictParts(token, ['alg', 'typ', 'kid'], 'invalid_token');
    const now = epochMs(this.#options.clock.now());
    const { payload } = await jwtVerify(token, this.#jwks, {
      algorithms: this.#algorithms,
      issuer: this.#issuer,
      audience: this.#audience,
      typ: 'at+jwt',
      requiredClaims: ['exp', 'iat', 'jti', 'sub', 'org', 'role', 'acr', 'client_id'],
      maxTokenAge: TOKEN_SECONDS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    const reader = await this.#readerOf(payload);
    const jkt = thumbprintOf(payload);
    if (bound !== (jkt !== undefined)) throw new Refused('invalid_token', 'scheme does not fit the binding');
    if (jkt !== undefined) await this.#prove(dpopProof, jkt, token, method, url, now / 1000);
    else if (reader.role === SYSTEM_ROLE) throw new Refused('invalid_token', 'a system without a bound key');
    return reader;
  }

  async #readerOf(payload: JWTPayload): Promise<Reader> {
    const { aud, exp, iat, jti, sub, org, role, team, acr, auth_time: authTime, client_id: client } = payload;
    if (aud !== this.#audience) throw new Refused('invalid_token', 'audience');
    if (exp === undefined || iat === undefined || exp <= iat || exp - iat > TOKEN_SECONDS)
      throw new Refused('invalid_token', 'lifetime');
    if (!isText(jti) || !isText(sub) || !isText(acr) || !isText(client)) throw new Refused('invalid_token', 'claims');
    if (typeof org !== 'string' || !isOrganisationId(org) || !isRole(role))
      throw new Refused('invalid_token', 'organisation or role');
    if (team !== undefined && !isText(team)) throw new Refused('invalid_token', 'team');
    if (authTime !== undefined && (typeof authTime !== 'number' || !Number.isSafeInteger(authTime) || authTime < 0))
      throw new Refused('invalid_token', 'auth_time');
    // A system is nothing but its organisation's system, and nobody else is one.
    const system = systemClientId(org);
    if ((role === SYSTEM_ROLE) !== (client === system) || (client.startsWith('system:') && client !== system)) {
      throw new Refused('invalid_token', 'client does not fit the role');
    }
    if (!(await this.#options.speaksFor(this.#issuer, org)))
      throw new Refused('invalid_token', 'issuer may not speak for the organisation');
    return {
      sub,
      organisation: org,
      role,
      acr,
      client,
      ...(team === undefined ? {} : { team }),
      ...(authTime === undefined ? {} : { authTime }),
    };
  }

  /** RFC 9449 §4.3. The only place where a key out of a message is used: it proves possession and is compared with the token's. */
  async #prove(
    proof: string | undefined,
    jkt: string,
    token: string,
    method: string,
    url: string,
    now: number,
  ): Promise<void> {
    if (proof === undefined) throw new Refused('invalid_dpop_proof', 'no proof');
    const { header } = strictParts(proof, ['alg', 'typ', 'jwk'], 'invalid_dpop_proof');
    const refuse = (reason: string) => new Refused('invalid_dpop_proof', reason);
    const { alg, jwk } = header;
    if (!(ALGORITHMS as readonly unknown[]).includes(alg) || typeof alg !== 'string') throw refuse('algorithm');
    if (typeof jwk !== 'object' || jwk === null || 'd' in jwk || 'k' in jwk) throw refuse('key');
    if ((await calculateJwkThumbprint(jwk, 'sha256')) !== jkt) throw refuse('another key');
    const key = await importJWK(jwk as JWK, alg);
    const { payload } = await jwtVerify(proof, key, {
      algorithms: [alg],
      typ: 'dpop+jwt',
      currentDate: new Date(now * 1000),
    }).catch(() => {
      throw refuse('signature');
    });
    const { htm, htu, iat, jti, ath } = payload;
    if (htm !== method || !sameTarget(htu, url)) throw refuse('method or address');
    if (typeof iat !== 'number' || Math.abs(now - iat) > PROOF_WINDOW_SECONDS) throw refuse('age');
    if (ath !== createHash('sha256').update(token).digest('base64url')) throw refuse('another token');
    if (!isText(jti)) throw refuse('jti');
    // Last: only a proof that is good in every other way is used up.
    if (!(await this.#options.once.use(`dpop:${jkt}`, jti, iat + 2 * PROOF_WINDOW_SECONDS, now)))
      throw refuse('used before');
  }
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && TEXT.test(value);
}

function thumbprintOf({ cnf }: JWTPayload): string | undefined {
  if (cnf === undefined) return undefined;
  const jkt = typeof cnf === 'object' && cnf !== null ? (cnf as { jkt?: unknown }).jkt : undefined;
  if (!isText(jkt)) throw new Refused('invalid_token', 'binding');
  return jkt;
}

/** Header and payload read strictly: no member twice, none that names a prototype, no header member but those listed (`jku`, `x5u`, `crit`, an embedded `jwk`). */
function strictParts(
  token: string,
  members: readonly string[],
  error: TokenRefusal['error'],
): { readonly header: Readonly<Record<string, unknown>> } {
  if (token.length > MAX_TOKEN || !COMPACT.test(token)) throw new Refused(error, 'not a compact JWS');
  const [header, payload] = token
    .split('.')
    .slice(0, 2)
    .map((part) => parseStrictJson(Buffer.from(part, 'base64url')));
  if (header?.ok !== true || payload?.ok !== true) throw new Refused(error, 'not strict JSON');
  if (typeof header.value !== 'object' || header.value === null) throw new Refused(error, 'header');
  for (const name of Object.keys(header.value)) if (!members.includes(name)) throw new Refused(error, `header member`);
  return { header: header.value as Readonly<Record<string, unknown>> };
}

/** RFC 9449: compared without query and fragment. */
function sameTarget(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string') return false;
  const stated = URL.parse(htu);
  const wanted = URL.parse(url);
  return stated !== null && wanted !== null && stated.origin === wanted.origin && stated.pathname === wanted.pathname;
}
