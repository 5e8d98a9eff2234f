import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { dpopProof, type HubClient } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { caughtUp, mustBe, PUBLIC_TASK, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { MAYA, tellWorld, type World } from './world.ts';

const folder = temporaryFolder();
let hub: RunningHub;
let world: World;
let senco: HubClient;
let before: { readonly decision: string; readonly receipt: string; readonly body: string };
let system: Awaited<ReturnType<typeof signedInSystem>>;

beforeAll(async () => {
  hub = await runningHub({ folder: folder.path, witness: true });
  world = await tellWorld(hub);
  await caughtUp(hub);
  senco = hub.person('senco');
  const look = mustBe(200, await timeline(senco, world.child, 'sen-support'));
  const decision = look.headers.get('hub-decision-id') ?? '';
  before = { decision, receipt: await receiptOf(decision), body: look.text };
  system = await signedInSystem();
  await hub.stop();
  hub = await runningHub({ folder: folder.path, witness: true, port: Number(new URL(hub.url).port) });
  await caughtUp(hub);
});
afterAll(async () => {
  await hub.stop();
  folder.remove();
});

it('answers what it answered, to a token that was signed before', async () => {
  expect(mustBe(200, await timeline(senco, world.child, 'sen-support')).text).toBe(before.body);
});

it('finds the looks of before, for the family and for proof', async () => {
  const path = `/v1/children/${world.child}/usage`;
  const usage = mustBe(200, await hub.person('parent').ask(path, { headers: { 'hub-purpose': 'subject-access' } }));
  expect(usage.text).toContain(before.decision);
  // The same event at the same leaf; the checkpoint may be a later one.
  expect((await receiptOf(before.decision)).split('\n').slice(0, 3)).toEqual(before.receipt.split('\n').slice(0, 3));
});

it('knows a fact that is handed in again, and its receipt', async () => {
  const fact = {
    id: 'enrol-1',
    type: 'education.enrolment-started.v1',
    category: 'education.enrolment',
    basis: PUBLIC_TASK,
    subject: MAYA,
    fact: { setting: '100101', startDate: '2022-09-01' },
  };
  const again = await world.school.tell(fact);
  expect([again.factId, again.outcome, again.repeated]).toEqual([world.told[0]?.factId, 'published', true]);
  const other = await world.school.tell({ ...fact, fact: { setting: '100101', startDate: '2022-09-02' } });
  expect(other.outcome).not.toBe('published');
});

it('check 12: takes a client assertion once, whatever was restarted in between', async () => {
  const token = `${hub.url}/oidc/token`;
  const replayed = await signIn(system.assertion, await dpopProof(system.possession, 'POST', token));
  expect([replayed.status, ((await replayed.json()) as { error: string }).error]).toEqual([401, 'invalid_client']);
  const fresh = await signIn(await assertionOf(), await dpopProof(system.possession, 'POST', token));
  expect(fresh.status).toBe(200);
});

it('check 12: takes a proof of possession once, and the token with a new one still', async () => {
  expect((await organisations(system.proof)).status).toBe(401);
  const fresh = await dpopProof(system.possession, 'GET', `${hub.url}/v1/organisations`, system.token);
  expect((await organisations(fresh)).status).toBe(200);
});

function organisations(dpop: string): Promise<Response> {
  return fetch(`${hub.url}/v1/organisations`, { headers: { authorization: `DPoP ${system.token}`, dpop } });
}

/** A sign-in whose every part is kept, to be shown again. */
async function signedInSystem() {
  const pair = await generateKeyPair('ES256');
  const possession = { key: pair.privateKey, jwk: await exportJWK(pair.publicKey) };
  const assertion = await assertionOf();
  const answer = await signIn(assertion, await dpopProof(possession, 'POST', `${hub.url}/oidc/token`));
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const proof = await dpopProof(possession, 'GET', `${hub.url}/v1/organisations`, token);
  const used = await fetch(`${hub.url}/v1/organisations`, {
    headers: { authorization: `DPoP ${token}`, dpop: proof },
  });
  expect(used.status).toBe(200);
  return { possession, assertion, token, proof };
}

function assertionOf(): Promise<string> {
  const { id, key } = world.trust;
  return new SignJWT({ iss: `system:${id}`, sub: `system:${id}`, aud: `${hub.url}/oidc`, jti: randomUUID() })
    .setProtectedHeader({ alg: key.alg, kid: key.kid })
    .setIssuedAt()
    .setExpirationTime('60s')
    .sign(key.privateKey);
}

function signIn(assertion: string, DPoP: string): Promise<Response> {
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: `system:${world.trust.id}`,
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
    resource: `${hub.url}/v1`,
  });
  return fetch(`${hub.url}/oidc/token`, { method: 'POST', body, headers: { DPoP } });
}

/** The receipt of a look of the SENCo, as soon as it is signed. */
async function receiptOf(decision: string): Promise<string> {
  for (let tries = 0; tries < 60; tries++) {
    const answer = await senco.ask(`/v1/looks/${decision}/receipt`);
    if (answer.status === 200) return answer.text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('the look is not signed');
}
