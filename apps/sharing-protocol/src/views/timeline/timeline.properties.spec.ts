import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord, purposeBits } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId, PlainDate } from '#kernel';
import { openView, rebuild } from '#projections';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { timelineView } from './projection.ts';
import { existingRows, timelinePage, type TimelineQuestion } from './query.ts';

const at = (day: number) => `2026-01-${String(day).padStart(2, '0')}T09:00:00.000Z` as Instant;

function event(stream: string, revision: number, day: number, type: string, data: object): LoggedEvent {
  const by = 'a' as OrganisationId;
  const encoded = encodeRecord({
    format: 1,
    stream,
    revision,
    type,
    recordedAt: at(day),
    by,
    correlationId: 'c',
    data,
  });
  return { ...encoded, stream, revision, token: '' as LogToken };
}
const body = (day: number, rank: number, by: string, extra: object = {}) => ({
  recordId: 'r1',
  organisation: 'a',
  factType: 't.v1',
  category: 'voice',
  index: { by },
  happenedAt: at(day),
  stated: { at: at(day), rank, by },
  purposes: ['direct-care'],
  reliesOnConsent: false,
  provenance: { kind: 'family', kid: 'k', alg: 'EdDSA' },
  sealed: { key: 'k1', iv: 'i', text: by },
  ...extra,
});
const ask = {
  records: ['r1'],
  slices: [{ organisation: 'a', category: 'voice', reliesOnConsent: false }],
  purposeBit: purposeBits(['direct-care']),
  orderBy: 'happened',
  limit: 1,
} as const;

const number = (token: string) => Number(token);
const order = { compare: (a: LogToken, b: LogToken) => number(a) - number(b) };

async function withView(
  events: readonly LoggedEvent[],
  use: (view: Awaited<ReturnType<typeof openView>>) => Promise<void>,
) {
  const dir = mkdtempSync(join(tmpdir(), 'timeline-'));
  const log: EventLog = Object.assign(await openSqliteLog({ path: ':memory:' }), order);
  const view = await openView({ definition: timelineView, dir, log, context: { keyAlive: (key) => key !== 'dead' } });
  const placed = events.map((one, index) => ({ ...one, token: String(index + 1) as LogToken }));
  await view.live.apply(log, placed, String(events.length) as LogToken);
  try {
    await use(view);
  } finally {
    await view.close();
    await log.close();
    rmSync(dir, { recursive: true });
  }
}

const story = [
  event('fact-1', 0, 1, 'fact.published.v1', body(1, 0, 'x')),
  event('fact-1', 1, 3, 'fact.corrected.v1', body(3, 1, 'y')),
  event('fact-2', 0, 2, 'fact.published.v1', body(2, 0, 'z')),
  event(
    'fact-3',
    0,
    2,
    'fact.published.v1',
    body(2, 0, 'h', { category: 'restricted', sealed: { key: 'k2', iv: '', text: 'h' } }),
  ),
  event('fact-4', 0, 2, 'fact.published.v1', body(2, 0, 'd', { sealed: { key: 'dead', iv: '', text: 'd' } })),
  event('fact-5', 0, 4, 'fact.withdrawn.v1', {
    recordId: null,
    organisation: 'a',
    reason: 'duplicate',
    stated: { at: at(4), rank: 2, by: 'w' },
  }),
  event('fact-5', 1, 5, 'fact.published.v1', body(1, 0, 'v')),
  event('child-c', 0, 6, 'record.split.v1', { recordId: 'r1', to: 'd', toRecord: 'r2', facts: ['2'] }),
];

