import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RawNode, type KyselyPlugin } from 'kysely';
import { encodeRecord, purposeBits, type LookContent } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import { toInstant, type Instant, type OrganisationId, type PlainDate } from '#kernel';
import { openView, rebuild, type View, type ViewDefinition } from '#projections';
import { postgresViews, type TestViews } from '#testing/servers';
import { auditView } from './audit/projection.ts';
import { auditRows, type AuditSearch } from './audit/query.ts';
import { timelineView } from './timeline/projection.ts';
import { existingRows, timelinePage } from './timeline/query.ts';
import { usageView } from './usage/projection.ts';
import { usageCount, usagePage } from './usage/query.ts';

const ROWS = 20_000;
const CHILDREN = 100;
const at = (n: number): Instant => toInstant(Date.UTC(2026, 0, 1) + n * 60_000);
const hash = (text: string) => createHash('sha1').update(text).digest('hex');

/** How PostgreSQL answers the questions that people wait for, over tables of some ten thousand rows: through indexes, whatever else they hold. */
describe('on PostgreSQL, by an index', () => {
  let views: TestViews;
  let timeline: View;
  let usage: View;
  let audit: View;
  beforeAll(async () => {
    views = await postgresViews();
    timeline = await filled(timelineView, facts());
    usage = await filled(usageView({ openLook: lookIn, childHash: hash }), looks());
    audit = await filled(auditView({ openLook: lookIn, childHash: hash, userHash: hash }), looks());
  });
  afterAll(async () => {
    for (const view of [timeline, usage, audit]) await view.close();
    await views.remove();
  });

  async function filled(definition: ViewDefinition, events: Iterable<LoggedEvent>): Promise<View> {
    const log = replaying([...events]);
    const view = await openView({ definition, where: views.where, log });
    await rebuild(view, { elapsed: () => 1 });
    return view;
  }

  describe('the timeline', () => {
    const question = {
      records: ['record of 7'],
      slices: [
        { organisation: 'school', category: 'voice', reliesOnConsent: false },
        { organisation: 'trust', category: 'health.therapy', reliesOnConsent: true },
      ],
      purposeBit: purposeBits(['sen-support']),
      orderBy: 'happened',
      limit: 50,
    } as const;

    it.each([
      ['a page', 'happened', {}],
      ['a later page', 'happened', { after: { at: at(9_000), fact: 'f' } }],
      ['a page by when it was recorded', 'recorded', {}],
      ['days and types', 'happened', { from: at(0), to: at(9_000), types: ['t.v1', 'u.v1'] }],
    ] as const)('%s', async (_what, orderBy, differs) => {
      const { scanned, read } = await plansOf(timeline, (db) => timelinePage(db, { ...question, orderBy, ...differs }));
      expect(scanned).toEqual([]);
      expect(read.some((index) => index.startsWith('fact_record_id_'))).toBe(true);
      expect(read).toContain('statement_key');
    });

    it.each([
      ['what held on a day', (db: View['db']) => timelinePage(db, { ...question, asOf: '2026-01-03' as PlainDate })],
      ['what may only be known of', (db: View['db']) => existingRows(db, question)],
    ])('%s', async (_what, ask) => {
      const { scanned, read } = await plansOf(timeline, ask);
      expect([scanned, read.length > 0]).toEqual([[], true]);
    });
  });

  describe('usage', () => {
    const question = { childHashes: [hash('7')], limit: 50 };

    it.each([
      ['a page', {}],
      ['a later page', { after: { at: at(9_000), decision: 'd' } }],
      ['a page for an organisation', { organisation: 'school' }],
      ['a page for a family', { family: true }],
    ])('%s', async (_what, differs) => {
      const { scanned, read } = await plansOf(usage, (db) => usagePage(db, { ...question, ...differs }));
      expect(scanned).toEqual([]);
      expect(read).toContain('look_child_hash_recorded_at_decision_id');
    });

    it('how many there are', async () => {
      const { scanned } = await plansOf(usage, (db) => usageCount(db, question));
      expect(scanned).toEqual([]);
    });
  });

  describe('questions about decisions', () => {
    const everybody = { of: 'everybody' } as const;
    const school = { of: 'organisation', organisation: 'school' as OrganisationId } as const;
    const pin = String(ROWS) as LogToken;

    it.each<[string, Omit<AuditSearch, 'pin'>, string]>([
      ['all', { scope: everybody, filters: {} }, 'look_recorded_at'],
      ['of a child', { scope: everybody, filters: { childHash: hash('7') } }, 'look_child_hash'],
      ['of a user', { scope: everybody, filters: { userHash: hash('u7') } }, 'look_user_hash'],
      ['of emergencies', { scope: everybody, filters: { breakGlass: true } }, 'look_break_glass'],
      ['refusals', { scope: everybody, filters: { effect: 'deny' } }, 'look_effect'],
      ['of a category', { scope: everybody, filters: { category: 'voice' } }, 'slice_category'],
      ['for an organisation’s officer', { scope: school, filters: {} }, 'slice_organisation_own'],
      [
        'behind a place',
        { scope: everybody, filters: {}, after: { at: at(9_000), decision: 'd' } },
        'look_recorded_at',
      ],
    ])('%s', async (_what, search, index) => {
      const { scanned, read } = await plansOf(audit, async (db) => {
        const reader = { view: { db }, log: { compare }, keyAlive: () => true };
        await auditRows(reader, { ...search, pin }).next();
      });
      expect(scanned).toEqual([]);
      expect(read.some((name) => name.startsWith(index))).toBe(true);
      expect(read).toContain('look_pkey');
    });
  });

  function* facts(): Generator<LoggedEvent> {
    for (let n = 0; n < ROWS; n++) {
      const id = hash(String(n));
      const data = {
        recordId: `record of ${String(n % CHILDREN)}`,
        organisation: n % 3 === 0 ? 'trust' : 'school',
        factType: n % 2 === 0 ? 't.v1' : 'u.v1',
        category: 'voice',
        index: {},
        happenedAt: at((n * 7_919) % ROWS),
        stated: { at: at(n), rank: 0, by: id },
        purposes: ['sen-support'],
        reliesOnConsent: false,
        provenance: { kind: 'family', kid: 'k', alg: 'EdDSA' },
        sealed: { key: 'k', iv: 'i', text: 'A'.repeat(200) },
      };
      yield event(n, `fact-${id}`, 'fact.published.v1', data);
    }
  }

  function* looks(): Generator<LoggedEvent> {
    for (let n = 0; n < ROWS; n++) {
      const decision = hash(String(n));
      yield event(n, `look-${decision}`, 'look.recorded.v1', {
        decision,
        sealed: { key: 'k', iv: 'i', text: String(n) },
      });
    }
  }

  function lookIn({ data }: LoggedEvent): LookContent {
    const { sealed } = (JSON.parse(Buffer.from(data).toString('utf8')) as { data: { sealed: { text: string } } }).data;
    const n = Number(sealed.text);
    return {
      child: String(n % CHILDREN),
      reader: { organisation: n % 7 === 0 ? 'trust' : 'school', sub: `u${String(n % 90)}`, role: 'senco' },
      purpose: 'sen-support',
      effect: n % 47 === 0 ? 'deny' : 'permit',
      route: 'GET /v1/children/:childId/timeline',
      slices:
        n % 47 === 0
          ? []
          : [{ organisation: n % 5 === 0 ? 'trust' : 'school', category: n % 900 === 1 ? 'voice' : 'ehc.plan' }],
      ...(n % 997 === 0 ? { breakGlass: 'grant' } : {}),
    } as unknown as LookContent;
  }

  function event(n: number, stream: string, type: string, data: object): LoggedEvent {
    const about = { format: 1, stream, revision: 0, type, recordedAt: at(n), correlationId: 'c' } as const;
    return {
      ...encodeRecord({ ...about, by: 'a' as OrganisationId, data }),
      stream,
      revision: 0,
      token: String(n + 1) as LogToken,
    };
  }
});

