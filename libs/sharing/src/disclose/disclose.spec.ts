import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildId, DecisionId, FactId, Instant, OrganisationId } from '#kernel';
import { decodeRecord, type LookRecorded } from '#contracts';
import { LogFailed, type EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock } from '#testing';
import { grantProcess, openVault, sealingOnly, type Vault } from '#vault';
import { emptyProtection } from '../protection/index.ts';
import { emptyRegistry } from '../registry/index.ts';
import {
  enforcementPoint,
  openLook,
  release,
  type Caller,
  type Disclosed,
  type Disclosure,
  type LookBook,
  type Tails,
} from './index.ts';

const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const FACT = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0002' as FactId;
const CALLER: Caller = {
  reader: { sub: 'p1', organisation: 'oakfield' as OrganisationId, role: 'senco', acr: '1', client: 'c' },
  purpose: 'sen-support',
  requestId: 'r',
  correlationId: 'c',
};

describe('disclose: decide, store the look, look again, open, answer', () => {
  let log: EventLog;
  let vault: Vault;
  let book: LookBook;
  let revision: number;
  let steps: string[];
  const tails: Tails = {
    registry: async () => emptyRegistry(),
    protections: async (child) => [{ ...emptyProtection(child), revision }],
  };
  const permitted: Disclosure<string, readonly FactId[], string> = {
    caller: CALLER,
    child: CHILD,
    route: 'GET /v1/children/:childId/timeline',
    rule: () => ({ effect: 'permit', scope: 'scope', slices: [] }),
    find: async () => (steps.push('find'), [FACT]),
    facts: (found) => found,
    open: () => (steps.push('open'), 'words'),
  };

  beforeEach(async () => {
    [revision, steps] = [0, []];
    log = await openSqliteLog({ path: ':memory:' });
    const clock = fakeClock();
    vault = await openVault({ path: ':memory:', kek: new Uint8Array(32), chance: fakeChance(), clock });
    book = { log, vault, clock, chance: fakeChance('looks') };
  });

  const looks = async () => {
    const found = [];
    for await (const events of log.readAll({ families: ['look'] }))
      found.push(...events.map(({ data }) => decodeRecord(data)));
    return found;
  };

  const content = async (at: number) => {
    const { decision, sealed } = (await looks())[at]?.data as unknown as LookRecorded;
    return openLook(vault, grantProcess('test'), decision, CALLER.reader.organisation, sealed);
  };

  it('opens nothing before the look is stored, and cites it', async () => {
    const stored: number[] = [];
    const result = await enforcementPoint(
      tails,
      book,
    )({
      ...permitted,
      open: (_found, _scope, decision) => {
        stored.push(1);
        return decision;
      },
    });
    if (!result.ok) throw new Error(result.error);
    const [look] = await looks();
    const { decision, sealed } = look?.data as unknown as LookRecorded;
    expect(release(result.value)).toBe(decision);
    expect(await openLook(vault, grantProcess('test'), decision, CALLER.reader.organisation, sealed)).toMatchObject({
      effect: 'permit',
      child: CHILD,
      facts: [FACT],
      protection: [{ child: CHILD, revision: 0 }],
    });
    expect(stored).toEqual([1]);
  });

  it('stores nothing of reader or child in the clear', async () => {
    await enforcementPoint(tails, book)({ ...permitted, caller: { ...CALLER, detail: 'about Maya' } });
    const text = JSON.stringify(await looks());
    expect([text.includes(CHILD), text.includes('Maya'), text.includes('sen-support'), text.includes('"p1"')]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('starts again where what it was decided on moved, and says that the first look disclosed nothing', async () => {
    const disclose = enforcementPoint(tails, book, async (at) => {
      if (at === 'looked' && revision === 0) revision = 1;
    });
    const result = await disclose(permitted);
    expect(result.ok).toBe(true);
    expect((await looks()).map(({ type }) => type)).toEqual([
      'look.recorded.v1',
      'look.aborted.v1',
      'look.recorded.v1',
    ]);
    expect(steps).toEqual(['find', 'find', 'open']);
  });

  it('refuses in the end where it moved to a refusal', async () => {
    const disclose = enforcementPoint(tails, book, async (at) => {
      if (at === 'looked') revision = 1;
    });
    const result = await disclose({
      ...permitted,
      rule: ({ protections }) =>
        protections[0]?.revision === 0
          ? { effect: 'permit', scope: 'scope', slices: [] }
          : { effect: 'deny', reasons: ['no-consent'] },
    });
    expect(result).toEqual({ ok: false, error: 'not-found' });
    expect(steps).not.toContain('open');
  });

  describe('what time alone ended while the request was held up', () => {
    const grant = 'grant-1';
    const held = (milliseconds: number, until: string) => {
      const clock = fakeClock('2026-11-24T09:00:00.000Z');
      book = { ...book, clock };
      const granted = {
        grant,
        organisation: CALLER.reader.organisation,
        person: CALLER.reader.sub,
        role: CALLER.reader.role,
        purpose: CALLER.purpose,
        reason: 'child-missing' as const,
        from: '2026-11-24T08:50:00.000Z' as Instant,
        until: until as Instant,
      };
      const under: Tails = {
        ...tails,
        protections: async (child) => [{ ...emptyProtection(child), grants: new Map([[grant, granted]]) }],
      };
      let first = true;
      const disclose = enforcementPoint(under, book, async (at) => {
        if (at === 'looked' && first) clock.advance(milliseconds);
        first &&= at !== 'looked';
      });
      return { disclose, granted };
    };

    it('does not leave: an emergency access that ran out', async () => {
      const { disclose, granted } = held(11 * 60_000, '2026-11-24T09:10:00.000Z');
      const result = await disclose({
        ...permitted,
        caller: { ...CALLER, breakGlass: grant },
        rule: ({ at }) =>
          at < granted.until
            ? { effect: 'permit', scope: 'scope', slices: [], basis: { breakGlass: grant } }
            : { effect: 'deny', reasons: ['no-relationship'] },
      });
      expect(result).toEqual({ ok: false, error: 'not-found' });
      expect(steps).not.toContain('open');
      expect((await looks()).map(({ type }) => type)).toEqual([
        'look.recorded.v1',
        'look.aborted.v1',
        'look.recorded.v1',
      ]);
    });

    it('is decided anew on the day that it has become, and else not', async () => {
      const days: string[] = [];
      const rule: (typeof permitted)['rule'] = ({ at }) => {
        days.push(at.slice(0, 10));
        return { effect: 'permit', scope: 'scope', slices: [] };
      };
      expect((await held(16 * 3_600_000, '2026-11-24T09:10:00.000Z').disclose({ ...permitted, rule })).ok).toBe(true);
      expect(days).toEqual(['2026-11-24', '2026-11-25']);
      expect((await held(3_600_000, '2026-11-24T09:10:00.000Z').disclose({ ...permitted, rule })).ok).toBe(true);
      expect(days).toEqual(['2026-11-24', '2026-11-25', '2026-11-24']);
    });
  });

  it('gives up rather than answer on what keeps moving', async () => {
    const disclose = enforcementPoint(tails, book, async (at) => {
      if (at === 'looked') revision += 1;
    });
    expect(await disclose(permitted)).toEqual({ ok: false, error: 'moved-too-often' });
    expect(steps).not.toContain('open');
  });

  it('opens nothing where the look can not be stored', async () => {
    const failing: LookBook = { ...book, log: { ...log, append: () => Promise.reject(new LogFailed('full')) } };
    await expect(enforcementPoint(tails, failing)(permitted)).rejects.toThrow(LogFailed);
    expect(steps).not.toContain('open');
  });

  it('treats a child nobody knows as a child that is refused: one look each', async () => {
    const deny = { ...permitted, rule: () => ({ effect: 'deny' as const, reasons: ['no-relationship'] }) };
    const refused = await enforcementPoint(tails, book)(deny);
    const afterRefusal = (await looks()).length;
    const absent = await enforcementPoint(tails, book)({ ...permitted, child: null });
    expect([refused, absent]).toEqual([
      { ok: false, error: 'not-found' },
      { ok: false, error: 'not-found' },
    ]);
    expect([afterRefusal, (await looks()).length]).toEqual([1, 2]);
  });

  it.each<[string, Partial<Tails>, string[]]>([
    ['the registry can not be read', { registry: () => Promise.reject(new Error('disk')) }, []],
    ['the protection can not be read', { protections: () => Promise.reject(new Error('disk')) }, []],
    ['there is no protection', { protections: async () => [] }, []],
    [
      'one of two protections is missing',
      { protections: async () => [undefined as never, emptyProtection(CHILD)] },
      [],
    ],
  ])('%s: refused, nothing opened, an alarm in the look and to the operator', async (_what, broken) => {
    const alarms: string[] = [];
    const disclose = enforcementPoint({ ...tails, ...broken }, book, undefined, (what) => void alarms.push(what));
    expect(await disclose(permitted)).toEqual({ ok: false, error: 'not-found' });
    expect([steps, alarms]).toEqual([[], ['policy']]);
    expect(await content(0)).toMatchObject({ effect: 'deny', reasons: ['child-unknown'], alarm: true });
  });

  it('a rule that fails refuses with an alarm, as one that says so does', async () => {
    const alarms: unknown[] = [];
    const disclose = enforcementPoint(tails, book, undefined, (_what, error) => void alarms.push(error));
    const failing = () => {
      throw new RangeError('in the rule');
    };
    expect(await disclose({ ...permitted, rule: failing })).toEqual({ ok: false, error: 'not-found' });
    const saying = () => ({ effect: 'deny', reasons: ['child-unknown'], basis: { alarm: true } }) as const;
    expect(await disclose({ ...permitted, rule: saying })).toEqual({ ok: false, error: 'not-found' });
    expect(alarms.map((each) => (each as Error).name)).toEqual(['RangeError', 'PolicyUnread']);
  });

  it('raises no alarm for an ordinary refusal', async () => {
    const alarms: string[] = [];
    const disclose = enforcementPoint(tails, book, undefined, (what) => void alarms.push(what));
    await disclose({ ...permitted, rule: () => ({ effect: 'deny', reasons: ['no-relationship'] }) });
    await disclose({ ...permitted, child: null });
    expect(alarms).toEqual([]);
    expect(await content(0)).not.toHaveProperty('alarm');
  });

  it('aborts the look where the tails can not be read again after it, and refuses', async () => {
    let reads = 0;
    const disclose = enforcementPoint(
      {
        ...tails,
        protections: async (child) => (reads++ === 0 ? tails.protections(child) : Promise.reject(new Error())),
      },
      book,
    );
    expect(await disclose(permitted)).toEqual({ ok: false, error: 'not-found' });
    expect((await looks()).map(({ type }) => type)).toEqual([
      'look.recorded.v1',
      'look.aborted.v1',
      'look.recorded.v1',
    ]);
    expect(steps).not.toContain('open');
  });

  it('learns what other processes have erased before it opens, and opens nothing where that can not be learned', async () => {
    const asking = (refresh: () => Promise<void>): LookBook => ({ ...book, vault: { ...sealingOnly(vault), refresh } });
    const learning = asking(async () => void steps.push('refresh'));
    expect((await enforcementPoint(tails, learning)(permitted)).ok).toBe(true);
    expect(steps).toEqual(['find', 'refresh', 'open']);
    steps = [];
    const failing = asking(() => Promise.reject(new Error('no server')));
    expect(await enforcementPoint(tails, failing)(permitted)).toEqual({ ok: false, error: 'moved-too-often' });
    expect(steps).not.toContain('open');
  });

  it('looks again where opening had to wait, and throws away what was opened if it moved meanwhile', async () => {
    const opened: string[] = [];
    const waiting: (typeof permitted)['open'] = async (_found, _scope, decision) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (opened.push(decision) === 1) revision = 1;
      return decision;
    };
    const result = await enforcementPoint(tails, book)({ ...permitted, open: waiting });
    if (!result.ok) throw new Error(result.error);
    expect(opened).toHaveLength(2);
    expect(release(result.value)).toBe(opened[1]);
    expect((await looks()).map(({ type }) => type)).toEqual([
      'look.recorded.v1',
      'look.aborted.v1',
      'look.recorded.v1',
    ]);
  });

  it('looks no third time where opening waited for nothing', async () => {
    let reads = 0;
    const counting: Tails = { ...tails, registry: async () => (reads++, emptyRegistry()) };
    const key = await vault.keyFor('record-1', 'voice');
    const of = { stream: 's', revision: 0, type: 't', schema: 't', owner: 'record-1' };
    const sealed = vault.seal(key, of, Buffer.from('words'));
    const open = async () => (await vault.open(grantProcess('test'), sealed, of)).ok;
    const result = await enforcementPoint(counting, book)({ ...permitted, open });
    expect([result.ok, reads]).toEqual([true, 2]);
  });

  it('keeps what a decision rests on, and asks for what was found only', async () => {
    const basis = { relationship: { id: FACT, kind: 'on-roll' }, obligations: ['tell-family', 'alert-dpo'] } as const;
    const rule = () => ({ effect: 'permit', scope: 'scope', slices: [], basis }) as const;
    await enforcementPoint(tails, book)({ ...permitted, rule });
    await enforcementPoint(tails, book)({ ...permitted, rule, obligations: () => ['tell-family'] });
    await enforcementPoint(tails, book)({ ...permitted, rule, obligations: () => [] });
    expect(await content(0)).toMatchObject(basis);
    expect(await content(1)).toMatchObject({ ...basis, obligations: ['tell-family'] });
    expect(await content(2)).not.toHaveProperty('obligations');
  });

  it('lets nothing out that it did not make itself', () => {
    expect(() => release({ decision: 'd' as DecisionId, value: 'words' } as unknown as Disclosed<string>)).toThrow();
  });
});
