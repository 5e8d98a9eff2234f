import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild, type View } from '#projections';
import { viewBackends, type TestViews } from '#testing/servers';
import { reviewsView } from './projection.ts';
import { findingsPage, questionsTo, reviewsPage, suppressionsOf, watchesOf } from './query.ts';

const sealed = { key: 'k', iv: 'i', text: 't' };
const at = (minute: number) => `2026-11-24T09:${String(minute).padStart(2, '0')}:00.000Z` as Instant;
const SCHOOL = 'oakfield-primary' as OrganisationId;
const TRUST = 'bridgewater-community-trust' as OrganisationId;

interface Happened {
  readonly stream: string;
  readonly type: string;
  readonly data: object;
}
const raised = (finding: string, differs: object = {}): Happened => ({
  stream: `detection-${finding}`,
  type: 'detection.raised.v1',
  data: {
    finding,
    rule: 'refused-attempts',
    organisation: SCHOOL,
    sources: [],
    day: '2026-11-24',
    suppression: null,
    sealed,
    ...differs,
  },
});
const review = (id: string, type: string, data: object): Happened => ({
  stream: `review-${id}`,
  type: `review.${type}.v1`,
  data,
});
const opened = (id: string, differs: object = {}): Happened =>
  review(id, 'opened', {
    review: id,
    // One case a cause: its id is named by it.
    cause: { kind: 'by-hand', reference: `look-of-${id}` },
    person: 'reader',
    organisation: SCHOOL,
    sources: [],
    by: 'officer',
    sealed,
    ...differs,
  });
const decided = (id: string, outcome: string, question?: string): Happened =>
  review(id, 'decided', { outcome, by: 'officer', words: sealed, ...(question === undefined ? {} : { question }) });

let views: TestViews;
let worlds = 0;

async function withEvents(events: readonly Happened[], use: (db: View['db']) => Promise<void>): Promise<void> {
  const log = await openSqliteLog({ path: ':memory:' });
  const revisions = new Map<string, number>();
  for (const [minute, { stream, type, data }] of events.entries()) {
    const revision = (revisions.get(stream) ?? -1) + 1;
    revisions.set(stream, revision);
    const record = encodeRecord({
      format: 1,
      stream,
      revision,
      type,
      recordedAt: at(minute),
      by: SCHOOL,
      correlationId: 'c',
      data,
    });
    await log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
  }
  // Each world is a view of its own name beside the others.
  const definition = { ...reviewsView, name: `reviews-${String((worlds += 1))}` };
  const view = await openView({ definition, where: views.where, log });
  await rebuild(view, { elapsed: () => 1 });
  try {
    await use(view.db);
  } finally {
    await view.close();
    await log.close();
  }
}

