import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { AppendInDoubt, LogFailed, type EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { STEP_UP_ACR } from '#nest-platform';
import { demonstrationPerson, organisationSystem, type Answer } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { contentOf, draft } from '../agreements.ts';
import { asked } from '../audit/asking.ts';
import { inOneProcess } from '../one-process.ts';
import {
  caughtUp,
  CONSENT,
  mustBe,
  organisation,
  runningHub,
  timeline,
  type HubOptions,
  type RunningHub,
} from '../running-hub.ts';
import { CRAWLED, NOBODY } from '../privacy/crawled.ts';
import { barrier, MAYA, seen, tellWorld, VOICE, withdraw, type World } from './world.ts';

/** What a trial is asked of. */
const TRIED = contentOf({
  id: 'hearing',
  version: 2,
  source: 'bridgewater-community-trust',
  recipient: 'oakfield-primary',
  categories: ['health.screening'],
  purposes: ['sen-support'],
  roles: ['senco'],
});
const folder = temporaryFolder();
let world: World;
let query: string;
let hub: RunningHub;
let ended: number[] = [];

beforeAll(async () => {
  hub = await runningHub({ folder: folder.path });
  world = await tellWorld(hub);
  await organisation(hub, 'childrens-social-care', 'social-care');
  mustBe(200, await draft(world.trust, TRIED));
  const made = async (answer: Promise<Answer>) => (mustBe(201, await answer).json as { request: string }).request;
  const json = { childId: world.child, from: 'parent', identity: 'not-needed' };
  requests.erasure = await made(as('dpo', 'audit', '/v1/erasure-requests', { json }));
  requests.access = await made(
    as('dpo', 'subject-access', '/v1/subject-access-requests', { json: { childId: world.child } }),
  );
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

/** The requests that are asked about, made while the log could be written. */
const requests = { erasure: '', access: '' };
/** The steps of a subject access request, each with a body that is taken. */
const STEPS: Readonly<Record<string, object>> = {
  identity: { how: 'not-needed' },
  pauses: { reason: 'identity' },
  resumptions: {},
  extensions: { reason: 'complex' },
  answers: { answer: 'nothing-held' },
  redactions: { item: '11111111-1111-4111-8111-111111111111', outcome: 'release' },
  approvals: { confirm: 'yes' },
  releases: { confirm: 'yes' },
  refusals: { reason: 'excessive' },
  withdrawals: { confirm: 'yes' },
};

/** Who asks, and why, on routes that are crawled with other ids elsewhere. */
const CRAWLERS: Readonly<Record<string, readonly [person: string, purpose: string]>> = {
  'POST /v1/access-decisions': ['dpo', 'audit'],
  'GET /v1/children/:childId/access': ['parent', 'subject-access'],
  'GET /v1/children/:childId/authorities': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/authorities': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/authorities/:authority/endings': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/competence-assessments': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/directions': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/directions/:direction/endings': ['social-worker', 'early-help'],
  'GET /v1/children/:childId/find-usage': ['parent', 'subject-access'],
  'GET /v1/children/:childId/objections': ['parent', 'subject-access'],
  'POST /v1/children/:childId/objections': ['parent', 'subject-access'],
  'POST /v1/children/:childId/objections/:objection/answers': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/relationship-claims': ['social-worker', 'early-help'],
  'POST /v1/children/:childId/relationship-claims/:claim/endings': ['social-worker', 'early-help'],
  'GET /v1/children/:childId/sharing-decisions': ['health-visitor', 'direct-care'],
  'POST /v1/children/:childId/sharing-decisions': ['health-visitor', 'direct-care'],
  'POST /v1/children/:childId/sharing-decisions/:decision/endings': ['health-visitor', 'direct-care'],
  'GET /v1/children/:childId/usage-period': ['parent', 'subject-access'],
  'GET /v1/children/:childId/usage/:decision/receipt': ['parent', 'subject-access'],
};

/** Everything that may only answer once its look is kept; `PATCH` and `POST` of consents read before they write. */
const LOOKING: Readonly<Record<string, () => Promise<Answer>>> = {
  ...Object.fromEntries(Object.keys(CRAWLERS).map((route) => [route, () => crawled(route)])),
  'POST /v1/policy-simulations': () =>
    as('dpo', 'audit', '/v1/policy-simulations', { json: { agreement: 'hearing', version: 2, last: 10 } }),
  'GET /v1/policy-simulations/:simulation': () => as('dpo', 'audit', `/v1/policy-simulations/${NOBODY}`),
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
  'POST /v1/erasures': () =>
    as('dpo', 'audit', '/v1/erasures', { json: { childId: world.child, ground: 'court-order' } }),
  'GET /v1/erasure-requests': () => as('dpo', 'audit', '/v1/erasure-requests'),
  'POST /v1/erasure-requests': () =>
    as('dpo', 'audit', '/v1/erasure-requests', {
      json: { childId: world.child, from: 'parent', identity: 'not-needed' },
    }),
  'GET /v1/erasure-requests/:id': () => as('dpo', 'audit', `/v1/erasure-requests/${requests.erasure}`),
  'POST /v1/erasure-requests/:id/decisions': () =>
    as('dpo', 'audit', `/v1/erasure-requests/${requests.erasure}/decisions`, {
      json: { outcome: 'grant', ground: 'a' },
    }),
  'GET /v1/children/:childId/legal-holds': () => as('dpo', 'audit', `/v1/children/${world.child}/legal-holds`),
  'POST /v1/children/:childId/legal-holds': () =>
    as('dpo', 'audit', `/v1/children/${world.child}/legal-holds`, {
      json: { reason: 'complaint', reviewOn: '2099-01-01' },
    }),
  'PATCH /v1/children/:childId/legal-holds/:hold': () =>
    as('dpo', 'audit', `/v1/children/${world.child}/legal-holds/${requests.erasure}`, {
      method: 'PATCH',
      json: { change: 'lift' },
    }),
  'GET /v1/signals/:id': () =>
    organisationSystem(hub.url, world.trust.id, world.trust.key).ask(`/v1/signals/${NOBODY}`, {
      headers: { 'hub-purpose': 'sen-support' },
    }),
  'GET /v1/retention/due': () => as('dpo', 'audit', '/v1/retention/due'),
  'GET /v1/subject-access-requests': () => as('dpo', 'subject-access', '/v1/subject-access-requests'),
  'POST /v1/subject-access-requests': () =>
    as('parent', 'subject-access', '/v1/subject-access-requests', { json: { childId: world.child } }),
  'GET /v1/subject-access-requests/:id': () => onRequest(''),
  'GET /v1/subject-access-requests/:id/pack': () => onRequest('/pack'),
  ...Object.fromEntries(
    Object.entries(STEPS).map(([step, json]) => [
      `POST /v1/subject-access-requests/:id/${step}`,
      () => onRequest(`/${step}`, { json }),
    ]),
  ),
  ...ofOfficers({
    'GET /v1/detections': {},
    'GET /v1/detection-suppressions': {},
    'POST /v1/detection-suppressions/:suppression/endings': { method: 'POST' },
    'GET /v1/watched-children': {},
    'POST /v1/watched-children/:watch/endings': { method: 'POST' },
    'GET /v1/reviews': {},
    'GET /v1/reviews/questions': {},
    'POST /v1/reviews': { json: { cause: 'by-hand', reference: NOBODY } },
    'GET /v1/reviews/:review': {},
    'POST /v1/reviews/:review/assignments': { json: { to: 'person-d0d0' } },
    'POST /v1/reviews/:review/outcomes': { json: { outcome: 'breach', reason: 'Nothing explains it.' } },
    'POST /v1/reviews/:review/answers': { json: { question: NOBODY, answer: 'It was for the meeting.' } },
    'POST /v1/reviews/:review/reopenings': { json: { reason: 'Something new was found.' } },
    'GET /v1/review-sampling-plan': {},
    'GET /v1/review-samples?week=2026-W48': {},
  }),
};

/** Routes of officers, asked about what nobody knows: lists, and the refusal that is a look. */
function ofOfficers(asked: Readonly<Record<string, object>>): typeof LOOKING {
  return Object.fromEntries(
    Object.entries(asked).map(([route, asking]) => {
      const path = (route.split(' ')[1] ?? '').replace(/:\w+/, NOBODY);
      return [route.split('?')[0] ?? '', () => as('dpo', 'audit', path, asking)];
    }),
  );
}

/** Routes that state a purpose and say nothing of a child: what they do is an event of its own, or numbers. */
const NOT_LOOKING = [
  'GET /v1/admin/projections',
  'GET /v1/cohort-counts',
  'POST /v1/admin/projections/:name/rebuilds',
  'POST /v1/detection-suppressions',
  'POST /v1/watched-children',
  'PUT /v1/review-sampling-plan',
];

/** What a system is asked: routes of one purpose only, which it does not state. */
const ofSystem = (path: string, asking: object = {}): Promise<Answer> =>
  organisationSystem(hub.url, world.trust.id, world.trust.key).ask(
    `/v1/subject-access-questions/${requests.access}${path}`,
    asking,
  );

/** Refusals, which are looks too: nothing says whether the child is there. */
const REFUSED: Readonly<Record<string, () => Promise<Answer>>> = {
  'a system that is asked too early': () => ofSystem(''),
  'a system that answers too early': () => ofSystem('/answers', { json: { answer: 'nothing-held' } }),
  'a purpose that is not theirs': () => timeline(hub.person('senco'), world.child, 'safeguarding'),
  'no relationship': () => timeline(hub.person('health-visitor'), NOBODY, 'direct-care'),
  'a child nobody knows': () => timeline(hub.person('senco'), NOBODY, 'sen-support'),
};

function as(person: string, purpose: string, path: string, asking: object = {}): Promise<Answer> {
  return hub.person(person).ask(path, { ...asking, headers: { 'hub-purpose': purpose } });
}

function crawled(route: string): Promise<Answer> {
  const { path, asking } = CRAWLED[route] ?? { path: () => '' };
  const [person, purpose] = CRAWLERS[route] ?? ['', ''];
  const nobodys = { organisation: 'x', submission: NOBODY, fact: NOBODY, decision: NOBODY, agreement: 'x' };
  const signals = { subscription: NOBODY, signal: NOBODY };
  const ids = { ...nobodys, ...signals, query: NOBODY, grant: NOBODY, child: world.child };
  return as(person, purpose, path(ids), asking?.(ids));
}

function onRequest(path: string, asking: object = {}): Promise<Answer> {
  return as('dpo', 'subject-access', `/v1/subject-access-requests/${requests.access}${path}`, asking);
}

function nothingLeft(route: string, answer: Answer): void {
  const { code } = answer.json as { code?: string };
  expect([route, answer.status, code]).toEqual([route, 503, 'HUB_LOG_UNAVAILABLE']);
  expect(answer.headers.get('hub-decision-id')).toBeNull();
  for (const word of [VOICE, 'Okafor', '9991234004', 'factId', 'voice-1', 'senco', world.child])
    expect(answer.text).not.toContain(word);
}

it('the table of looking routes is whole', async () => {
  await reopened();
  const known = [...Object.keys(LOOKING), ...NOT_LOOKING];
  const purposeful = hub
    .routes()
    .filter(({ access }) => access?.purpose === 'required')
    .map(({ method, path }) => `${method} ${path}`);
  expect(purposeful.filter((route) => !known.includes(route))).toEqual([]);
  expect(known.filter((route) => !purposeful.includes(route))).toEqual([]);
});

inOneProcess('a server’s disk is the server’s affair').it(
  'check 2: a full disk: the look that does not fit gives no byte, nor does anything after it; with space, reads work again',
  async () => {
    await reopened((_open, path) => openSqliteLog({ path, maxPages: 1 }));
    // What is left of the last page may still take a look or two.
    let answers = 0;
    for (; answers < 20; answers++) {
      const answer = await timeline(hub.person('senco'), world.child, 'sen-support');
      if (answer.status !== 200) break;
      expect(answer.headers.get('hub-decision-id')).not.toBeNull();
    }
    expect(answers).toBeLessThan(20);
    for (const [route, ask] of Object.entries({ ...LOOKING, ...REFUSED })) nothingLeft(route, await ask());
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
  },
);

it.each([
  ['the commit fails', () => new LogFailed('commit'), [74]],
  // In doubt is no failure of the log: the caller repeats, the process goes on.
  ['nobody knows whether it was stored', () => new AppendInDoubt('time-out'), []],
])('%s: 503 and not one byte on every looking route', async (_what, failure, codes) => {
  await reopened(async (open) => failing(await open(), failure));
  for (const [route, ask] of Object.entries({ ...LOOKING, ...REFUSED })) nothingLeft(route, await ask());
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(ended).toEqual(codes);
});

it('a look that cannot be taken back discloses nothing either', async () => {
  const pause = barrier();
  await reopened(async (open) => {
    const log = await open();
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
  nothingLeft('GET timeline', await asked);
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
