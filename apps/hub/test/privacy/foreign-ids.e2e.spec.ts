import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { asked } from '../audit/asking.ts';
import { STEP_UP_ACR } from '#nest-platform';
import { demonstrationPerson, signFact, type Answer, type Asking, type HubClient } from '#nest-platform/client';
import { deliveries, screened, subscribe, until } from '../signals/told.ts';
import { MAYA, tellWorld, type World } from '../trust/world.ts';
import {
  agree,
  caughtUp,
  mustBe,
  organisation,
  PUBLIC_TASK,
  receiptOf,
  runningHub,
  timeline,
  type RunningHub,
  type TestOrganisation,
} from '../running-hub.ts';
import { CRAWLED, NOBODY, NOT_CRAWLED, type Ids } from './crawled.ts';

/** What Oakfield hands in for the submission whose id is tried. */
const HANDED_IN = {
  specversion: '1.0',
  id: 'enrol-2',
  source: '/organisations/oakfield-primary',
  type: 'education.enrolment-started.v1',
  time: '2026-09-01T08:00:00Z',
  datacontenttype: 'application/json',
  category: 'education.enrolment',
  basis: JSON.stringify(PUBLIC_TASK),
  data: { subject: MAYA, fact: { setting: '100101', startDate: '2023-09-01' } },
} as const;

/** Callers to whom Maya, and what Oakfield handed in, are somebody else's. */
const STRANGERS = {
  'senco-riverside': 'sen-support',
  'social-worker': 'early-help',
  'teacher-elsewhere': 'sen-support',
} as const;

const words = ({ text }: Answer) => text.replace(/"(instance|requestId)":"[^"]*"/g, '');

