import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Asking } from '#nest-platform/client';
import { tellWorld, type World } from '../trust/world.ts';
import { caughtUp, mustBe, organisation, runningHub, type RunningHub } from '../running-hub.ts';

const NOBODY = '11111111-1111-4111-8111-111111111111';
const YES = { json: { confirm: 'yes' } };

describe('requests and holds of somebody else', () => {
  let hub: RunningHub;
  let world: World;
  const theirs = { child: '', erasure: '', access: '', hold: '' };
  const nobodys = { child: NOBODY, erasure: NOBODY, access: NOBODY, hold: NOBODY };
  type Ids = typeof theirs;

  const as = (person: string, purpose: string, path: string, asking: Asking = {}): Promise<Answer> =>
    hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': purpose } });

  /** What an organisation's officer, who has no part in it, is told. */
  const ROUTES: readonly (readonly [string, (ids: Ids) => string, Asking?])[] = [
    ['audit', ({ erasure }) => `/v1/erasure-requests/${erasure}`],
    [
      'audit',
      ({ erasure }) => `/v1/erasure-requests/${erasure}/decisions`,
      { json: { outcome: 'grant', ground: 'a' } },
    ],
    [
      'audit',
      ({ child }) => `/v1/children/${child}/legal-holds`,
      { json: { reason: 'complaint', reviewOn: '2099-01-01' } },
    ],
    [
      'audit',
      ({ child, hold }) => `/v1/children/${child}/legal-holds/${hold}`,
      { method: 'PATCH', json: { change: 'lift' } },
    ],
    ['subject-access', ({ access }) => `/v1/subject-access-requests/${access}`],
    ['subject-access', ({ access }) => `/v1/subject-access-requests/${access}/pack`],
    ['subject-access', ({ access }) => `/v1/subject-access-requests/${access}/pack?format=html`],
    ...(
      [
        ['identity', { json: { how: 'not-needed' } }],
        ['pauses', { json: { reason: 'identity' } }],
        ['resumptions', { json: {} }],
        ['extensions', { json: { reason: 'complex' } }],
        ['answers', { json: { answer: 'nothing-held' } }],
        ['redactions', { json: { item: NOBODY, outcome: 'release' } }],
        ['approvals', YES],
        ['releases', YES],
        ['refusals', { json: { reason: 'excessive' } }],
        ['withdrawals', YES],
      ] as const
    ).map(
      ([step, asking]) =>
        ['subject-access', ({ access }: Ids) => `/v1/subject-access-requests/${access}/${step}`, asking] as const,
    ),
  ];
  const words = ({ text }: Answer) => text.replace(/"instance":"[^"]*"/g, '');

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    theirs.child = world.child;
    const request = { childId: world.child, organisation: world.trust.id, from: 'parent', identity: 'not-needed' };
    const made = async (purpose: string, path: string, json: object) =>
      mustBe(201, await as('dpo', purpose, path, { json })).json as { request: string; hold: string };
    theirs.erasure = (await made('audit', '/v1/erasure-requests', request)).request;
    theirs.access = (await made('subject-access', '/v1/subject-access-requests', { childId: world.child })).request;
    const held = { organisation: world.trust.id, reason: 'complaint', reviewOn: '2099-01-01' };
    theirs.hold = (await made('audit', `/v1/children/${world.child}/legal-holds`, held)).hold;
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  it.each(ROUTES.map(([purpose, path, asking]) => ({ path: path(theirs), purpose, of: path, asking })))(
    '$of gives nothing, in the words for what is not there',
    async ({ purpose, of, asking }) => {
      const [foreign, absent] = [
        await as('dpo-oakfield', purpose, of(theirs), asking),
        await as('dpo-oakfield', purpose, of(nobodys), asking),
      ];
      expect([foreign.status, absent.status]).toEqual([404, 404]);
      expect(words(foreign)).toBe(words(absent));
    },
  );

  it('are in no list of an organisation’s officer, nor is the hold among those on its own record', async () => {
    expect(mustBe(200, await as('dpo-oakfield', 'audit', '/v1/erasure-requests?status=all')).json).toEqual({
      requests: [],
    });
    expect(mustBe(200, await as('dpo-oakfield', 'subject-access', '/v1/subject-access-requests')).json).toEqual({
      requests: [],
    });
    expect(mustBe(200, await as('dpo-oakfield', 'audit', `/v1/children/${world.child}/legal-holds`)).json).toEqual({
      holds: [],
    });
    expect(mustBe(200, await as('dpo', 'audit', '/v1/erasure-requests')).text).toContain(theirs.erasure);
  });

  it.each(['', '/answers'])('%s: gives nothing to the system of an organisation that is not asked', async (step) => {
    const asking = step === '' ? {} : { json: { answer: 'nothing-held' } };
    const verified = { json: { how: 'signed-in-with-relationship' } };
    mustBe(200, await as('dpo', 'subject-access', `/v1/subject-access-requests/${theirs.access}/identity`, verified));
    const elsewhere = await organisation(hub, 'riverside-special', 'education');
    const [foreign, absent] = [
      await elsewhere.system.ask(`/v1/subject-access-questions/${theirs.access}${step}`, asking),
      await elsewhere.system.ask(`/v1/subject-access-questions/${NOBODY}${step}`, asking),
    ];
    expect([foreign.status, absent.status]).toEqual([404, 404]);
    expect(words(foreign)).toBe(words(absent));
    expect(mustBe(200, await elsewhere.system.ask('/v1/subject-access-questions')).json).toEqual({ questions: [] });
  });
});