const compare = (a: LogToken, b: LogToken): number => Number(a) - Number(b);

/** A log that is only read, and that is all there: appending twenty thousand events is not what is looked at. */
function replaying(events: readonly LoggedEvent[]): EventLog {
  const after = (token: LogToken | null | undefined) => (token === null || token === undefined ? 0 : Number(token));
  return {
    readAll: async function* ({ after: token, batch = 500 }: Parameters<EventLog['readAll']>[0]) {
      for (let from = after(token); from < events.length; from += batch) yield events.slice(from, from + batch);
    },
    head: async () => events.at(-1)?.token ?? null,
    compare,
    distance: (a: LogToken | null, b: LogToken | null) => after(b) - after(a),
  } as unknown as EventLog;
}

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** Asks, and answers with the tables that would be read from one end to the other and the indexes that would be used. */
async function plansOf(
  { db }: View,
  ask: (db: View['db']) => Promise<unknown>,
): Promise<{ readonly scanned: readonly string[]; readonly read: readonly string[] }> {
  const [scanned, read]: [string[], string[]] = [[], []];
  const visit = (plan: Plan): void => {
    // What is asked of an empty table is no matter.
    if (plan['Node Type'] === 'Seq Scan' && plan['Relation Name'] !== 'aborted')
      scanned.push(plan['Relation Name'] ?? '');
    if (plan['Index Name'] !== undefined) read.push(plan['Index Name']);
    for (const below of plan.Plans ?? []) visit(below);
  };
  const explaining: KyselyPlugin = {
    transformQuery: ({ node }) => RawNode.create(['explain (format json) ', ''], [node]),
    transformResult: async ({ result }) => {
      const [row] = result.rows as unknown as readonly { readonly 'QUERY PLAN': readonly { readonly Plan: Plan }[] }[];
      for (const { Plan: plan } of row?.['QUERY PLAN'] ?? []) visit(plan);
      return { ...result, rows: [] };
    },
  };
  await ask(db.withPlugin(explaining));
  return { scanned, read };
}
