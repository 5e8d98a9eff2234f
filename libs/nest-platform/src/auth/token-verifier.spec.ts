import { mkdtempSync, rmSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompactSign, exportSPKI, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { PUBLIC_URL, SCHOOL, callerKey, proof, realClock } from './fixture.spec-help.ts';
import type { CallerKey } from './fixture.spec-help.ts';
import { generateSigningKey, publicPart } from './model.ts';
import { openSqliteDatabase } from '#database/sqlite';
import type { Database } from '#database';
import { onceStore, USED_IDS_STORE } from './once-store.ts';
import type { OnceStore } from './once-store.ts';
import { TokenVerifier } from './token-verifier.ts';

const URL_ = `${PUBLIC_URL}/v1/children/1`;
const SYSTEM = `system:${SCHOOL}`;
const now = Math.floor(Date.now() / 1000);

let folder: string;
let used: Database;
let once: OnceStore;
let signing: JWK;
let privateKey: CryptoKey;
let caller: CallerKey;
let verifier: TokenVerifier;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tellonce-token-'));
  used = await openSqliteDatabase({ path: join(folder, 'jti.db'), store: USED_IDS_STORE });
  once = onceStore(used);
  signing = await generateSigningKey('hub-1');
  privateKey = (await importJWK(signing, 'ES256')) as CryptoKey;
  caller = await callerKey('c');
  const speaksFor = (issuer: string, organisation: string) =>
    issuer === `${PUBLIC_URL}/oidc` && organisation === SCHOOL;
  verifier = new TokenVerifier({ publicUrl: PUBLIC_URL, keys: [signing], speaksFor, once, clock: realClock });
});
afterAll(async () => {
  await used.close();
  rmSync(folder, { recursive: true });
});

const claims = {
  iss: `${PUBLIC_URL}/oidc`,
  aud: `${PUBLIC_URL}/v1`,
  iat: now,
  exp: now + 300,
  jti: 'j',
  sub: 'demo-sam',
  org: SCHOOL as string,
  role: 'senco',
  acr: 'a',
  client_id: 'demonstration',
};
type Parts = { readonly header?: object; readonly payload?: object | string; readonly key?: CryptoKey };

/** A token as good as they come, but for what is named. */
async function token({ header = {}, payload = {}, key = privateKey }: Parts = {}): Promise<string> {
  const text = typeof payload === 'string' ? payload : JSON.stringify({ ...claims, ...payload });
  const head = { alg: 'ES256', typ: 'at+jwt', kid: 'hub-1', ...header };
  return await new CompactSign(Buffer.from(text)).setProtectedHeader(head).sign(key, { crit: { 'urn:odd': true } });
}
const encode = (value: object | string) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
/** A token whose header text is written by hand, signed by the hub. */
async function handWritten(header: string): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, privateKey, Buffer.from(input));
  return `${input}.${Buffer.from(signature).toString('base64url')}`;
}
const bearer = async (made: string, scheme = 'Bearer') =>
  (await verifier.verify(`${scheme} ${made}`, undefined, 'GET', URL_)).ok;
const without = (name: string): object => ({ [name]: undefined });

it('takes a good token', async () => {
  expect(await bearer(await token())).toBe(true);
  expect(await bearer(await handWritten('{"alg":"ES256","typ":"at+jwt","kid":"hub-1"}'))).toBe(true);
});

