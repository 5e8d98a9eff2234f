import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRecord, type AgreementContent, type LookEvent } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { EventLog } from '#event-log';
import { epochMs, toInstant, type ChildId, type FactId, type OrganisationId, type PlainDate } from '#kernel';
import type { Core } from '#nest-platform';
import { openView, rebuild, type View } from '#projections';
import {
  abortLook,
  appendLook,
  auditOwner,
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  openLook,
  type Caller,
  type LookBook,
} from '#sharing';
import { fakeChance, fakeClock } from '#testing';
import { viewBackends, type TestViews } from '#testing/servers';
import { grantProcess, openVault, type Vault } from '#vault';
import { usageView } from '../views/usage/projection.ts';
import { Simulations, type Simulation } from './simulations.ts';

const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const [SCHOOL, TRUST] = ['oakfield', 'trust'] as [OrganisationId, OrganisationId];
const caller = (organisation: OrganisationId): Caller => ({
  reader: { sub: 'p1', organisation, role: 'senco', acr: '1', client: 'c' },
  purpose: 'sen-support',
  requestId: 'r',
  correlationId: 'c',
});
const content = {
  agreement: 'a',
  version: 1,
  title: 'a',
  source: TRUST,
  recipient: SCHOOL,
  categories: ['health.therapy'],
  purposes: ['sen-support'],
  roles: ['senco'],
  from: '2018-01-01' as PlainDate,
  until: null,
} as unknown as AgreementContent;
const registry = [SCHOOL, TRUST].reduce(
  (before, organisation) =>
    evolveRegistry(before, {
      type: 'organisation.registered.v1',
      data: { organisation, name: organisation, sector: 'education', codes: {}, keys: [], profile: {} },
    }),
  emptyRegistry(),
);
const protection = evolveProtection(emptyProtection(CHILD), {
  type: 'relationship.started.v1',
  data: {
    fact: 'f' as FactId,
    organisation: SCHOOL,
    kind: 'on-roll',
    name: 'setting:1',
    from: '2018-01-01' as PlainDate,
  },
});

describe.each(viewBackends)('simulations over looks on %s', (_name, begin) => {
  let views: TestViews;
  let log: EventLog;
  let vault: Vault;
  let book: LookBook;
  let view: View;
  let simulations: Simulations;
  let asked: number;

  beforeEach(async () => {
    views = await begin();
    log = await openSqliteLog({ path: ':memory:' });
    const clock = fakeClock();
    vault = await openVault({ path: ':memory:', kek: new Uint8Array(32), chance: fakeChance(), clock });
    book = { log, vault, clock, chance: fakeChance('looks') };
    const definition = usageView({
      childHash: (child) => child,
      openLook: async (event) => {
        const record = decodeRecord(event.data) as unknown as LookEvent;
        if (record.type !== 'look.recorded.v1') return null;
        const { decision, sealed } = record.data;
        return (await openLook(vault, grantProcess('usage'), decision, record.by, sealed)) ?? null;
      },
    });
    view = await openView({ definition, where: views.where, log, context: { keyAlive: () => true } });
    asked = 0;
    const tails = {
      registry: async () => registry,
      protections: async () => {
        asked += 1;
        return [protection];
      },
    };
    simulations = new Simulations({ vault, tails, clock, chance: fakeChance('runs') } as unknown as Core, view);
  });
  afterEach(async () => {
    await view.close();
    await log.close();
    await views.remove();
  });

  const look = (organisation = SCHOOL, child: ChildId | null = CHILD) =>
    appendLook(book, caller(organisation), {
      effect: 'permit',
      route: 'GET /x',
      child,
      slices: [],
      reasons: [],
      facts: [],
      registry,
      protections: [],
    });
  let runs = 0;
  const start = (last: number, organisation?: OrganisationId, upTo = book.clock.now()) => {
    const request = { organisation, registry, content, cases: { run: 0, changed: [] }, last, upTo };
    return simulations.start({ id: `run-${String(runs++)}`, ...request });
  };
  const ended = async (simulation: Simulation | undefined): Promise<Simulation> => {
    if (simulation === undefined) throw new Error('not started');
    while (simulation.state === 'running') await new Promise((resolve) => setImmediate(resolve));
    return simulation;
  };

  it('replays the last looks at children through all pages, newest first, each once, and leaves out what was aborted', async () => {
    const decisions: string[] = [];
    for (let n = 0; n < 250; n++) decisions.push(await look());
    await look(SCHOOL, null);
    await abortLook(book, caller(SCHOOL), await look());
    await rebuild(view, { elapsed: () => 1 });
    const all = await ended(start(1000));
    expect([all.state, all.replayed, all.changed.length]).toEqual(['done', 250, 250]);
    expect(all.changed.map(({ decision }) => decision).sort()).toEqual(decisions.sort());
    expect(all.changed[0]).toMatchObject({ newly: [{ organisation: TRUST, category: 'health.therapy' }] });
    expect((await ended(start(201))).replayed).toBe(201);
  });

  it('keeps to the looks of one organisation where it is one that asks', async () => {
    await look();
    await look(TRUST);
    await rebuild(view, { elapsed: () => 1 });
    expect((await ended(start(10))).replayed).toBe(2);
    expect((await ended(start(10, TRUST))).replayed).toBe(1);
  });

  it('leaves out what was looked at after it was asked for', async () => {
    await look();
    await rebuild(view, { elapsed: () => 1 });
    const before = toInstant(epochMs(book.clock.now()) - 1);
    expect([(await ended(start(10))).replayed, (await ended(start(10, undefined, before))).replayed]).toEqual([1, 0]);
  });

  it('runs one after another, no more than three, and keeps the last ten', async () => {
    await look();
    await rebuild(view, { elapsed: () => 1 });
    const [first, second, third] = [start(10), start(10), start(10)];
    expect([start(10), second?.state, third?.state]).toEqual([undefined, 'running', 'running']);
    const { id } = await ended(first);
    await ended(third);
    expect([second?.replayed, simulations.find(id)]).toEqual([1, first]);
    for (let n = 0; n < 10; n++) {
      await new Promise((resolve) => setImmediate(resolve));
      await ended(start(10));
    }
    expect(simulations.find(id)).toBeUndefined();
  });

  it('counts looks whose key was destroyed, and asks nothing about them', async () => {
    await look();
    await rebuild(view, { elapsed: () => 1 });
    await vault.destroy(auditOwner(SCHOOL));
    const { replayed, unreadable, changed } = await ended(start(10));
    expect([replayed, unreadable, changed, asked]).toEqual([1, 1, [], 0]);
  });

  it('ends where the process does', async () => {
    for (let n = 0; n < 60; n++) await look();
    await rebuild(view, { elapsed: () => 1 });
    const running = start(60);
    await simulations.onModuleDestroy();
    expect([running?.state, asked < 60, start(1)]).toEqual(['failed', true, undefined]);
  });
});
