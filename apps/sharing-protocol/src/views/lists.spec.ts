import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NoticeContent } from '#contracts';
import type { View, ViewDefinition } from '#projections';
import { viewBackends, type TestViews } from '#testing/servers';
import { filledView, type Happened } from '../../test/filled-view.ts';
import { breakGlassView } from './break-glass/projection.ts';
import { accessOf, accessPage, emergencyOutcomes } from './break-glass/query.ts';
import { noticesView } from './notices/projection.ts';
import { noticePage, type NoticesOf } from './notices/query.ts';
import { requestsView } from './requests/projection.ts';
import { requestPage, waitingFor } from './requests/query.ts';

describe.each(viewBackends)('lists on %s', (_name, begin) => {
  let views: TestViews;
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  async function withView(
    definition: ViewDefinition,
    events: readonly Happened[],
    use: (view: View) => Promise<void>,
  ): Promise<void> {
    const { view, close } = await filledView(views, definition, events);
    try {
      await use(view);
    } finally {
      await close();
    }
  }

  describe('of notices', () => {
    const sealed = { key: 'k', iv: 'i', text: 't' };
    const notice = (id: string, to: string, organisation: string | null): Happened => ({
      stream: `notice-${id}`,
      type: 'notice.sent.v1',
      data: { notice: id, kind: 'export-budget-reached', to, organisation, reference: `of ${id}`, sealed },
    });
    const content: Readonly<Record<string, Pick<NoticeContent, 'child' | 'person'>>> = {
      '4': { child: 'maya', person: null } as NoticeContent,
      '5': { child: 'tom', person: null } as NoticeContent,
      '6': { child: null, person: 'ruth' },
    };
    const definition = noticesView({
      openNotice: ({ stream }) => content[stream.slice('notice-'.length)] ?? { child: null, person: null },
      childHash: (child) => `hash of ${child}`,
      personHash: (organisation, person) => `hash of ${person} at ${organisation}`,
      isKept: (child) => child !== 'tom',
    });
    const events = [
      notice('1', 'area-dpo', null),
      notice('2', 'organisation-dpo', 'school'),
      notice('3', 'organisation-dpo', 'trust'),
      notice('4', 'family', null),
      notice('5', 'family', null),
      notice('6', 'person', 'school'),
      notice('7', 'area-dpo', null),
      notice('8', 'area-dpo', null),
    ];
    const of: readonly (readonly [NoticesOf, readonly string[]])[] = [
      [{ to: 'area-dpo' }, ['8', '7', '1']],
      [{ to: 'organisation-dpo', organisation: 'school' }, ['2']],
      [{ to: 'family', childHash: 'hash of maya' }, ['4']],
      // Nothing of theirs is kept any more.
      [{ to: 'family', childHash: 'hash of tom' }, []],
      [{ to: 'person', personHash: 'hash of ruth at school' }, ['6']],
      [{ to: 'person', personHash: 'hash of ruth at trust' }, []],
    ];

    it('shows each audience its own, newest first, in pages, and nothing of an erased child', async () => {
      await withView(definition, events, async (view) => {
        for (const [whose, ids] of of) {
          const { rows, after } = await noticePage(view.db, { of: whose, limit: 10 });
          expect([rows.map(({ notice_id }) => notice_id), after]).toEqual([ids, null]);
        }
        const first = await noticePage(view.db, { of: { to: 'area-dpo' }, limit: 2 });
        expect(first.rows.map(({ notice_id }) => notice_id)).toEqual(['8', '7']);
        const after = first.after ?? { at: '', notice: '' };
        const second = await noticePage(view.db, { of: { to: 'area-dpo' }, limit: 2, after });
        expect([second.rows.map(({ reference }) => reference), second.after]).toEqual([['of 1'], null]);
        expect(await view.eraseRows('maya')).toBe(1);
        const left = await noticePage(view.db, { of: { to: 'family', childHash: 'hash of maya' }, limit: 10 });
        expect(left.rows).toEqual([]);
      });
    });
  });

  describe('of requests and holds', () => {
    const request = (stream: string, type: string, data: object): Happened => ({ stream, type, data });
    const erasure = (id: string, type: string, differs: object = {}): Happened =>
      request(`erasureRequest-${id}`, `erasure-request.${type}.v1`, { request: id, ...differs });
    const access = (id: string, type: string, differs: object = {}): Happened =>
      request(`subjectAccess-${id}`, `subject-access.${type}.v1`, { request: id, ...differs });
    const events = [
      erasure('e1', 'received', { child: 'maya', organisation: 'school' }),
      erasure('e2', 'received', { child: 'tom', organisation: null }),
      erasure('e1', 'granted'),
      erasure('e1', 'started'),
      erasure('e2', 'refused'),
      access('s1', 'received', { child: 'maya', sources: ['school', 'trust'] }),
      access('s2', 'received', { child: 'tom', sources: ['school'] }),
      access('s1', 'answered', { source: 'school' }),
      access('s2', 'withdrawn'),
      request('legalHold-maya', 'legal-hold.placed.v1', { hold: 'h1', organisation: 'trust' }),
    ];

    it('lists by kind, openness, organisation and status, in the order of ids', async () => {
      await withView(requestsView, events, async ({ db }) => {
        const all = { openOnly: false, limit: 10 } as const;
        expect((await requestPage(db, { ...all, kind: 'erasure' })).rows).toEqual([
          { id: 'e1', kind: 'erasure', child: 'maya', organisation: 'school', status: 'in-progress' },
          { id: 'e2', kind: 'erasure', child: 'tom', organisation: null, status: 'refused' },
        ]);
        const ids = async (question: Parameters<typeof requestPage>[1]) =>
          (await requestPage(db, question)).rows.map(({ id }) => id);
        expect(await ids({ ...all, kind: 'erasure', openOnly: true })).toEqual(['e1']);
        expect(await ids({ ...all, kind: 'erasure', status: 'refused' })).toEqual(['e2']);
        expect(await ids({ ...all, kind: 'erasure', organisation: 'trust' })).toEqual([]);
        expect(await ids({ ...all, kind: 'hold', organisation: 'trust' })).toEqual(['h1']);
        const { rows, next } = await requestPage(db, { ...all, kind: 'erasure', limit: 1 });
        expect([rows.map(({ id }) => id), next]).toEqual([['e1'], 'e1']);
        expect(await ids({ ...all, kind: 'erasure', after: 'e1' })).toEqual(['e2']);
      });
    });

    it('shows an organisation the requests that wait for its answer', async () => {
      await withView(requestsView, events, async ({ db }) => {
        expect(await waitingFor(db, 'school', undefined, 10)).toEqual({ ids: [], next: null });
        expect(await waitingFor(db, 'trust', undefined, 10)).toEqual({ ids: ['s1'], next: null });
        expect(await waitingFor(db, 'trust', 's1', 10)).toEqual({ ids: [], next: null });
      });
    });
  });

  describe('of emergency accesses', () => {
    const started = (grant: string, child: string, from: string): Happened => ({
      stream: 'breakGlass-book',
      type: 'emergency-access.started.v1',
      data: { grant, organisation: 'school', child, from },
    });
    const reviewed = (grant: string, outcome: string, reviewBy: string | null): Happened => ({
      stream: 'breakGlass-book',
      type: 'emergency-access.reviewed.v1',
      data: { grant, outcome, reviewBy },
    });
    const [first, second] = ['2026-03-01T10:00:00.000Z', '2026-03-02T10:00:00.000Z'];
    const events = [
      started('g2', 'maya', second),
      started('g1', 'maya', first),
      started('g3', 'maya', second),
      started('g4', 'tom', first),
      reviewed('g2', 'appropriate', null),
      reviewed('g3', 'ask', second),
    ];

    it('shows those that wait longest first, one by its grant, and how those of a child came out', async () => {
      await withView(breakGlassView, events, async ({ db }) => {
        const grants = async (question: Parameters<typeof accessPage>[1]) =>
          (await accessPage(db, question)).map(({ grant_id }) => grant_id);
        expect(await grants({ open: true, limit: 10 })).toEqual(['g1', 'g4', 'g3']);
        expect(await grants({ open: true, limit: 10, after: { at: first, grant: 'g1' } })).toEqual(['g4', 'g3']);
        expect(await grants({ open: false, limit: 10 })).toEqual(['g2']);
        expect(await accessOf(db, 'g3')).toMatchObject({ child_id: 'maya', open: 1, outcome: 'ask' });
        expect(await accessOf(db, 'g9')).toBeUndefined();
        expect([...(await emergencyOutcomes(db, 'maya'))].toSorted()).toEqual([
          ['g1', 'under-review'],
          ['g2', 'appropriate'],
          ['g3', 'under-review'],
        ]);
      });
    });
  });
});