describe('the timeline', () => {
  it('keeps to the purpose that facts were given for, but for what an emergency opens', async () => {
    const other = event('fact-9', 0, 7, 'fact.published.v1', body(7, 0, 'other', { purposes: ['safeguarding'] }));
    const given = event('fact-8', 0, 6, 'fact.published.v1', body(6, 0, 'given', { category: 'ehc.plan' }));
    const elsewhere = event(
      'fact-7',
      0,
      5,
      'fact.published.v1',
      body(5, 0, 'elsewhere', { category: 'identity.core', purposes: ['safeguarding'] }),
    );
    await withView([other, given, elsewhere], async ({ db }) => {
      const seen = async (slices: TimelineQuestion['slices']) =>
        (await timelinePage(db, { ...ask, slices, limit: 9 })).rows.map(({ sealed_text }) => sealed_text);
      const slice = (category: 'voice' | 'ehc.plan' | 'identity.core') => ({
        organisation: 'a',
        category,
        reliesOnConsent: false,
      });
      expect(await seen([slice('voice'), slice('ehc.plan')])).toEqual(['given']);
      expect(await seen([{ ...slice('voice'), anyPurpose: true }])).toEqual(['other']);
      expect(await seen([{ ...slice('voice'), anyPurpose: true }, slice('ehc.plan'), slice('identity.core')])).toEqual([
        'other',
        'given',
      ]);
    });
  });

  it('knows of the newest fact that stands in each slice, and of none that is withdrawn or for another purpose', async () => {
    const known = [
      event('fact-1', 0, 1, 'fact.published.v1', body(1, 0, 'old')),
      event('fact-2', 0, 3, 'fact.published.v1', body(3, 0, 'new')),
      event('fact-3', 0, 4, 'fact.published.v1', body(4, 0, 'other', { purposes: ['safeguarding'] })),
      event('fact-4', 0, 2, 'fact.published.v1', body(2, 0, 'plan', { category: 'ehc.plan' })),
    ];
    await withView(known, async ({ db }) => {
      const slices = (['voice', 'ehc.plan', 'identity.core'] as const).map((category) => ({
        organisation: 'a',
        category,
        reliesOnConsent: false,
      }));
      const rows = await existingRows(db, { ...ask, slices });
      expect(rows.map(({ sealed_text }) => sealed_text).sort()).toEqual(['new', 'plan']);
      expect(await existingRows(db, { ...ask, slices: [] })).toEqual([]);
      expect(await existingRows(db, { ...ask, slices, records: [] })).toEqual([]);
    });
  });

  it('has the same rows in every order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(story, { minLength: story.length }), async (events) => {
        await withView(events, async ({ db }) => {
          const rows = await db
            .selectFrom('fact')
            .leftJoin('statement as s', (on) =>
              on.onRef('s.fact_id', '=', 'fact.fact_id').onRef('s.revision', '=', 'fact.revision'),
            )
            .select(['fact.fact_id', 'record_id', 'sealed_text', 'fact.withdrawn'])
            .orderBy('fact.fact_id')
            .execute();
          expect(rows.map((row) => [row['fact_id'], row['sealed_text'], row['withdrawn']])).toEqual([
            ['1', 'y', 0],
            ['2', 'z', 0],
            ['3', 'h', 0],
            ['5', null, 1],
          ]);
          expect(rows[1]?.['record_id']).toBe('r2');
        });
      }),
      { numRuns: 15 },
    );
  });

  it('shows permitted slices only, hidden ones by key, and what held on a day', async () => {
    await withView(story, async ({ db }) => {
      const page = await timelinePage(db, ask);
      expect([page.rows.map((row) => row.sealed_text), page.after]).toEqual([['y'], null]);
      const then = await timelinePage(db, { ...ask, asOf: '2026-01-02' as PlainDate });
      expect(then.rows.map((row) => row.sealed_text)).toEqual(['x']);
      const hidden = [
        { organisation: 'a', category: 'youth-justice', reliesOnConsent: false, keyIds: ['k2'] },
      ] as const;
      const both = await timelinePage(db, { ...ask, slices: [...ask.slices, ...hidden] });
      expect(both.after).toEqual({ at: at(3), fact: '1' });
      const next = await timelinePage(db, {
        ...ask,
        slices: [...ask.slices, ...hidden],
        after: { at: at(3), fact: '1' },
      });
      expect(next.rows.map((row) => row.sealed_text)).toEqual(['h']);
    });
  });

  it('reads its own cursors and no others', () => {
    const cursor = { at: at(1), fact: '1' };
    expect(decodeCursor(encodeCursor(cursor))).toEqual(cursor);
    for (const text of ['', 'x', `${encodeCursor(cursor)}=`, Buffer.from('[1,2]').toString('base64url')]) {
      expect(decodeCursor(text)).toBeUndefined();
    }
  });

  it('takes a reader with ten thousand slices, pages through both orders, and shows no other', async () => {
    const many = Array.from({ length: 60 }, (_, n) =>
      event(
        `fact-m${String(n)}`,
        0,
        1 + (n % 28),
        'fact.published.v1',
        body(1 + ((n * 7) % 28), 0, `m${String(n)}`, { organisation: n % 2 === 0 ? 'a' : 'b' }),
      ),
    );
    await withView(many, async ({ db }) => {
      const slices = Array.from({ length: 10_000 }, (_, n) => ({
        organisation: n === 0 ? 'a' : `o${String(n)}`,
        category: 'voice' as const,
        reliesOnConsent: false,
      }));
      for (const orderBy of ['happened', 'recorded'] as const) {
        const seen: string[] = [];
        for (let after: TimelineQuestion['after'] | null; after !== null;) {
          const page = await timelinePage(db, {
            ...ask,
            slices,
            orderBy,
            limit: 7,
            ...(after === undefined ? {} : { after }),
          });
          seen.push(...page.rows.map((row) => row.sealed_text));
          after = page.after;
        }
        expect(seen.toSorted()).toEqual(many.flatMap((_, n) => (n % 2 === 0 ? [`m${String(n)}`] : [])).toSorted());
      }
    });
  });

  it('erases what a split placed with a record, statements too, and a rebuild brings nothing back', async () => {
    const erased = event('child-d', 0, 7, 'record.erased.v1', {
      recordId: 'r2',
      organisation: 'a',
      ground: 'article-17',
      keysDestroyed: 1,
    });
    for (const end of ['row', 'event'] as const) {
      await withView(end === 'row' ? story : [...story, erased], async (view) => {
        if (end === 'row') await view.eraseRows('r2');
        for (const table of ['fact', 'statement']) {
          const rows = await view.db.selectFrom(table).select('fact_id').execute();
          expect([table, rows.filter((row) => row['fact_id'] === '2')]).toEqual([table, []]);
        }
      });
    }
    const dir = mkdtempSync(join(tmpdir(), 'timeline-'));
    const log = await openSqliteLog({ path: ':memory:' });
    for (const { stream, revision, ...one } of [...story, erased])
      await log.append(stream, revision === 0 ? 'none' : revision - 1, [one]);
    const view = await openView({
      definition: timelineView,
      dir,
      log,
      context: { keyAlive: (key) => key !== 'dead' && key !== 'k2' },
    });
    await rebuild(view, { elapsed: () => 1 });
    const rows = await view.db
      .selectFrom('statement')
      .select(['fact_id', 'sealed_text'])
      .orderBy('sealed_text')
      .execute();
    expect(rows.filter((row) => row['sealed_text'] !== null).map((row) => row['sealed_text'])).toEqual(['v', 'x', 'y']);
    await view.close();
    await log.close();
    rmSync(dir, { recursive: true });
  });

  it('parks a type that nobody told it of', async () => {
    await withView([event('fact-9', 0, 1, 'fact.invented.v1', {})], async ({ db }) => {
      expect(await db.selectFrom('parked').select(['type', 'reason']).execute()).toEqual([
        { type: 'fact.invented.v1', reason: 'EVENT_TYPE_UNKNOWN' },
      ]);
    });
  });
});
