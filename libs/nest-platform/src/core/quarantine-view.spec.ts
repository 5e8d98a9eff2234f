import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { FactId, Instant, OrganisationId } from '#kernel';
import { openView, rebuild } from '#projections';
import type { Publishing } from '#sharing';
import { viewBackends, type TestViews } from '#testing/servers';
import { quarantineDesk, quarantineView } from './quarantine-view.ts';

const at = '2026-03-01T09:00:00.000Z' as Instant;
const SCHOOL = 'school' as OrganisationId;
const waiting = (organisation: string, reasons: readonly object[]) => ({
  organisation,
  factType: null,
  reasons,
  sealed: { key: 'k', iv: 'i', text: 't' },
  expiresAt: '2026-03-31T09:00:00.000Z',
});

describe.each(viewBackends)('what waits in quarantine, on %s', (_name, begin) => {
  let views: TestViews;
  beforeAll(async () => {
    views = await begin();
  });
  afterAll(() => views.remove());

  it('is listed to its own organisation, in pages, until it is resolved', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    const happen = (id: string, revision: number, type: string, data: object) => {
      const [stream, about] = [`fact-${id}`, { format: 1, recordedAt: at, by: SCHOOL, correlationId: 'c' } as const];
      const record = encodeRecord({ ...about, stream, revision, type, data });
      return log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
    };
    const reason = { code: 'NHS_NUMBER_INVALID', pointer: '/subject/nhsNumber' };
    for (const id of ['1', '2', '3', '4']) await happen(id, 0, 'fact.quarantined.v1', waiting(SCHOOL, [reason]));
    await happen('5', 0, 'fact.quarantined.v1', waiting('trust', [reason]));
    await happen('2', 1, 'fact.regated.v1', { outcome: 'discarded', organisation: SCHOOL, reasons: [] });
    const other = { code: 'MANY_MATCH', pointer: '/subject' };
    await happen('3', 1, 'fact.regated.v1', { outcome: 'quarantined', body: waiting(SCHOOL, [other]) });
    const view = await openView({ definition: quarantineView, where: views.where, log });
    await rebuild(view, { elapsed: () => 1 });
    const resolved: string[] = [];
    const publishing = {
      resolveQuarantine: async (id: string) => {
        resolved.push(id);
        return { kind: 'discarded' };
      },
    } as unknown as Publishing;
    const desk = quarantineDesk(view, publishing);
    const first = await desk.list(SCHOOL, undefined, 2);
    expect(first.items.map(({ factId, factType, reasons }) => [factId, factType, reasons])).toEqual([
      ['1', null, [reason]],
      ['3', null, [other]],
    ]);
    const second = await desk.list(SCHOOL, first.next, 2);
    expect([second.items.map(({ factId }) => factId), second.next]).toEqual([['4'], undefined]);
    expect((await desk.resolve(SCHOOL, '5' as FactId, 'discard', 'somebody')).outcome).toBe('unknown');
    expect((await desk.resolve(SCHOOL, '4' as FactId, 'discard', 'somebody')).outcome).toBe('discarded');
    expect(resolved).toEqual(['4']);
    await view.close();
    await log.close();
  });
});
