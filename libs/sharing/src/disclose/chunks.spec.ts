import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, OrganisationId, PlainDate } from '#kernel';
import { decodeRecord, type LookContent, type LookEvent } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock } from '#testing';
import { grantProcess, openVault, type Vault } from '#vault';
import type { Permit, Protection } from '../model.ts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import {
  discloseInChunks,
  enforcementPoint,
  factsRule,
  openLook,
  release,
  type Caller,
  type LookBook,
} from './index.ts';

const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const SCHOOL = 'oakfield' as OrganisationId;
const CALLER: Caller = {
  reader: { sub: 'p1', organisation: SCHOOL, role: 'senco', acr: '1', client: 'c' },
  purpose: 'sen-support',
  requestId: 'r',
  correlationId: 'c',
};
const registry = evolveRegistry(emptyRegistry(), {
  type: 'organisation.registered.v1',
  data: { organisation: SCHOOL, name: 'Oakfield', sector: 'education', codes: {}, keys: [], profile: {} },
});
const onRoll = evolveProtection(emptyProtection(CHILD), {
  type: 'relationship.started.v1',
  data: { fact: 's' as FactId, organisation: SCHOOL, kind: 'on-roll', name: 'roll', from: '2020-01-01' as PlainDate },
});
const consented = evolveProtection(onRoll, {
  type: 'consent.given.v1',
  data: {
    consent: 'v1',
    categories: ['voice'],
    purposes: ['sen-support'],
    authority: 'parental-responsibility',
    until: null,
  },
});
const withdrawn = evolveProtection(consented, { type: 'consent.withdrawn.v1', data: { consent: 'v1' } });
const left = evolveProtection(consented, { type: 'relationship.retracted.v1', data: { fact: 's' as FactId } });

/** Six facts of Oakfield's, by turns such as need no consent and such as rest on it. */
const FACTS = [1, 2, 3, 4, 5, 6].map((n) => ({ id: `f${String(n)}` as FactId, rests: n % 2 === 0 }));

describe('a disclosure in chunks', () => {
  let log: EventLog;
  let vault: Vault;
  let book: LookBook;
  let now: Protection;
  beforeEach(async () => {
    log = await openSqliteLog({ path: ':memory:' });
    const clock = fakeClock();
    vault = await openVault({ path: ':memory:', kek: new Uint8Array(32), chance: fakeChance(), clock });
    book = { log, vault, clock, chance: fakeChance('looks') };
    now = consented;
  });

  /** Exports two facts at a time; `between` runs where a test may change something. */
  async function exported(between: (chunk: number, stage: 'decided' | 'looked' | 'yielded') => void) {
    let chunk = 0;
    const tails = { registry: async () => registry, protections: async () => [now] };
    const disclose = enforcementPoint(tails, book, async (at) => between(chunk, at));
    const chunks = discloseInChunks(disclose, {
      caller: CALLER,
      child: CHILD,
      route: 'GET /export',
      rule: factsRule,
      find: async (permits: readonly Permit[], after: FactId | undefined) => {
        const rests = permits.some(({ slice }) => slice.category === 'voice' && slice.reliesOnConsent);
        const may = FACTS.filter((fact) => rests || !fact.rests);
        return may.filter(({ id }) => after === undefined || id > after).slice(0, 2);
      },
      next: (found) => (found.length < 2 ? undefined : found.at(-1)?.id),
      facts: (found) => found.map(({ id }) => id),
      open: (found) => found.map(({ id }) => id),
    });
    const out: (readonly string[] | string)[] = [];
    for await (const each of chunks) {
      out.push(each.ok ? release(each.value) : each.error);
      between(chunk++, 'yielded');
    }
    return out;
  }

  async function looks(): Promise<readonly (Pick<LookContent, 'effect' | 'facts'> & { aborted: boolean })[]> {
    const found = new Map<string, Pick<LookContent, 'effect' | 'facts'> & { aborted: boolean }>();
    for await (const events of log.readAll({ families: ['look'] }))
      for (const { data } of events) {
        const event = decodeRecord(data) as unknown as LookEvent;
        const { decision } = event.data;
        const known = found.get(decision);
        if (known !== undefined) known.aborted = true;
        if (event.type !== 'look.recorded.v1') continue;
        const look = await openLook(vault, grantProcess('test'), decision, SCHOOL, event.data.sealed);
        if (look !== undefined) found.set(decision, { effect: look.effect, facts: look.facts, aborted: false });
      }
    return [...found.values()];
  }

  it('is the whole where nothing changes: a look for every chunk', async () => {
    expect(await exported(() => undefined)).toEqual([['f1', 'f2'], ['f3', 'f4'], ['f5', 'f6'], []]);
    expect((await looks()).map(({ facts }) => facts)).toEqual([['f1', 'f2'], ['f3', 'f4'], ['f5', 'f6'], []]);
  });

  it('withholds what rested on a consent withdrawn between two chunks', async () => {
    const out = await exported((chunk, at) => {
      if (chunk === 0 && at === 'yielded') now = withdrawn;
    });
    expect(out).toEqual([['f1', 'f2'], ['f3', 'f5'], []]);
  });

  it('aborts the look of a chunk under way when it was withdrawn, decides again and withholds the rest', async () => {
    const out = await exported((chunk, at) => {
      if (chunk === 1 && at === 'looked') now = withdrawn;
    });
    expect(out).toEqual([['f1', 'f2'], ['f3', 'f5'], []]);
    expect(await looks()).toEqual([
      { effect: 'permit', facts: ['f1', 'f2'], aborted: false },
      { effect: 'permit', facts: ['f3', 'f4'], aborted: true },
      { effect: 'permit', facts: ['f3', 'f5'], aborted: false },
      { effect: 'permit', facts: [], aborted: false },
    ]);
  });

  it('ends, and says so, where nothing may be read any more', async () => {
    const out = await exported((chunk, at) => {
      if (chunk === 0 && at === 'yielded') now = left;
    });
    expect(out).toEqual([['f1', 'f2'], 'not-found']);
    expect((await looks()).at(-1)).toEqual({ effect: 'deny', facts: [], aborted: false });
  });
});
