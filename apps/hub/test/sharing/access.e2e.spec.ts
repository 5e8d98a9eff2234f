import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { HubClient } from '#nest-platform/client';
import type { AccessAnswer, Readers } from '#sharing';
import { caughtUp, mustBe, organisation, PUBLIC_TASK, runningHub, type RunningHub } from '../running-hub.ts';
import { consent, MAYA, tellWorld, type World } from '../trust/world.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const SENCO = { organisation: 'oakfield-primary', role: 'senco', purpose: 'sen-support' };
const HEARING = { source: 'bridgewater-community-trust', category: 'health.screening' };
const VOICE = { source: 'family', category: 'voice', restsOnConsent: true };

let hub: RunningHub;
let world: World;
beforeAll(async () => {
  hub = await runningHub();
  world = await tellWorld(hub);
  const care = await organisation(hub, 'childrens-social-care', 'social-care');
  await organisation(hub, 'riverside-special', 'education');
  await care.tell({
    id: 'allocation-1',
    type: 'any.relationship-started.v1',
    category: 'identity.core',
    basis: PUBLIC_TASK,
    subject: { ...MAYA, localId: 'care-1' },
    fact: { kind: 'allocation', name: 'worker', startDate: '2022-09-06' },
  });
  await caughtUp(hub);
});
afterAll(() => hub.remove());

const ask = (client: HubClient, purpose: string, json: object) =>
  client.ask('/v1/access-decisions', { json, headers: { 'hub-purpose': purpose } });
const answer = async (client: HubClient, purpose: string, json: object) =>
  mustBe(200, await ask(client, purpose, json)).json as AccessAnswer & { readonly assumed: readonly string[] };

describe('may X see Y', () => {
  it('is answered to oneself, with the rule, the agreement and the reason in words', async () => {
    const { decisions, policy } = await answer(hub.person('senco'), 'sen-support', {
      childId: world.child,
      ...SENCO,
      ...HEARING,
    });
    expect(policy).toBe('2026.2');
    expect(decisions).toEqual([
      {
        ...HEARING,
        restsOnConsent: false,
        allowed: true,
        shows: 'content',
        rule: 'agreement',
        refusals: [],
        because: [
          'The agreement "hearing", version 1, lets it be seen.',
          'It is part of the public duty of these organisations.',
        ],
        agreement: { id: 'hearing', version: 1 },
        obligations: [],
      },
    ]);
  });

  it('what X may see is the same, slice by slice', async () => {
    const { decisions } = await answer(hub.person('senco'), 'sen-support', { childId: world.child, ...SENCO });
    expect(decisions.map(({ source, category }) => `${source} ${category}`)).toEqual(
      expect.arrayContaining(['bridgewater-community-trust health.screening', 'oakfield-primary education.enrolment']),
    );
    for (const { source, category, restsOnConsent } of decisions.slice(0, 8)) {
      const slice = { source, category, restsOnConsent };
      const one = await answer(hub.person('senco'), 'sen-support', { childId: world.child, ...SENCO, ...slice });
      expect(decisions).toContainEqual(one.decisions[0]);
    }
  });

  it('says nothing to oneself of what a family consented to, and all to the area’s officer', async () => {
    await consent(hub, world.child, 'voice-no', { decision: 'refuse' });
    const json = { childId: world.child, ...SENCO, ...VOICE };
    const [own] = (await answer(hub.person('senco'), 'sen-support', json)).decisions;
    expect([own?.allowed, own?.refusals]).toEqual([false, ['not-for-this-child']]);
    const [officers] = (await answer(hub.person('dpo'), 'audit', json)).decisions;
    expect([officers?.allowed, officers?.refusals]).toEqual([false, ['consent-refused']]);
    expect(officers?.because).toEqual(['These facts rest on consent, and it was refused.']);
  });

  it('is a look, found by the child’s family', async () => {
    await answer(hub.person('dpo'), 'audit', { childId: world.child, ...SENCO });
    await caughtUp(hub);
    const headers = { 'hub-purpose': 'subject-access' };
    const usage = mustBe(200, await hub.person('parent').ask(`/v1/children/${world.child}/usage`, { headers }));
    expect(usage.text).toContain('"role":"data-protection-officer"');
  });

  it('about a child that is not one’s business is the one 404, as about nobody', async () => {
    const riverside = { organisation: 'riverside-special', role: 'senco', purpose: 'sen-support' };
    const plain = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    for (const [key, purpose, asked] of [
      ['senco-riverside', 'sen-support', riverside],
      ['dpo', 'audit', SENCO],
    ] as const) {
      const nowhere = await ask(hub.person(key), purpose, { childId: NOBODY, ...asked });
      expect([key, nowhere.status]).toEqual([key, 404]);
      if (key === 'dpo') continue;
      const there = await ask(hub.person(key), purpose, { childId: world.child, ...asked });
      expect([there.status, plain(there.text)]).toEqual([404, plain(nowhere.text)]);
    }
  });

  it.each([
    ['somebody else', 'senco', 'sen-support', { ...SENCO, person: 'somebody-else' }, 403],
    ['another role', 'senco', 'sen-support', { ...SENCO, role: 'social-worker', purpose: 'safeguarding' }, 403],
    ['another organisation', 'senco', 'sen-support', { ...SENCO, organisation: 'riverside-special' }, 403],
    [
      'people of another organisation, by an officer',
      'dpo-oakfield',
      'audit',
      { ...SENCO, organisation: 'riverside-special' },
      403,
    ],
    ['one’s own people, by their officer', 'dpo-oakfield', 'audit', { ...SENCO, person: 'anybody' }, 200],
    [
      'one’s own facts, by their officer',
      'dpo-oakfield',
      'audit',
      { ...SENCO, organisation: 'riverside-special', source: 'oakfield-primary', category: 'voice' },
      200,
    ],
    ['anybody, by the area’s officer', 'dpo', 'audit', { ...SENCO, organisation: 'riverside-special' }, 200],
    ['a category without a source', 'senco', 'sen-support', { ...SENCO, category: 'voice' }, 400],
    ['a purpose that there is not', 'senco', 'sen-support', { ...SENCO, purpose: 'curiosity' }, 400],
    ['a category that there is not', 'senco', 'sen-support', { ...SENCO, source: 'family', category: 'x' }, 400],
  ] as const)('about %s: whatever the child, and about her', async (_who, key, purpose, asked, status) => {
    expect((await ask(hub.person(key), purpose, asked)).status).toBe(status);
    expect((await ask(hub.person(key), purpose, { ...asked, childId: world.child })).status).toBe(status);
  });

  it('about no child takes for granted that one works with it, and says so', async () => {
    const { decisions, assumed } = await answer(hub.person('senco'), 'sen-support', { ...SENCO, ...HEARING });
    expect(decisions[0]).toMatchObject({ allowed: true, agreement: { id: 'hearing', version: 1 } });
    expect(assumed).toHaveLength(2);
    const lacking = await answer(hub.person('senco'), 'sen-support', { ...SENCO, purpose: 'safeguarding' });
    expect(lacking).toMatchObject({
      decisions: [],
      because: [expect.stringContaining('may not look for this purpose')],
    });
  });
});

