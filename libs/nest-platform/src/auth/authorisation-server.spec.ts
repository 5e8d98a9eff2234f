import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fastifyOf from 'fastify';
import type { FastifyInstance } from 'fastify';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { JWK } from 'jose';
import { PUBLIC_URL, SCHOOL, assertion, callerKey, proof, realClock } from './fixture.spec-help.ts';
import type { CallerKey } from './fixture.spec-help.ts';
import { createAuthorisationServer, mountAuthorisationServer } from './authorisation-server.ts';
import { hasSteppedUp } from '../guard/step-up.ts';
import { DEMO_CLIENT, DEMO_GRANT, STEP_UP_ACR, generateSigningKey, systemClientId } from './model.ts';
import type { DemoPerson } from './model.ts';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { testDatabase } from '#testing/servers';
import type { Database } from '#database';
import { onceStore, USED_IDS_STORE } from './once-store.ts';
import type { OnceStore } from './once-store.ts';
import { TokenVerifier } from './token-verifier.ts';

const TOKEN = `${PUBLIC_URL}/oidc/token`;
const CHILD = `${PUBLIC_URL}/v1/children/1`;
const CLIENT = systemClientId(SCHOOL);
const person: DemoPerson = { key: 'sam', sub: 'demo-sam', organisation: SCHOOL, role: 'senco', team: 'year-4' };

let folder: string;
let used: Database;
let once: OnceStore;
let signing: JWK;
let key: CallerKey;
let server: FastifyInstance;
let verifier: TokenVerifier;
const registered: JWK[] = [];
const faults: unknown[] = [];

async function serve(demoPeople: readonly DemoPerson[]): Promise<FastifyInstance> {
  const fastify = fastifyOf();
  const authorisation = createAuthorisationServer({
    publicUrl: PUBLIC_URL,
    keys: [signing],
    clients: {
      findClient: async (id) =>
        id === CLIENT && registered.length > 0 ? { organisation: SCHOOL, jwks: { keys: registered } } : undefined,
    },
    once,
    clock: realClock,
    demoPeople,
    onFault: (error) => faults.push(error),
  });
  mountAuthorisationServer(fastify, authorisation, PUBLIC_URL);
  await fastify.ready();
  return fastify;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tellonce-auth-'));
  used = await openSqliteDatabase({ path: join(folder, 'jti.db'), store: USED_IDS_STORE });
  once = onceStore(used);
  signing = await generateSigningKey('hub-1');
  key = await callerKey('school-1');
  registered.push(key.jwk);
  server = await serve([person]);
  verifier = new TokenVerifier({
    publicUrl: PUBLIC_URL,
    keys: [signing],
    speaksFor: (_, org) => org === SCHOOL,
    once,
    clock: realClock,
  });
});
afterAll(async () => {
  await server.close();
  await used.close();
  rmSync(folder, { recursive: true });
});

async function ask(form: Readonly<Record<string, string>>, dpop?: string, at = server) {
  const answer = await at.inject({
    method: 'POST',
    url: '/oidc/token',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      host: 'evil.test',
      ...(dpop === undefined ? {} : { dpop }),
    },
    payload: new URLSearchParams(form).toString(),
  });
  return {
    status: answer.statusCode,
    body: answer.json<{ access_token: string; token_type: string; expires_in: number; error?: string }>(),
  };
}

const bySystem = (client_assertion: string) => ({
  grant_type: 'client_credentials',
  client_id: CLIENT,
  client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
  client_assertion,
});

