import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PURPOSES, roleMayState, type Role } from '#contracts';
import { CORE, type Core } from '#nest-platform';
import { MAYA, tellWorld, type World } from '../trust/world.ts';
import { caughtUp, organisation, PUBLIC_TASK, runningHub, timeline, type RunningHub } from '../running-hub.ts';

const PEOPLE: Readonly<Record<string, Role>> = {
  senco: 'senco',
  'health-visitor': 'health-visitor',
  'social-worker': 'social-worker',
  'teacher-elsewhere': 'class-teacher',
  parent: 'parent',
  dpo: 'data-protection-officer',
  administrator: 'system-administrator',
};

describe('why somebody looks', () => {
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
      if (mine) expect([purpose, answer.status]).not.toEqual([purpose, 403]);
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

  it('takes the same fact again as the same, and another under its id not at all', async () => {
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
    expect(changed.outcome).not.toBe('published');
  });
});
