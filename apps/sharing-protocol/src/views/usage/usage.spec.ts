import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRecord, type LookContent } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild, type View } from '#projections';
import { viewBackends, type TestViews } from '#testing/servers';
import { usageView } from './projection.ts';
import { usagePage } from './query.ts';

interface Look {
  readonly decision: string;
  readonly child: string;
  readonly by: string;
  readonly sources?: readonly string[];
  readonly key?: string;
  readonly purpose?: string;
  readonly sharingDecision?: string;
}
const at = (minute: number) => `2026-03-01T09:${String(minute).padStart(2, '0')}:00.000Z` as Instant;
const record = (stream: string, revision: number, minute: number, type: string, data: object) =>
  encodeRecord({
    format: 1,
    stream,
    revision,
    type,
    recordedAt: at(minute),
    by: 'x' as OrganisationId,
    correlationId: 'c',
    data,
  });

let views: TestViews;
let opened = 0;

async function withLooks(looks: readonly Look[], aborted: readonly string[], use: (view: View) => Promise<void>) {
  const log = await openSqliteLog({ path: ':memory:' });
  const definition = usageView({
    childHash: (child) => `hash of ${child}`,
    openLook: async (event) => {
      const look = looks.find(({ decision }) => event.stream === `look-${decision}`);
      if (look === undefined) return null;
      const { purpose = 'sen-support', sharingDecision } = look;
      const slices = (look.sources ?? []).map((organisation) => ({ organisation, sharingDecision }));
      return {
        purpose,
        child: look.child,
        reader: { organisation: look.by },
        effect: 'permit',
        slices,
      } as unknown as LookContent;
    },
  });
  for (const [minute, { decision, key }] of looks.entries()) {
    const sealed = { key: key ?? 'k', iv: 'i', text: `words ${decision}` };
    await log.append(`look-${decision}`, 'none', [
      record(`look-${decision}`, 0, minute, 'look.recorded.v1', { decision, sealed }),
    ]);
  }
  for (const decision of aborted) {
    await log.append(`look-${decision}`, 0, [record(`look-${decision}`, 1, 50, 'look.aborted.v1', { decision })]);
  }
  // Each world is a view of its own name beside the others.
  const own = { ...definition, name: `usage-${String((opened += 1))}` };
  const context = { keyAlive: (key: string) => key !== 'dead' };
  const view = await openView({ definition: own, where: views.where, log, context });
  await rebuild(view, { elapsed: () => 1 });
  try {
    await use(view);
  } finally {
    await view.close();
    await log.close();
  }
}

const looks: readonly Look[] = [
  { decision: '1', child: 'maya', by: 'school', sources: ['trust', 'trust'] },
  { decision: '2', child: 'maya', by: 'council', sources: ['school'] },
  { decision: '3', child: 'tom', by: 'school', sources: ['trust'] },
  { decision: '4', child: 'maya', by: 'trust', sources: [] },
  { decision: '5', child: 'maya', by: 'trust', key: 'dead' },
];
const maya = { childHashes: ['hash of maya'], limit: 10 };
const ids = ({ rows }: Awaited<ReturnType<typeof usagePage>>) => rows.map((row) => row.decision_id);

describe.each(viewBackends)('the usage view on %s', (_name, begin) => {
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  it('lists the looks at one child newest first, says which were aborted, and leaves out those whose key is destroyed', async () => {
    await withLooks(looks, ['2'], async ({ db }) => {
      const page = await usagePage(db, maya);
      expect(page.rows.map((row) => [row.decision_id, row.aborted])).toEqual([
        ['4', 0],
        ['2', 1],
        ['1', 0],
      ]);
      expect(page.after).toBeNull();
    });
  });

  it("shows an organisation its own people's looks and the looks at its facts, no others", async () => {
    await withLooks(looks, [], async ({ db }) => {
      expect(ids(await usagePage(db, { ...maya, organisation: 'school' }))).toEqual(['2', '1']);
      expect(ids(await usagePage(db, { ...maya, organisation: 'trust' }))).toEqual(['4', '1']);
      expect(ids(await usagePage(db, { ...maya, organisation: 'elsewhere' }))).toEqual([]);
    });
  });

  it('shows a family neither looks for safeguarding nor those at what was shared without consent', async () => {
    const kept: readonly Look[] = [
      ...looks,
      { decision: '6', child: 'maya', by: 'council', sources: ['trust'], purpose: 'safeguarding' },
      { decision: '7', child: 'maya', by: 'council', sources: ['trust'], sharingDecision: 'd1' },
    ];
    await withLooks(kept, [], async ({ db }) => {
      expect(ids(await usagePage(db, { ...maya, family: true }))).toEqual(['4', '2', '1']);
      expect(ids(await usagePage(db, maya))).toEqual(['7', '6', '4', '2', '1']);
    });
  });

  it('pages without gap or double', async () => {
    await withLooks(looks, [], async ({ db }) => {
      const first = await usagePage(db, { ...maya, limit: 2 });
      expect([ids(first), first.after]).toEqual([['4', '2'], { at: at(1), decision: '2' }]);
      const next = await usagePage(db, { ...maya, limit: 2, ...(first.after === null ? {} : { after: first.after }) });
      expect([ids(next), next.after]).toEqual([['1'], null]);
    });
  });
});