it('gives an organisation’s system a bound token of five minutes, which the verifier reads', async () => {
  const { status, body } = await ask(bySystem(await assertion(key, CLIENT)), await proof(key, 'POST', TOKEN));
  expect([status, body.token_type, body.expires_in, body.error]).toEqual([200, 'DPoP', 300, undefined]);
  expect(decodeProtectedHeader(body.access_token)).toMatchObject({ typ: 'at+jwt', alg: 'ES256', kid: 'hub-1' });
  expect(decodeJwt(body.access_token)).toMatchObject({
    aud: `${PUBLIC_URL}/v1`,
    iss: `${PUBLIC_URL}/oidc`,
    cnf: { jkt: key.jkt },
  });
  const dpop = await proof(key, 'GET', CHILD, body.access_token);
  const first = await verifier.verify(`DPoP ${body.access_token}`, dpop, 'GET', CHILD);
  const again = await verifier.verify(`DPoP ${body.access_token}`, dpop, 'GET', CHILD);
  expect(first).toEqual({
    ok: true,
    value: {
      sub: CLIENT,
      organisation: SCHOOL,
      role: 'organisation-system',
      acr: 'urn:tellonce:acr:key',
      client: CLIENT,
    },
  });
  expect(again).toEqual({ ok: false, error: { error: 'invalid_dpop_proof', reason: 'used before' } });
});

it('takes an assertion once, even of two requests at the same time', async () => {
  const same = await assertion(key, CLIENT);
  const answers = await Promise.all([1, 2, 3].map(async () => ask(bySystem(same), await proof(key, 'POST', TOKEN))));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
});

it.each<[string, () => Promise<[string, string?]>]>([
  ['no proof of possession', async () => [await assertion(key, CLIENT)]],
  ['another key', async () => [await assertion(await callerKey('school-1'), CLIENT), await proof(key, 'POST', TOKEN)]],
  ['another organisation', async () => [await assertion(key, 'system:another'), await proof(key, 'POST', TOKEN)]],
  [
    'an assertion for somebody else',
    async () => [await assertion(key, CLIENT, { aud: 'https://evil.test' }), await proof(key, 'POST', TOKEN)],
  ],
  [
    'an assertion for two',
    async () => [
      await assertion(key, CLIENT, { aud: [`${PUBLIC_URL}/oidc`, 'https://evil.test'] }),
      await proof(key, 'POST', TOKEN),
    ],
  ],
  [
    'an assertion for a year',
    async () => [
      await assertion(key, CLIENT, { exp: Math.floor(Date.now() / 1000) + 31_536_000 }),
      await proof(key, 'POST', TOKEN),
    ],
  ],
  [
    'a proof for another address',
    async () => [await assertion(key, CLIENT), await proof(key, 'POST', 'https://evil.test/oidc/token')],
  ],
])('refuses a system with %s', async (_name, made) => {
  const [client, dpop] = await made();
  const { status } = await ask(bySystem(client), dpop);
  expect([400, 401]).toContain(status);
});

it('forgets a revoked key at once', async () => {
  registered.length = 0;
  const { status } = await ask(bySystem(await assertion(key, CLIENT)), await proof(key, 'POST', TOKEN));
  registered.push(key.jwk);
  expect(status).toBe(401);
});

it('signs in demonstration people, with or without a bound key', async () => {
  const form = { grant_type: DEMO_GRANT, client_id: DEMO_CLIENT, person: 'sam' };
  const plain = await ask(form);
  const bound = await ask(form, await proof(key, 'POST', TOKEN));
  expect([plain.body.token_type, bound.body.token_type]).toEqual(['Bearer', 'DPoP']);
  const reader = await verifier.verify(`Bearer ${plain.body.access_token}`, undefined, 'GET', CHILD);
  expect(reader).toEqual({
    ok: true,
    value: {
      sub: 'demo-sam',
      organisation: SCHOOL,
      role: 'senco',
      team: 'year-4',
      acr: 'urn:tellonce:acr:demonstration',
      authTime: expect.any(Number),
      client: DEMO_CLIENT,
    },
  });
  expect((await verifier.verify(`Bearer ${bound.body.access_token}`, undefined, 'GET', CHILD)).ok).toBe(false);
  expect((await ask({ ...form, person: 'nobody' })).body.error).toBe('invalid_grant');
});

it('has no demonstration grant or client without demonstration people', async () => {
  const plain = await serve([]);
  const { status } = await ask({ grant_type: DEMO_GRANT, client_id: DEMO_CLIENT, person: 'sam' }, undefined, plain);
  const discovery = await plain.inject({ method: 'GET', url: '/oidc/.well-known/openid-configuration' });
  await plain.close();
  expect([400, 401]).toContain(status);
  expect(discovery.json<{ grant_types_supported: string[] }>().grant_types_supported).not.toContain(DEMO_GRANT);
});

