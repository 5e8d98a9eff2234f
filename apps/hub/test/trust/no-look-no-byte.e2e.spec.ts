import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { AppendInDoubt, LogFailed, type EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { listRoutes, STEP_UP_ACR } from '#nest-platform';
import { demonstrationPerson, type Answer } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { asked } from '../audit/asking.ts';
import { caughtUp, CONSENT, runningHub, timeline, type HubOptions, type RunningHub } from '../running-hub.ts';
import { barrier, MAYA, seen, tellWorld, VOICE, withdraw, type World } from './world.ts';

const folder = temporaryFolder();
let world: World;
let query: string;
let hub: RunningHub;
let ended: number[] = [];

beforeAll(async () => {
  hub = await runningHub({ folder: folder.path });
  world = await tellWorld(hub);
  await caughtUp(hub);
  query = (await asked(hub, hub.person('dpo'), { child: world.child })).id;
  await hub.stop();
});
afterEach(() => hub.stop());
afterAll(() => folder.remove());

async function reopened(openLog?: HubOptions['openLog'], stage?: HubOptions['stage']): Promise<void> {
  ended = [];
  hub = await runningHub({
    folder: folder.path,
    ...(stage === undefined ? {} : { stage }),
    endProcess: (code) => void ended.push(code),
    ...(openLog === undefined ? {} : { openLog }),
  });
}

/** Everything that may only answer once its look is kept; `PATCH` and `POST` of consents read before they write. */
const LOOKING: Readonly<Record<string, () => Promise<Answer>>> = {
  'GET /v1/children/:childId/timeline': () => timeline(hub.person('senco'), world.child, 'sen-support'),
  'GET /v1/children/:childId/usage': () => as('parent', 'subject-access', `/v1/children/${world.child}/usage`),
  'GET /v1/children/:childId/consents': () => as('parent', 'subject-access', `/v1/children/${world.child}/consents`),
  'POST /v1/children/:childId/consents': () =>
    as('parent', 'subject-access', `/v1/children/${world.child}/consents`, {
      json: {
        consent: 'voice-9',
        decision: 'give',
        categories: ['voice'],
        purposes: ['sen-support'],
        authority: 'parental-responsibility',
      },
    }),
  'PATCH /v1/children/:childId/consents/:consent': () =>
    as('parent', 'subject-access', `/v1/children/${world.child}/consents/voice-1`, {
      method: 'PATCH',
      json: { decision: 'withdraw' },
    }),
  'GET /v1/cohort-counts/:table': () => as('analyst', 'service-planning', '/v1/cohort-counts/on-roll-by-setting'),
  'POST /v1/audit-queries': () => as('dpo', 'audit', '/v1/audit-queries', { json: { filters: {} } }),
  'GET /v1/audit-queries/:id': () => as('dpo', 'audit', `/v1/audit-queries/${query}`),
  'GET /v1/audit-queries/:id/results': () => as('dpo', 'audit', `/v1/audit-queries/${query}/results`),
  'GET /v1/audit-queries/:id/export': () => as('dpo', 'audit', `/v1/audit-queries/${query}/export?format=csv`),
  'GET /v1/audit-queries/:id/export/manifest': () =>
    as('dpo', 'audit', `/v1/audit-queries/${query}/export/manifest?format=csv`),
  'GET /v1/children/:childId/notices': () => as('parent', 'subject-access', `/v1/children/${world.child}/notices`),
  'GET /v1/break-glass-grants': () => as('health-visitor', 'direct-care', '/v1/break-glass-grants'),
  'POST /v1/break-glass-grants': () =>
    demonstrationPerson(hub.url, 'health-visitor', { acr: STEP_UP_ACR }).ask('/v1/break-glass-grants', {
      json: { childId: world.child, reason: 'child-missing', words: 'Has not come home since noon.' },
      headers: { 'hub-purpose': 'direct-care' },
    }),
  'DELETE /v1/break-glass-grants/:grant': () =>
    as('health-visitor', 'direct-care', `/v1/break-glass-grants/${world.child}`, { method: 'DELETE' }),
  'POST /v1/break-glass-grants/:grant/explanations': () =>
    as('health-visitor', 'direct-care', `/v1/break-glass-grants/${world.child}/explanations`, {
      json: { words: 'Has not come home since noon.' },
    }),
  'GET /v1/break-glass-reviews': () => as('dpo', 'audit', '/v1/break-glass-reviews'),
  'POST /v1/break-glass-grants/:grant/reviews': () =>
    as('dpo', 'audit', `/v1/break-glass-grants/${world.child}/reviews`, { json: { outcome: 'appropriate' } }),
  'POST /v1/break-glass-grants/:grant/reinstatements': () =>
    as('dpo', 'audit', `/v1/break-glass-grants/${world.child}/reinstatements`, { method: 'POST' }),
  'POST /v1/child-matches': () =>
    as('senco', 'sen-support', '/v1/child-matches', {
      json: { nhsNumber: MAYA.nhsNumber, surname: MAYA.surname, birthDate: MAYA.birthDate },
    }),
};

/** Routes that state a purpose and say nothing of a child: what they do is an event of its own, or numbers. */
const NOT_LOOKING = [
  'GET /v1/admin/projections',
  'GET /v1/cohort-counts',
  'POST /v1/admin/projections/:name/rebuilds',
  'POST /v1/erasures',
];

/** Refusals, which are looks too: nothing says whether the child is there. */
const REFUSED: Readonly<Record<string, () => Promise<Answer>>> = {
  'a purpose that is not theirs': () => timeline(hub.person('senco'), world.child, 'safeguarding'),
  'no relationship': () =>
    timeline(hub.person('health-visitor'), '11111111-1111-4111-8111-111111111111', 'direct-care'),
  'a child nobody knows': () => timeline(hub.person('senco'), '11111111-1111-4111-8111-111111111111', 'sen-support'),
};

function as(person: string, purpose: string, path: string, asking: object = {}): Promise<Answer> {
  return hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': purpose } });
}

function nothingLeft(answer: Answer): void {
  expect([answer.status, (answer.json as { code?: string }).code]).toEqual([503, 'HUB_LOG_UNAVAILABLE']);
  expect(answer.headers.get('hub-decision-id')).toBeNull();
  for (const word of [VOICE, 'Okafor', '9991234004', 'factId', 'voice-1', 'senco', world.child])
    expect(answer.text).not.toContain(word);
}

it('the table of looking routes is whole', async () => {
  await reopened();
  const known = [...Object.keys(LOOKING), ...NOT_LOOKING];
  const purposeful = listRoutes(hub.composed.app)
    .filter(({ access }) => access?.purpose === 'required')
    .map(({ method, path }) => `${method} ${path}`);
  expect(purposeful.filter((route) => !known.includes(route))).toEqual([]);
  expect(known.filter((route) => !purposeful.includes(route))).toEqual([]);
});

it('check 2: a full disk: the look that does not fit gives no byte, nor does anything after it; with space, reads work again', async () => {
  await reopened((path) => openSqliteLog({ path, maxPages: 1 }));
  // What is left of the last page may still take a look or two.
  let answers = 0;
  for (; answers < 20; answers++) {
    const answer = await timeline(hub.person('senco'), world.child, 'sen-support');
    if (answer.status !== 200) break;
    expect(answer.headers.get('hub-decision-id')).not.toBeNull();
  }
  expect(answers).toBeLessThan(20);
  for (const ask of [...Object.values(LOOKING), ...Object.values(REFUSED)]) nothingLeft(await ask());
  await expect(
    world.family.tell({
      id: 'profile-2',
      type: 'voice.one-page-profile-written.v1',
      category: 'voice',
      basis: CONSENT,
      subject: { ...MAYA, localId: 'fam-1' },
      fact: { writtenOn: '2026-09-02', whatMattersToMe: 'a', howBestToSupportMe: 'b', whatPeopleLikeAboutMe: 'c' },
    }),
  ).rejects.toThrow();
  expect((await fetch(`${hub.url}/health/ready`)).status).toBe(503);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(ended).toEqual([74]);
  await hub.stop();
  await reopened();
  await caughtUp(hub);
  expect(await seen(hub.person('senco'), world.child, 'sen-support')).toHaveLength(3);
  expect(ended).toEqual([]);
});

it.each([
  ['the commit fails', () => new LogFailed('commit'), [74]],
  // In doubt is no failure of the log: the caller repeats, the process goes on.
  ['nobody knows whether it was stored', () => new AppendInDoubt('time-out'), []],
])('%s: 503 and not one byte on every looking route', async (_what, failure, codes) => {
  await reopened(async (path) => failing(await openSqliteLog({ path }), failure));
  for (const ask of [...Object.values(LOOKING), ...Object.values(REFUSED)]) nothingLeft(await ask());
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(ended).toEqual(codes);
});

it('a look that cannot be taken back discloses nothing either', async () => {
  const pause = barrier();
  await reopened(async (path) => {
    const log = await openSqliteLog({ path });
    const append: EventLog['append'] = (stream, expected, events) =>
      events.some(({ type }) => type === 'look.aborted.v1')
        ? Promise.reject(new LogFailed('commit'))
        : log.append(stream, expected, events);
    return { ...failing(log, () => new LogFailed('commit')), append };
  }, pause.stage);
  const { reached, release } = pause.arm('looked');
  const asked = timeline(hub.person('senco'), world.child, 'sen-support');
  await reached;
  await withdraw(hub, world.child, 'voice-1');
  release();
  nothingLeft(await asked);
});

function failing(log: EventLog, failure: () => Error): EventLog {
  return {
    append: (stream, expected, events) =>
      stream.startsWith('look-') ? Promise.reject(failure()) : log.append(stream, expected, events),
    readStream: (stream, options) => log.readStream(stream, options),
    tail: (stream) => log.tail(stream),
    readAll: (read) => log.readAll(read),
    subscribe: (read) => log.subscribe(read),
    head: () => log.head(),
    compare: (a, b) => log.compare(a, b),
    close: () => log.close(),
  };
}
