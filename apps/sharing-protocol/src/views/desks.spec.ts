import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LookContent, ReviewContent } from '#contracts';
import { toInstant, type ChildId, type Instant, type OrganisationId, type PlainDate } from '#kernel';
import type { Core } from '#nest-platform';
import { viewBackends, type TestViews } from '#testing/servers';
import { filledView, type FilledView, type Happened } from '../../test/filled-view.ts';
import { COHORT_TABLES } from '../cohorts/tables.ts';
import { publishedTable } from '../cohorts/publish.ts';
import { canariesOf, recipientsOf } from '../erasure/gather.ts';
import { RetentionDesk } from '../retention/desk.ts';
import { gather } from '../reviews/case-evidence.ts';
import { PackMaker } from '../subject-access/pack.ts';
import { timelineView } from './timeline/projection.ts';
import { usageView } from './usage/projection.ts';

/** What is asked of the timeline and of the usage view besides their own pages. Seals are open here: what is sealed is its text. */
describe.each(viewBackends)('desks over views on %s', (_name, begin) => {
  let views: TestViews;
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  const [SCHOOL, TRUST] = ['school', 'trust'] as [OrganisationId, OrganisationId];
  const [MAYA, TOM] = ['maya', 'tom'] as [ChildId, ChildId];
  const SECTORS: Readonly<Record<string, string>> = { home: 'family', trust: 'health' };
  const open: FilledView[] = [];
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });
  const filled = async (...of: [Parameters<typeof filledView>[1], Parameters<typeof filledView>[2]]) => {
    const each = await filledView(views, ...of);
    open.push(each);
    return each;
  };

  const jws = (birthDate: string) =>
    `h.${Buffer.from(JSON.stringify({ type: 't', data: { subject: { birthDate, nhsNumber: '9434765870' }, fact: {} } })).toString('base64url')}.s`;
  const fact = (id: string, child: string, by: OrganisationId, differs: object = {}): Happened => ({
    stream: `fact-${id}`,
    type: 'fact.published.v1',
    by,
    data: {
      recordId: `${by} of ${child}`,
      organisation: by,
      factType: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      index: { setting: '123456', startDate: '2017-09-01' },
      happenedAt: '2017-09-01T00:00:00.000Z',
      stated: { at: '2017-09-01T00:00:00.000Z', rank: 0, by: id },
      purposes: ['sen-support'],
      reliesOnConsent: false,
      provenance: { kind: 'family', kid: 'k', alg: 'EdDSA' },
      sealed: { key: `key of ${by}`, iv: 'i', text: jws('2001-05-17') },
      ...differs,
    },
  });
  const childIn = (record: string) => record.split(' of ')[1];
  const recordsIn = (child: string) =>
    [SCHOOL, TRUST].map((organisation) => ({ recordId: `${organisation} of ${child}`, organisation }));
  const coreWith = (log: FilledView['log']): Core =>
    ({
      log,
      vault: {
        open: (_grant: unknown, { text }: { readonly text: string }) => ({ ok: true, value: Buffer.from(text) }),
        describe: () => ({ compartment: 'social.looked-after' }),
        lookupHash: (_domain: string, text: string) => `hash of ${text}`,
        keyIds: () => [],
        refresh: async () => undefined,
      },
      clock: { now: () => toInstant(Date.UTC(2026, 5, 10)) },
      childOf: async (record: string) => childIn(record),
      childrenOf: async (records: readonly string[]) => new Map(records.map((record) => [record, childIn(record)])),
      recordsOf: async (child: string) => recordsIn(child),
      recordsOfAll: async (children: readonly string[]) => new Map(children.map((child) => [child, recordsIn(child)])),
      holdsOn: async () => [],
      tails: {
        registry: async () => ({
          organisations: new Map(
            [SCHOOL, TRUST, 'home'].map((id) => [
              id,
              { name: id, sector: SECTORS[id] ?? 'education', codes: { urn: '123456' } },
            ]),
          ),
        }),
        protections: async () => [],
      },
    }) as unknown as Core;

  describe('the timeline', () => {
    const facts = [
      ...Array.from({ length: 12 }, (_, n) => fact(`on-roll-${String(n)}`, `child-${String(n)}`, SCHOOL)),
      fact('maya-1', MAYA, SCHOOL),
      fact('maya-2', MAYA, TRUST, {
        factType: 'health.professional-contact.v1',
        category: 'health.therapy',
        happenedAt: '2018-02-01T00:00:00.000Z',
        sealed: { key: 'key of trust', iv: 'i', text: jws('2001-05-18') },
      }),
      fact('tom-1', TOM, SCHOOL, { happenedAt: '2026-01-05T00:00:00.000Z' }),
      {
        stream: 'fact-gone',
        type: 'fact.withdrawn.v1',
        data: { recordId: 'school of maya', organisation: SCHOOL, stated: { at: '2019-01-01', rank: 1, by: 'w' } },
      },
    ];
    let given: FilledView;
    beforeEach(async () => {
      given = await filled(timelineView, facts);
    });

    it('is counted for the tables of cohorts, of the types that a table is made of', async () => {
      const parts = { core: coreWith(given.log), facts: given.view };
      const table = COHORT_TABLES['on-roll-by-setting'];
      if (table === undefined) throw new Error('no table');
      const published = await publishedTable(parts, 'on-roll-by-setting', table, 'c');
      // Fourteen children of the setting, rounded to five.
      expect(published).toMatchObject({ month: '2026-05', cells: [{ value: '123456', children: 15 }] });
      expect(await publishedTable(parts, 'on-roll-by-setting', table, 'c')).toEqual(published);
    });

    it('chooses the records that are no longer to be kept, page by page, and says how long each is', async () => {
      const desk = new RetentionDesk(coreWith(given.log), given.view);
      const on = '2040-01-01' as PlainDate;
      const due: string[] = [];
      for (let after: string | undefined | null; after !== null;) {
        const page = await desk.due(on, null, after, 5);
        due.push(...page.due.map(({ childId, organisation }) => `${organisation} of ${childId}`));
        after = page.next;
      }
      expect(due).toContain('school of maya');
      expect(due.toSorted()).toEqual([...new Set(due)].toSorted());
      expect((await desk.due('2026-06-10' as PlainDate, TRUST, undefined, 5)).next).toBeNull();
      // Of today no record is old enough whose last fact is of this year.
      const today = await desk.due('2026-06-10' as PlainDate, SCHOOL, 'school of t', 5);
      expect([today.due, today.next]).toEqual([[], null]);
      const kept = await desk.of(MAYA, on);
      expect(
        kept.map(({ organisation, categories }) => [organisation, categories.map((each) => each.category)]),
      ).toEqual([
        [SCHOOL, ['education.enrolment']],
        [TRUST, ['health.therapy']],
      ]);
    });

    it('gives every statement of the records that are erased, to search for', async () => {
      expect(await canariesOf(coreWith(given.log), given.view, ['school of maya', 'trust of maya'])).toEqual([
        '9434765870',
      ]);
      expect(await canariesOf(coreWith(given.log), given.view, ['school of nobody'])).toEqual([]);
    });

    it('gives a subject all that is kept of them, with the looks that a family may know of', async () => {
      const looks = await filled(lookView, lookEvents);
      const core = coreWith(given.log);
      const packs = new PackMaker(core, given.view, looks.view, new RetentionDesk(core, given.view));
      const slices = [SCHOOL, TRUST].flatMap((organisation) =>
        (['education.enrolment', 'health.therapy'] as const).map((category) => ({
          organisation,
          category,
          reliesOnConsent: false,
        })),
      );
      const asked = { received: { request: 'r', child: MAYA, sources: [] }, marks: new Map(), answers: new Map() };
      const found = await packs.find({ slices, draft: true }, asked as never);
      expect(found.facts.map(({ row }) => row.fact_id)).toEqual(['maya-2', 'maya-1']);
      expect(found.looks.map(({ decision_id }) => decision_id)).toEqual(['4', '3', '2', '1']);
      expect(found.retention.map(({ organisation }) => organisation)).toEqual([SCHOOL, TRUST]);
    });
  });

  const look = (id: string, by: string, differs: Partial<LookContent> = {}): Happened => ({
    stream: `look-${id}`,
    type: 'look.recorded.v1',
    by,
    data: {
      decision: id,
      sealed: {
        key: 'k',
        iv: 'i',
        text: JSON.stringify({
          child: MAYA,
          reader: { organisation: by, sub: `senco of ${by}` },
          purpose: 'sen-support',
          effect: 'permit',
          slices: [{ organisation: SCHOOL }],
          facts: ['f'],
          ...differs,
        }),
      },
    },
  });
  const lookEvents: readonly Happened[] = [
    look('1', 'council'),
    look('2', 'home'),
    look('3', TRUST),
    look('4', 'college', { slices: [{ organisation: TRUST }] as unknown as LookContent['slices'] }),
    look('5', 'police', { child: TOM }),
    { stream: 'look-3', type: 'look.aborted.v1', data: { decision: '3' } },
  ];
  const lookView = usageView({
    childHash: (child) => `hash of ${child}`,
    openLook: ({ data }) => {
      const { sealed } = (JSON.parse(Buffer.from(data).toString('utf8')) as { data: { sealed: { text: string } } })
        .data;
      return JSON.parse(sealed.text) as LookContent;
    },
  });

  describe('the usage view', () => {
    let given: FilledView;
    beforeEach(async () => {
      given = await filled(lookView, lookEvents);
    });

    it('names those to whom facts were disclosed: no family, and nobody under an aborted look', async () => {
      const core = coreWith(given.log);
      expect(await recipientsOf(core, given.view, MAYA, null)).toEqual(['college', 'council']);
      expect(await recipientsOf(core, given.view, MAYA, SCHOOL)).toEqual(['council']);
    });

    it('gives the looks of an organisation’s people around a case, oldest first, and says where there are more', async () => {
      const { tails } = coreWith(given.log);
      const parts = { log: given.log, tails, usage: given.view };
      const content = { decisions: [], from: '2026-03-01T10:00:00.000Z' as Instant } as unknown as ReviewContent;
      const around = async (organisation: string, at = content.from) => {
        const of = { person: 'p', organisation: organisation as OrganisationId };
        const gathered = await gather(parts, { ...content, from: at }, of, []);
        return [gathered.around.map(({ decision_id, aborted }) => [decision_id, aborted]), gathered.truncated];
      };
      expect(await around(TRUST)).toEqual([[['3', 1]], false]);
      expect(await around('council')).toEqual([[['1', 0]], false]);
      expect(await around('council', '2026-03-01T14:00:00.000Z' as Instant)).toEqual([[], false]);
    });
  });
});