it('names its addresses by the configured URL, whatever Host is sent', async () => {
  const discovery = await server.inject({
    method: 'GET',
    url: '/oidc/.well-known/openid-configuration',
    headers: { host: 'evil.test' },
  });
  expect(discovery.json()).toMatchObject({
    issuer: `${PUBLIC_URL}/oidc`,
    token_endpoint: TOKEN,
    jwks_uri: `${PUBLIC_URL}/oidc/jwks`,
  });
  const jwks = await server.inject({ method: 'GET', url: '/oidc/jwks' });
  expect(jwks.json<{ keys: JWK[] }>().keys.map(({ kid, d }) => [kid, d])).toEqual([['hub-1', undefined]]);
  expect(faults).toEqual([]);
});

it('remembers used ids over a restart, until they expire', async () => {
  const open = () => openSqliteDatabase({ path: join(folder, 'restart.db'), store: USED_IDS_STORE });
  const before = await open();
  const first = onceStore(before);
  const uses = [['i', 'a'] as const, ['i', 'a'] as const, ['j', 'a'] as const];
  expect(await Promise.all(uses.map(([issuer, jti]) => first.use(issuer, jti, 1100, 1000)))).toEqual([
    true,
    false,
    true,
  ]);
  await before.close();
  const after = await open();
  const second = onceStore(after);
  expect([await second.use('i', 'a', 1100, 1050), await second.use('i', 'a', 1300, 1200)]).toEqual([false, true]);
  await after.close();
});

it('lets two processes on one server use an id once', async () => {
  const { url, remove } = await testDatabase();
  await migrateDatabase(url, [USED_IDS_STORE]);
  const databases = await Promise.all([1, 2].map(() => openPostgresDatabase({ url, store: USED_IDS_STORE })));
  const stores = databases.map(onceStore);
  const uses = stores.flatMap((store) =>
    Array.from({ length: 25 }, (_, at) => store.use('i', String(at % 5), 1100, 1000)),
  );
  const won = await Promise.all(uses);
  expect(won.filter(Boolean)).toHaveLength(5);
  for (const database of databases) await database.close();
  await remove();
});

it('serves over a socket as it does in process', async () => {
  const fastify = await serve([person]);
  const address = await fastify.listen({ port: 0, host: '127.0.0.1' });
  const answers = await Promise.all(
    [1, 2, 3, 4].map(async () =>
      fetch(`${address}/oidc/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: DEMO_GRANT, client_id: DEMO_CLIENT, person: 'sam' }),
      }),
    ),
  );
  const large = await fetch(`${address}/oidc/token`, {
    method: 'POST',
    body: new URLSearchParams({ person: 'x'.repeat(100_000) }),
  });
  await fastify.close();
  expect([...answers.map(({ status }) => status), large.status]).toEqual([200, 200, 200, 200, 400]);
});

it('steps a demonstration person up where that is asked for, and knows no other level', async () => {
  const form = { grant_type: DEMO_GRANT, client_id: DEMO_CLIENT, person: 'sam' };
  const stepped = await ask({ ...form, acr_values: STEP_UP_ACR });
  const reader = await verifier.verify(`Bearer ${stepped.body.access_token}`, undefined, 'GET', CHILD);
  if (!reader.ok) throw new Error(reader.error.reason);
  const now = realClock.now();
  expect(reader.value.acr).toBe(STEP_UP_ACR);
  expect(hasSteppedUp(reader.value, now, 60)).toBe(true);
  const plain = await ask(form);
  const before = await verifier.verify(`Bearer ${plain.body.access_token}`, undefined, 'GET', CHILD);
  expect(before.ok && hasSteppedUp(before.value, now, 60)).toBe(false);
  const unknown = await ask({ ...form, acr_values: 'urn:tellonce:acr:key' });
  expect([unknown.status, unknown.body.error]).toEqual([400, 'unmet_authentication_requirements']);
});