describe('check 11: refuses a token', () => {
  it.each<[string, () => Promise<string>]>([
    ['without signature', async () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims)}.`],
    [
      'of algorithm none with a signature',
      async () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claims)}.AAAA`,
    ],
    [
      'of HS256 under the public key',
      async () => {
        const pem = await exportSPKI(
          (await importJWK(publicPart(signing), 'ES256', { extractable: true })) as CryptoKey,
        );
        const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'hub-1' })}.${encode(claims)}`;
        return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
      },
    ],
    ['of another key', async () => token({ key: (await generateKeyPair('ES256')).privateKey })],
    ['of PS256', async () => token({ header: { alg: 'PS256' }, key: (await generateKeyPair('PS256')).privateKey })],
    ['of an unknown kid', () => token({ header: { kid: 'hub-2' } })],
    ['of a kid that is a path', () => token({ header: { kid: '../../etc/passwd' } })],
    ['of a kid that is a member of every object', () => token({ header: { kid: '__proto__' } })],
    ['with its own key', async () => token({ header: { jwk: caller.jwk }, key: caller.privateKey })],
    ['with the address of its key', () => token({ header: { jku: 'https://evil.test/jwks' } })],
    ['with an unknown crit', () => token({ header: { crit: ['urn:odd'], 'urn:odd': 1 } })],
    ['of type JWT', () => token({ header: { typ: 'JWT' } })],
    ['without type', () => token({ header: { typ: undefined } })],
    ['of a DPoP proof’s type', () => token({ header: { typ: 'dpop+jwt' } })],
    ['without exp', () => token({ payload: without('exp') })],
    ['without iat', () => token({ payload: without('iat') })],
    ['without jti', () => token({ payload: without('jti') })],
    ['without sub', () => token({ payload: without('sub') })],
    ['without acr', () => token({ payload: without('acr') })],
    ['that is over', () => token({ payload: { iat: now - 400, exp: now - 100 } })],
    ['of 400 days', () => token({ payload: { exp: now + 400 * 86_400 } })],
    ['of 301 seconds', () => token({ payload: { exp: now + 301 } })],
    ['of the future', () => token({ payload: { iat: now + 3600, exp: now + 3700 } })],
    ['with times as text', () => token({ payload: { exp: String(now + 300) } })],
    ['for somebody else', () => token({ payload: { aud: 'https://evil.test' } })],
    ['for us and somebody else', () => token({ payload: { aud: [claims.aud, 'https://evil.test'] } })],
    ['for us, in a list', () => token({ payload: { aud: [claims.aud] } })],
    ['of another issuer', () => token({ payload: { iss: 'https://evil.test' } })],
    ['for an organisation that the issuer may not speak for', () => token({ payload: { org: 'another-school' } })],
    ['of an organisation that is none', () => token({ payload: { org: 'A School' } })],
    ['of an unknown role', () => token({ payload: { role: 'head-teacher' } })],
    ['of a role that every object has', () => token({ payload: { role: 'constructor' } })],
    ['of two roles', () => token({ payload: { role: ['senco', 'parent'] } })],
    ['of a team with a line break', () => token({ payload: { team: 'a\nb' } })],
    [
      'of a system without a bound key',
      () => token({ payload: { role: 'organisation-system', client_id: SYSTEM, sub: SYSTEM } }),
    ],
    ['of a person’s role for a system', () => token({ payload: { client_id: SYSTEM } })],
    ['of a system’s role for a person', () => token({ payload: { role: 'organisation-system', cnf: { jkt: 'x' } } })],
    ['that is bound, without its proof', () => token({ payload: { cnf: { jkt: caller.jkt } } })],
    ['bound to nothing', () => token({ payload: { cnf: {} } })],
    ['with a claim twice', () => token({ payload: `${JSON.stringify(claims).slice(0, -1)},"role":"parent"}` })],
    [
      'with a prototype',
      () => token({ payload: `${JSON.stringify(claims).slice(0, -1)},"__proto__":{"role":"parent"}}` }),
    ],
    ['with a header member twice', () => handWritten('{"alg":"ES256","typ":"at+jwt","kid":"hub-1","kid":"hub-1"}')],
    ['that is an array', () => token({ payload: '[]' })],
    [
      'that was changed',
      async () =>
        (await token()).replace(
          /\.([^.]+)\./,
          (_all, body: string) => `.${encode({ ...claims, role: 'parent' })}${body.slice(0, 0)}.`,
        ),
    ],
    ['that is very long', async () => `${await token()}${'A'.repeat(9000)}`],
    ['that is none', async () => 'a.b.c'],
  ])('%s', async (_name, make) => {
    expect(await bearer(await make())).toBe(false);
  });

  it('under another scheme', async () => {
    expect([
      await bearer(await token(), 'DPoP'),
      await bearer(await token(), 'Basic'),
      await bearer(`${await token()} x`),
    ]).toEqual([false, false, false]);
  });
});

describe('a bound token', () => {
  const bound = () =>
    token({ payload: { cnf: { jkt: caller.jkt }, role: 'organisation-system', client_id: SYSTEM, sub: SYSTEM } });
  const judge = async (made: string, dpop: string | undefined, method = 'GET', url = URL_) => {
    const answer = await verifier.verify(`DPoP ${made}`, dpop, method, url);
    return answer.ok ? 'taken' : answer.error.error;
  };

  it('is taken with its proof, once', async () => {
    const made = await bound();
    const dpop = await proof(caller, 'GET', `${URL_}?a=1#b`, made);
    expect([await judge(made, dpop), await judge(made, dpop)]).toEqual(['taken', 'invalid_dpop_proof']);
  });

  it.each<[string, (made: string) => Promise<string | undefined>]>([
    ['no proof', async () => undefined],
    ['a proof of another key', async (made) => proof(await callerKey('d'), 'GET', URL_, made)],
    ['a proof for another method', (made) => proof(caller, 'POST', URL_, made)],
    ['a proof for another address', (made) => proof(caller, 'GET', `${PUBLIC_URL}/v1/children/2`, made)],
    ['a proof for another host', (made) => proof(caller, 'GET', 'https://evil.test/v1/children/1', made)],
    ['a proof for another token', () => proof(caller, 'GET', URL_, 'another')],
    ['a proof for no token', () => proof(caller, 'GET', URL_)],
    ['an old proof', (made) => proof(caller, 'GET', URL_, made, { iat: now - 120 })],
    ['a proof of the future', (made) => proof(caller, 'GET', URL_, made, { iat: now + 120 })],
    ['a proof without id', (made) => proof(caller, 'GET', URL_, made, { jti: undefined })],
    ['a proof of another type', (made) => proof(caller, 'GET', URL_, made, {}, { typ: 'JWT' })],
    [
      'a proof that shows a private key',
      (made) => proof(caller, 'GET', URL_, made, {}, { jwk: { ...caller.jwk, d: 'AAAA' } }),
    ],
    [
      'two proofs',
      async (made) => `${await proof(caller, 'GET', URL_, made)}, ${await proof(caller, 'GET', URL_, made)}`,
    ],
  ])('is refused with %s', async (_name, make) => {
    const made = await bound();
    expect(await judge(made, await make(made))).toBe('invalid_dpop_proof');
  });
});

it('says none where there is no token', async () => {
  expect(await verifier.verify(undefined, undefined, 'GET', URL_)).toMatchObject({
    ok: false,
    error: { error: 'none' },
  });
});
