import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, OrganisationId } from '#kernel';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock } from '#testing';
import { openVault } from '#vault';
import { emptyProtection } from '../protection/index.ts';
import { emptyRegistry } from '../registry/index.ts';
import { auditPoint, enforcementPoint, recordRefusal, type Caller, type LookBook, type Tails } from './index.ts';

const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const FACT = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0002' as FactId;
const SCHOOL = 'oakfield' as OrganisationId;
const CALLER: Caller = {
  reader: { sub: 'p1', organisation: SCHOOL, role: 'senco', acr: '1', client: 'c' },
  purpose: 'sen-support',
  requestId: 'r',
  correlationId: 'c',
};
const SLICE = { organisation: SCHOOL, category: 'education.sen-support', rule: 'own' } as const;

describe('whoever hears decisions', () => {
  let log: EventLog;
  let book: LookBook;
  let heard: string[];
  let seconds: number;
  let revision: number;
  const tails: Tails = {
    registry: async () => emptyRegistry(),
    protections: async (child) => ((seconds += 2), [{ ...emptyProtection(child), revision }]),
  };
  beforeEach(async () => {
    [heard, seconds, revision] = [[], 0, 0];
    log = await openSqliteLog({ path: ':memory:' });
    const clock = fakeClock();
    const vault = await openVault({ path: ':memory:', kek: new Uint8Array(32), chance: fakeChance(), clock });
    book = {
      log,
      vault,
      clock,
      chance: fakeChance('looks'),
      observer: {
        elapsed: () => seconds,
        took: (time) => heard.push(`took ${String(time)}`),
        decided: ({ effect, purpose, mode }) => heard.push(`${effect} ${purpose} ${mode}`),
      },
    };
  });
  const ask = (caller: Partial<Caller>, slices: readonly object[] | null, stage?: (at: string) => Promise<void>) =>
    enforcementPoint(
      tails,
      book,
      stage,
    )({
      caller: { ...CALLER, ...caller },
      child: CHILD,
      route: 'GET /v1/children/:childId/timeline',
      rule: () =>
        slices === null
          ? { effect: 'deny', reasons: ['no-agreement'] }
          : { effect: 'permit', scope: true, slices: slices as [] },
      find: async () => [FACT],
      facts: (found) => found,
      open: () => 'words',
    });

  it('hears how long deciding took, and what was decided in which mode', async () => {
    await ask({}, [SLICE, { ...SLICE, mode: 'existence' }]);
    await ask({}, [{ ...SLICE, mode: 'existence' }]);
    await ask({ breakGlass: 'g' }, [{ ...SLICE, mode: 'existence' }]);
    await ask({ purpose: 'safeguarding' }, null);
    await ask({ breakGlass: 'g' }, null);
    // Two seconds a reading of the tail; the second reading, after the look, is not in the time.
    expect(heard).toEqual([
      ...['took 2', 'permit sen-support content'],
      ...['took 2', 'permit sen-support existence'],
      ...['took 2', 'permit sen-support emergency'],
      ...['took 2', 'deny safeguarding content'],
      ...['took 2', 'deny sen-support emergency'],
    ]);
  });

  it('hears a decision that was taken back, and the one instead of it', async () => {
    await ask({}, [{ ...SLICE, mode: 'existence' }], async (at) => {
      if (at === 'looked' && revision === 0) revision = 1;
    });
    expect(heard.filter((each) => !each.startsWith('took'))).toEqual([
      'permit sen-support existence',
      'aborted sen-support existence',
      'permit sen-support existence',
    ]);
  });

  it('hears decisions across children, and refusals before any child was asked about', async () => {
    const read = auditPoint(tails, book);
    await read({ caller: CALLER, route: 'GET /v1/audit', find: async () => [], open: () => '' });
    await recordRefusal(book, CALLER, 'GET /v1/x', 'HUB_ROLE_NOT_ALLOWED');
    expect(heard).toEqual(['took 0', 'deny sen-support content', 'deny sen-support content']);
  });

  it('hears nothing of a look that could not be stored', async () => {
    await log.close();
    await expect(ask({}, [SLICE])).rejects.toThrow();
    expect(heard).toEqual(['took 2']);
  });
});
