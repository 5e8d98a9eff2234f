import { request } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PURPOSES, roleMayState, type Role } from '#contracts';
import { CORE, type Core } from '#nest-platform';
import { dpopProof } from '#nest-platform/client';
import { MAYA, seen, tellWorld, type World } from '../trust/world.ts';
import {
  agree,
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  runningHub,
  timeline,
  type RunningHub,
} from '../running-hub.ts';

const PEOPLE: Readonly<Record<string, Role>> = {
  senco: 'senco',
  'health-visitor': 'health-visitor',
  'social-worker': 'social-worker',
  'teacher-elsewhere': 'class-teacher',
  parent: 'parent',
  dpo: 'data-protection-officer',
  administrator: 'system-administrator',
};

/** Who works with the child, or is of the family; everybody else is told that there is nothing. */
const SEES = new Set(['senco', 'health-visitor', 'parent']);

describe('check 8: why somebody looks', () => {
  let hub: RunningHub;
  let world: World;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await organisation(hub, 'childrens-social-care', 'social-care');
    await organisation(hub, 'bridgewater-high', 'education');
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  const looks = async () => {
    let count = 0;
    for await (const batch of hub.composed.app.get<Core>(CORE).log.readAll({ families: ['look'], batch: 500 }))
      count += batch.length;
    return count;
  };

  it.each(Object.keys(PEOPLE))('%s may state the purposes of the role, and is told of the others', async (key) => {
    const role = PEOPLE[key] ?? 'senco';
    for (const purpose of PURPOSES) {
      const before = await looks();
      const answer = await timeline(hub.person(key), world.child, purpose);
      const mine = roleMayState(role, purpose);
      if (mine) expect([purpose, answer.status]).toEqual([purpose, SEES.has(key) ? 200 : 404]);
      else {
        expect([purpose, answer.status]).toEqual([purpose, 403]);
        expect(answer.json).toMatchObject({ code: 'HUB_PURPOSE_NOT_YOURS' });
      }
      expect([purpose, await looks()]).toEqual([purpose, before + 1]);
    }
  });

  it('must be said, once, exactly as it is spelt', async () => {
    const senco = hub.person('senco');
    const missing = await senco.ask(`/v1/children/${world.child}/timeline`);
    expect(missing.status).toBe(428);
    for (const purpose of ['gossip', 'SEN-support', 'sen-support,safeguarding', '["sen-support"]', '__proto__'])
      expect([purpose, (await timeline(senco, world.child, purpose)).status]).toEqual([purpose, 422]);
  });

  it('is refused where the header comes twice', async () => {
    const body = new URLSearchParams({
      grant_type: 'urn:tellonce:grant:demonstration-person',
      client_id: 'demonstration',
      person: 'senco',
    });
    const token = (await (await fetch(`${hub.url}/oidc/token`, { method: 'POST', body })).json()) as {
      access_token: string;
    };
    const status = await new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${token.access_token}`, 'hub-purpose': ['sen-support', 'sen-support'] };
      request(`${hub.url}/v1/children/${world.child}/timeline`, { headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(422);
  });

  it('does not let a role be acted that is not one’s own', async () => {
    const headers = { 'hub-purpose': 'sen-support', 'hub-acting-role': 'safeguarding-lead' };
    const answer = await hub.person('senco').ask(`/v1/children/${world.child}/timeline`, { headers });
    expect([answer.status, answer.json]).toMatchObject([403, { code: 'HUB_ACTING_ROLE_NOT_YOURS' }]);
  });

  it('needs an agreement whose days have come and are not over', async () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
    const spans: readonly (readonly [string, string, boolean])[] = [
      [day(2), day(9), false],
      [day(-9), day(-2), false],
      [day(-1), day(1), true],
    ];
    for (const [at, [from, until, open]] of spans.entries()) {
      await agree(hub, {
        id: 'hearing',
        version: at + 2,
        source: world.trust.id,
        recipient: world.school.id,
        categories: ['health.screening'],
        purposes: ['sen-support'],
        roles: ['senco'],
        from,
        until,
      });
      const types = await seen(hub.person('senco'), world.child, 'sen-support');
      expect([from, until, types]).toEqual([
        from,
        until,
        (open ? expect : expect.not).arrayContaining(['health.newborn-hearing-outcome.v1']),
      ]);
    }
  });

  it('takes a bound token from nobody but who holds its key', async () => {
    const { url } = hub;
    let stolen = '';
    const plainFetch = globalThis.fetch;
    globalThis.fetch = (...asked) => {
      stolen = new Headers(asked[1]?.headers).get('authorization')?.replace('DPoP ', '') ?? stolen;
      return plainFetch(...asked);
    };
    try {
      mustBe(200, await world.school.system.ask('/v1/organisations'));
    } finally {
      globalThis.fetch = plainFetch;
    }
    expect(stolen).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const { privateKey, publicKey } = await generateKeyPair('ES256');
    const thief = { key: privateKey, jwk: await exportJWK(publicKey) };
    const path = `${url}/v1/organisations`;
    const tries: readonly Readonly<Record<string, string>>[] = [
      { authorization: `DPoP ${stolen}`, dpop: await dpopProof(thief, 'GET', path, stolen) },
      { authorization: `DPoP ${stolen}` },
      { authorization: `Bearer ${stolen}` },
      { authorization: `Bearer ${stolen}`, dpop: await dpopProof(thief, 'GET', path, stolen) },
    ];
    for (const headers of tries) {
      const answer = await fetch(path, { headers });
      expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'CALLER_TOKEN_INVALID' }]);
    }
  });

  it('check 12: takes the same fact again as the same, and another under its id not at all', async () => {
    const fact = {
      id: 'enrol-1',
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: MAYA,
    };
    const same = await world.school.tell({ ...fact, fact: { setting: '100101', startDate: '2022-09-01' } });
    expect([same.repeated, same.factId]).toEqual([true, world.told[0]?.factId]);
    const changed = await world.school.tell({ ...fact, fact: { setting: '100101', startDate: '2022-09-02' } });
    expect([changed.outcome, changed.factId, changed.repeated]).toEqual(['conflict', world.told[0]?.factId, false]);
  });
});