describe('check 3: ids of another organisation', () => {
  let hub: RunningHub;
  let world: World;
  let other: TestOrganisation;
  let theirs: Ids;
  const nobodys: Ids = {
    child: NOBODY,
    organisation: 'nobody-at-all',
    submission: NOBODY,
    fact: NOBODY,
    decision: NOBODY,
    agreement: 'nobodys',
    query: NOBODY,
    grant: NOBODY,
    subscription: NOBODY,
    signal: NOBODY,
  };

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await organisation(hub, 'childrens-social-care', 'social-care');
    await organisation(hub, 'bridgewater-high', 'education');
    other = await organisation(hub, 'riverside-special', 'education');
    const handed = await world.school.system.ask(`/v1/organisations/${world.school.id}/submissions`, {
      body: JSON.stringify([await signFact(HANDED_IN, world.school.key)]),
      headers: { 'content-type': 'application/cloudevents-batch+json' },
    });
    const submission = (handed.headers.get('location') ?? '').split('/').at(-1) ?? '';
    expect([handed.status, submission]).toEqual([202, expect.stringMatching(/./)]);
    const fact = world.told[0]?.factId ?? NOBODY;
    await caughtUp(hub);
    const looked = mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    const decision = looked.headers.get('hub-decision-id') ?? '';
    await receiptOf(hub.person('senco'), decision);
    const { id: query } = await asked(hub, hub.person('dpo'), { child: world.child });
    const agreement = 'hearing';
    const nurse = demonstrationPerson(hub.url, 'health-visitor', { acr: STEP_UP_ACR });
    const started = await nurse.ask('/v1/break-glass-grants', {
      json: { childId: world.child, reason: 'child-missing', words: 'Has not come home since noon.' },
      headers: { 'hub-purpose': 'direct-care' },
    });
    const { grant } = mustBe(201, started).json as { grant: string };
    theirs = {
      child: world.child,
      organisation: world.school.id,
      submission,
      fact,
      decision,
      agreement,
      query,
      grant,
      ...(await toldOf(world)),
    };
  });
  afterAll(() => hub.remove());

  const callers = (): readonly (readonly [string, HubClient, string])[] => [
    ...Object.entries(STRANGERS).map(([key, purpose]) => [key, hub.person(key), purpose] as const),
    ['another organisation’s system', other.system, 'sen-support'],
  ];

  /** A subscription of Oakfield's system, and a signal that waits for it because nobody listens there. */
  async function toldOf({ school, trust }: World): Promise<Pick<Ids, 'subscription' | 'signal'>> {
    const told = { recipient: school.id, purposes: ['sen-support'], roles: ['organisation-system'] as const };
    await agree(hub, { id: 'told', source: trust.id, categories: ['health.screening'], ...told });
    const { id } = await subscribe(school.system, { url: 'http://127.0.0.1:9/' });
    await screened(trust, 1);
    await until(async () => (await deliveries(school.system, id)).length === 1, 'an attempt');
    const [tried] = await deliveries(school.system, id);
    return { subscription: id, signal: tried?.signal ?? '' };
  }

  it('leaves no route out', () => {
    const routes = hub.routes().map(({ method, path }) => `${method} ${path}`);
    expect(routes.sort()).toEqual([...Object.keys(CRAWLED), ...Object.keys(NOT_CRAWLED)].sort());
  });

  it.each(Object.keys(CRAWLED))('%s gives nothing, in the words for what is not there', async (route) => {
    const { path, asking } = CRAWLED[route] ?? { path: () => '' };
    for (const [name, client, purpose] of callers()) {
      const ask = (ids: Ids) => {
        const given = asking?.(ids) ?? {};
        return client.ask(path(ids), { ...given, headers: { 'hub-purpose': purpose, ...given.headers } });
      };
      const [foreign, absent] = [await ask(theirs), await ask(nobodys)];
      expect([name, foreign.status]).toEqual([name, absent.status]);
      expect([403, 404]).toContain(foreign.status);
      expect(words(foreign)).toBe(words(absent));
    }
  });

  it('keeps administration and erasure from every other role', async () => {
    const { child } = theirs;
    const closed: readonly (readonly [string, Asking])[] = [
      ['/v1/organisations', { json: {} }],
      ['/v1/organisations/oakfield-primary/keys/oakfield-primary-1/revocations', { json: { reason: 'lost' } }],
      ['/v1/admin/projections', {}],
      ['/v1/admin/projections/timeline/rebuilds', { method: 'POST' }],
      ['/v1/erasures', { json: { childId: child, ground: 'article-17' } }],
      ['/v1/detections', {}],
      ['/v1/detection-suppressions', {}],
      ['/v1/detection-suppressions', { json: {} }],
      ['/v1/watched-children', {}],
      ['/v1/watched-children', { json: { childId: child } }],
      ['/v1/reviews', {}],
      ['/v1/review-sampling-plan', {}],
      ['/v1/review-sampling-plan', { method: 'PUT', json: { lines: [] } }],
      ['/v1/review-samples?week=2026-W48', {}],
      ['/v1/erasure-requests', {}],
      ['/v1/erasure-requests', { json: { childId: child } }],
      [`/v1/erasure-requests/${NOBODY}`, {}],
      [`/v1/erasure-requests/${NOBODY}/decisions`, { json: {} }],
      [`/v1/children/${child}/legal-holds`, {}],
      [`/v1/children/${child}/legal-holds`, { json: {} }],
      [`/v1/children/${child}/legal-holds/${NOBODY}`, { method: 'PATCH', json: {} }],
      ['/v1/retention/due', {}],
      ['/v1/subject-access-requests', {}],
      ['/v1/subject-access-requests', { json: { childId: child } }],
      [`/v1/subject-access-requests/${NOBODY}`, {}],
      [`/v1/subject-access-requests/${NOBODY}/pack`, {}],
      ...['identity', 'pauses', 'resumptions', 'extensions', 'answers', 'redactions']
        .concat(['approvals', 'releases', 'refusals', 'withdrawals'])
        .map((step) => [`/v1/subject-access-requests/${NOBODY}/${step}`, { json: {} }] as const),
    ];
    const people = [...callers(), ['senco', hub.person('senco'), 'sen-support'] as const];
    for (const [path, asking] of closed)
      for (const [name, client, purpose] of people) {
        const { status } = await client.ask(path, { ...asking, headers: { 'hub-purpose': purpose } });
        expect([path, name, status]).toEqual([path, name, 403]);
      }
  });
});