describe('who may see this child’s record', () => {
  const readers = async (key: string, purpose: string, child = world.child) =>
    hub.person(key).ask(`/v1/children/${child}/access`, { headers: { 'hub-purpose': purpose } });

  it('is told to the area’s officer: every organisation that works with the child, by what, in words', async () => {
    const { organisations, more } = mustBe(200, await readers('dpo', 'audit')).json as Readers;
    expect(more).toBe(false);
    expect(organisations.map(({ organisation: id, because }) => [id, because])).toEqual(
      expect.arrayContaining([
        ['oakfield-primary', ['on-roll']],
        ['bridgewater-community-trust', ['caseload']],
        ['family', ['family']],
        ['childrens-social-care', ['allocation']],
      ]),
    );
    const school = organisations.find(({ organisation: id }) => id === 'oakfield-primary');
    expect(school?.may).toContainEqual(
      expect.objectContaining({
        source: 'bridgewater-community-trust',
        categories: ['health.screening'],
        roles: ['senco'],
        purposes: ['sen-support'],
        agreement: { id: 'hearing', version: 1 },
        words: [
          'Special needs coordinators (SENCOs) may see results of health checks, like hearing tests, told by bridgewater-community-trust, to support the child’s learning.',
          'The agreement "hearing", version 1, lets it be seen.',
          'It is part of the public duty of these organisations.',
        ],
      }),
    );
    expect(JSON.stringify(organisations)).toContain('"safeguarding"');
  });

  it('is told to the family but for what could tip somebody off', async () => {
    const { organisations } = mustBe(200, await readers('parent', 'subject-access')).json as Readers;
    expect(organisations.map(({ organisation: id }) => id)).toEqual(expect.arrayContaining(['oakfield-primary']));
    const text = JSON.stringify(organisations);
    for (const hidden of [
      'safeguarding',
      'keep the child safe',
      'child protection plan',
      'social.child-protection',
      'social.looked-after',
      'youth-justice',
    ])
      expect([hidden, text.includes(hidden)]).toEqual([hidden, false]);
  });

  it('is told to nobody else, and of nobody nothing', async () => {
    expect((await readers('dpo', 'audit', NOBODY)).status).toBe(404);
    expect((await readers('parent', 'subject-access', NOBODY)).status).toBe(404);
    expect((await readers('dpo-oakfield', 'audit')).status).toBe(404);
    expect((await readers('senco', 'sen-support')).status).toBe(403);
  });
});