describe.each(viewBackends)('the officers’ queue on %s', (_name, begin) => {
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  it('shows what a finding has come to, newest first', async () => {
    const events = [
      raised('f1'),
      raised('f2'),
      raised('f3', { suppression: 's1' }),
      raised('f4'),
      opened('r1', { cause: { kind: 'finding', reference: 'f1' } }),
      opened('r2', { cause: { kind: 'finding', reference: 'f2' } }),
      decided('r2', 'appropriate'),
    ];
    await withEvents(events, async (db) => {
      const states = async (question: object = {}) =>
        (await findingsPage(db, { scope: null, limit: 10, ...question })).rows.map((row) => [row.finding, row.state]);
      expect(await states()).toEqual([
        ['f4', 'open'],
        ['f3', 'suppressed'],
        ['f2', 'closed'],
        ['f1', 'in-review'],
      ]);
      expect(await states({ state: 'suppressed' })).toEqual([['f3', 'suppressed']]);
      expect(await states({ rule: 'volume' })).toEqual([]);
      const first = await findingsPage(db, { scope: null, limit: 3 });
      expect(first.after).toEqual({ at: at(1), id: 'f2' });
      expect(await states({ ...(first.after === null ? {} : { after: first.after }) })).toEqual([['f1', 'in-review']]);
    });
  });

  it('shows an officer what is of their people or at their facts, and never cases about themselves', async () => {
    const events = [
      raised('f1'),
      raised('f2', { organisation: TRUST }),
      raised('f3', { organisation: TRUST, sources: [SCHOOL] }),
      opened('r1'),
      opened('r2', { organisation: TRUST, sources: [SCHOOL] }),
      opened('r3', { organisation: TRUST }),
      opened('r4', { person: 'officer' }),
      opened('r5', { person: null }),
    ];
    await withEvents(events, async (db) => {
      const findings = (await findingsPage(db, { scope: SCHOOL, limit: 10 })).rows.map(({ finding }) => finding);
      expect(findings).toEqual(['f3', 'f1']);
      const cases = async (scope: OrganisationId | null) =>
        (await reviewsPage(db, { scope, except: 'officer', limit: 10 })).rows.map((row) => row.review);
      expect(await cases(SCHOOL)).toEqual(['r5', 'r2', 'r1']);
      expect(await cases(null)).toEqual(['r5', 'r3', 'r2', 'r1']);
    });
  });

  const story: readonly (readonly [Happened, string])[] = [
    [opened('r1'), 'open'],
    [review('r1', 'assigned', { to: 'officer', by: 'officer' }), 'open'],
    [decided('r1', 'ask-user', 'q1'), 'asked'],
    [decided('r1', 'ask-user', 'q2'), 'asked'],
    [review('r1', 'answered', { question: 'q1', by: 'reader', words: sealed }), 'asked'],
    [decided('r1', 'escalated'), 'asked'],
    [review('r1', 'answered', { question: 'q2', by: 'reader', words: sealed }), 'escalated'],
    [decided('r1', 'breach'), 'closed'],
    [review('r1', 'reopened', { by: 'officer', words: sealed }), 'open'],
  ];
  it.each(story.map(([{ type }, status], step) => [step, type, status] as const))(
    'follows a case: after step %i, %s, it is %s',
    async (step, _type, status) => {
      const events = story.slice(0, step + 1).map(([event]) => event);
      await withEvents(events, async (db) => {
        const { rows } = await reviewsPage(db, { scope: null, except: 'nobody', limit: 10 });
        expect(rows.map((row) => row.status)).toEqual([status]);
        const filtered = await reviewsPage(db, { scope: null, except: 'nobody', limit: 10, status });
        expect(filtered.rows).toEqual(rows);
      });
    },
  );

  it('shows a person the questions that wait for them, and nobody else any', async () => {
    const events = [
      opened('r1'),
      decided('r1', 'ask-user', 'q1'),
      decided('r1', 'ask-user', 'q2'),
      review('r1', 'answered', { question: 'q1', by: 'reader', words: sealed }),
      opened('r2', { person: 'other' }),
      decided('r2', 'ask-user', 'q3'),
      decided('r2', 'appropriate'),
    ];
    await withEvents(events, async (db) => {
      expect((await questionsTo(db, 'reader')).map((row) => [row.question, row.revision])).toEqual([['q2', 2]]);
      expect(await questionsTo(db, 'other')).toEqual([]);
      expect(await questionsTo(db, 'officer')).toEqual([]);
    });
  });

  it('keeps suppressions and watches with their end', async () => {
    const suppressed = (id: string, organisation: OrganisationId | null): Happened => ({
      stream: `detection-${id}`,
      type: 'detection.suppressed.v1',
      data: { suppression: id, rule: 'volume', organisation, until: '2026-12-01', by: 'officer', sealed },
    });
    const events: readonly Happened[] = [
      suppressed('s1', null),
      suppressed('s2', SCHOOL),
      suppressed('s3', TRUST),
      {
        stream: 'detection-s2',
        type: 'detection.suppression-ended.v1',
        data: { suppression: 's2', by: 'officer' },
      },
      {
        stream: 'detection-w1',
        type: 'detection.child-watched.v1',
        data: { watch: 'w1', until: '2027-01-01', by: 'officer', sealed },
      },
      { stream: 'detection-w1', type: 'detection.child-watch-ended.v1', data: { watch: 'w1', by: 'officer' } },
      { stream: 'review-plan', type: 'review.sampling-planned.v1', data: { lines: [], by: 'officer' } },
    ];
    await withEvents(events, async (db) => {
      const of = async (scope: OrganisationId | null) =>
        (await suppressionsOf(db, scope)).map((row) => [row.suppression, row.ended]);
      expect(await of(null)).toEqual([
        ['s3', 0],
        ['s2', 1],
        ['s1', 0],
      ]);
      expect(await of(SCHOOL)).toEqual([
        ['s2', 1],
        ['s1', 0],
      ]);
      expect((await watchesOf(db)).map((row) => [row.watch, row.ended])).toEqual([['w1', 1]]);
    });
  });
});
