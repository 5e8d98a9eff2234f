import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { importJWK, SignJWT } from 'jose';
import { DatabaseUnavailable } from '#database';
import { AppendInDoubt, LogFailed, LogUnavailable } from '#event-log';
import { PUBLIC_URL, SCHOOL, callerKey, proof, realClock } from '../auth/fixture.spec-help.ts';
import { generateSigningKey } from '../auth/model.ts';
import { TokenVerifier, type TokenVerifierOptions } from '../auth/token-verifier.ts';
import { problemOf } from './from-error.ts';

/** What SQLite says when the disk is full. */
function full(): Error {
  const db = new DatabaseSync(':memory:');
  db.exec('create table t (a); pragma max_page_count = 2');
  try {
    db.exec('insert into t values (zeroblob(100000))');
  } catch (error) {
    return error as Error;
  }
  throw new Error('it fitted');
}

it('answers a full disk of any store with 503, and a mistake of ours with 500', () => {
  expect(problemOf(full())).toMatchObject({ status: 503, code: 'HUB_LOG_UNAVAILABLE' });
  expect(problemOf(Object.assign(new Error('syntax'), { code: 'ERR_SQLITE_ERROR', errcode: 1 })).status).toBe(500);
});

it('answers a log or a database that can keep or tell nothing now with 503', () => {
  const away = [
    new LogFailed('full'),
    new AppendInDoubt('lost'),
    new LogUnavailable('away'),
    new DatabaseUnavailable('ECONNREFUSED'),
  ];
  for (const error of away) {
    expect(problemOf(error)).toMatchObject({ status: 503, code: 'HUB_LOG_UNAVAILABLE' });
  }
});

const used = async () => true;
it.each<[string, Pick<TokenVerifierOptions, 'once' | 'speaksFor'>]>([
  ['its use can not be kept', { speaksFor: () => true, once: { use: () => Promise.reject(full()) } }],
  [
    'the database is away',
    { speaksFor: () => true, once: { use: () => Promise.reject(new DatabaseUnavailable('57P01')) } },
  ],
  [
    'the registry can not be read',
    { speaksFor: () => Promise.reject(new LogUnavailable('away')), once: { use: used } },
  ],
])('does not call a token bad because %s', async (_why, around) => {
  const signing = await generateSigningKey('hub-1');
  const caller = await callerKey('c');
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: `${PUBLIC_URL}/oidc`,
    aud: `${PUBLIC_URL}/v1`,
    iat: now,
    exp: now + 60,
    jti: 'j',
    sub: `system:${SCHOOL}`,
    client_id: `system:${SCHOOL}`,
    org: SCHOOL,
    role: 'organisation-system',
    acr: 'a',
    cnf: { jkt: caller.jkt },
  };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'hub-1' })
    .sign(await importJWK(signing, 'ES256'));
  const keys = [signing] as const;
  const verifier = new TokenVerifier({ publicUrl: PUBLIC_URL, keys, clock: realClock, ...around });
  const url = `${PUBLIC_URL}/v1/organisations`;
  const dpop = await proof(caller, 'GET', url, token);
  await expect(verifier.verify(`DPoP ${token}`, dpop, 'GET', url).catch(problemOf)).resolves.toMatchObject({
    status: 503,
  });
});
