import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRecord, type AuditQueryEvent, type LookEvent } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { randomUuid, type ChildId, type OrganisationId } from '#kernel';
import type { PurposefulCaller } from '#nest-platform';
import { openView, runView, type View } from '#projections';
import { appendLook, emptyRegistry, openLook, release, type LookBook, type Registry } from '#sharing';
import { fakeChance, fakeClock } from '#testing';
import { viewBackends, type TestViews } from '#testing/servers';
import { grantProcess, openVault, sealingOnly, type Vault } from '#vault';
import { auditView } from '../views/audit/projection.ts';
import { AuditDesk } from './desk.ts';
import { AUDIT_LIMITS, type AuditLimits } from './handing.ts';

const school = 'school' as OrganisationId;
const child = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const caller = (organisation: string, role: 'data-protection-officer' | 'senco'): PurposefulCaller => ({
  reader: {
    sub: `${role} of ${organisation}`,
    organisation: organisation as OrganisationId,
    role,
    acr: 'a',
    client: 'c',
  },
  purpose: role === 'senco' ? 'sen-support' : 'audit',
  requestId: 'r',
  correlationId: 'c',
});
const officer = caller('hub', 'data-protection-officer');

describe.each(viewBackends)('the desk where decisions are asked for, its view on %s', (_name, begin) => {
  let views: TestViews;
  let log: EventLog;
  let vault: Vault;
  let view: View;
  let looks: LookBook;
  let registry: Registry;
  let registryRead: () => void;
  const clock = fakeClock();
  const chance = fakeChance();
  const stop: AbortController[] = [];
  const desks: AuditDesk[] = [];

  beforeEach(async () => {
    views = await begin();
    log = await openSqliteLog({ path: ':memory:' });
    vault = await openVault({ path: ':memory:', kek: chance.bytes(32), chance, clock });
    looks = { log, vault: sealingOnly(vault), clock, chance };
    const organisations = new Map([[school, {}]]) as unknown as Registry['organisations'];
    registry = { ...emptyRegistry(), revision: 1, organisations };
    registryRead = () => undefined;
    const definition = auditView({
      childHash: (id) => vault.lookupHash('audit-child', id),
      userHash: (sub) => vault.lookupHash('audit-user', sub),
      openLook: async ({ data }) => {
        const record = decodeRecord(data) as unknown as LookEvent;
        if (record.type !== 'look.recorded.v1') return null;
        return (
          (await openLook(vault, grantProcess('audit'), record.data.decision, record.by, record.data.sealed)) ?? null
        );
      },
    });
    view = await openView({ definition, where: views.where, log });
    const stopping = new AbortController();
    stop.push(stopping);
    void runView(view, { signal: stopping.signal }).catch(() => undefined);
  });
  afterEach(async () => {
    for (const desk of desks.splice(0)) await desk.close();
    for (const each of stop.splice(0)) each.abort();
    await view.close();
    await log.close();
    await vault.close();
    await views.remove();
  });

  const deskOf = (limits: Partial<AuditLimits> = {}) => {
    const desk = new AuditDesk({
      core: {
        log,
        vault,
        looks,
        clock,
        tails: {
          registry: async () => {
            registryRead();
            return registry;
          },
          protections: async () => [],
        },
        proof: {
          vkey: '',
          checkpoint: async () => undefined,
          receipt: async () => undefined,
          consistency: async () => undefined,
          inclusion: async () => undefined,
          tile: async () => undefined,
        },
      },
      view,
      limits: { ...AUDIT_LIMITS, ...limits },
      alarm: (_what, error) => {
        throw error;
      },
    });
    desks.push(desk);
    return desk;
  };
  const look = async (by: string) => {
    clock.advance(1_000);
    return appendLook(looks, caller(by, 'senco'), {
      effect: 'permit',
      route: 'GET /v1/children/:childId/timeline',
      child,
      slices: [],
      reasons: [],
      facts: [],
      registry,
      protections: [],
    });
  };
  const askedOf = async (desk: AuditDesk, by: PurposefulCaller) => {
    const { status } = await desk.ask(by, 'POST', { child });
    for (let tries = 0; tries < 400; tries++) {
      const now = release(await desk.status(by, 'GET', status.id));
      if (now.state === 'ready') return now;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error('never counted');
  };
  const fileOf = async (bytes: AsyncGenerator<Buffer>) => {
    const parts: string[] = [];
    for await (const part of bytes) parts.push(part.toString('utf8'));
    return parts
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  };
  const kept = async () => {
    const events: AuditQueryEvent[] = [];
    for await (const batch of log.readAll({ families: ['auditQuery'] }))
      for (const { data } of batch) events.push(decodeRecord(data) as unknown as AuditQueryEvent);
    return events;
  };

  it('hands out the rest of a file to nobody whose right ended meanwhile, and the file says so', async () => {
    for (let n = 0; n < 7; n++) await look('school');
    const desk = deskOf({ chunk: 2 });
    const by = caller('school', 'data-protection-officer');
    const { id, count } = await askedOf(desk, by);
    expect(count).toBe(7);
    const { bytes } = await desk.export(by, 'GET', id, 'jsonl');
    const head = await bytes.next();
    const first = await bytes.next();
    expect([head.done, first.done]).toEqual([false, false]);
    registry = { ...registry, revision: 2, organisations: new Map() };
    const [end, ...more] = await fileOf(bytes);
    expect(more).toEqual([]);
    expect(end).toMatchObject({ record: 'end', rows: 2, ended: 'right-ended' });
    expect((await kept()).at(-1)).toMatchObject({
      type: 'audit-query.exported.v1',
      data: { rows: 2, ended: 'right-ended', format: 'jsonl' },
    });
    await expect(desk.page(by, 'GET', id, { after: undefined, limit: 1 })).rejects.toMatchObject({
      init: { status: 403 },
    });
  });

  it('writes a file part by part, each under a decision of its own', async () => {
    for (let n = 0; n < 10; n++) await look('school');
    const desk = deskOf({ chunk: 3 });
    const { id } = await askedOf(desk, officer);
    const { bytes } = await desk.export(officer, 'EXPORT', id, 'jsonl');
    const rows: number[] = [];
    for await (const part of bytes) rows.push(part.toString('utf8').split('"record":"decision"').length - 1);
    expect(rows).toEqual([0, 3, 3, 3, 1, 0]);
    let decided = 0;
    for await (const batch of log.readAll({ families: ['look'] }))
      for (const { data } of batch) {
        const { type, by, data: recorded } = decodeRecord(data) as unknown as LookEvent;
        if (type !== 'look.recorded.v1' || by !== 'hub') continue;
        const opened = await openLook(vault, grantProcess('audit'), recorded.decision, by, recorded.sealed);
        if (opened?.route === 'EXPORT') decided += 1;
      }
    expect(decided).toBe(4);
  });

  it('says that an answer is cut at its most, in the status and in the file, and how to go on', async () => {
    const made: string[] = [];
    for (let n = 0; n < 7; n++) made.push(await look('school'));
    const desk = deskOf({ most: 5, chunk: 2 });
    const status = await askedOf(desk, officer);
    expect(status).toMatchObject({ state: 'ready', count: 5, complete: false, goOn: { to: status.reached } });
    const file = await fileOf((await desk.export(officer, 'GET', status.id, 'jsonl')).bytes);
    expect(file.slice(1, -1).map(({ decision }) => decision)).toEqual(made.slice(2).reverse());
    expect(file.at(-1)).toMatchObject({ rows: 5, ended: 'capped' });
    // Asked again with that time, no decision is missed.
    const rest = await desk.ask(officer, 'POST', { child, to: status.goOn?.to as never });
    const second = deskOf({});
    for (let tries = 0; tries < 100; tries++) {
      const { state } = release(await second.status(officer, 'GET', rest.status.id));
      if (state === 'ready') break;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const page = release(await second.page(officer, 'GET', rest.status.id, { after: undefined, limit: 10 }));
    expect(page.rows.map(({ decision }) => decision)).toEqual(made.slice(0, 3).reverse());
  });

  it('decides anew where the registry moved, and gives up rather than answer on what is gone', async () => {
    await look('school');
    const desk = deskOf();
    const { id } = await askedOf(desk, officer);
    let moves = 1;
    registryRead = () => {
      if (moves > 0) registry = { ...registry, revision: registry.revision + 1 };
      moves -= 1;
    };
    const page = release(await desk.page(officer, 'GET', id, { after: undefined, limit: 5 }));
    expect(page.rows).toHaveLength(1);
    moves = Infinity;
    await expect(desk.page(officer, 'GET', id, { after: undefined, limit: 5 })).rejects.toMatchObject({
      init: { status: 503, code: 'HUB_DECISION_MOVED' },
    });
  });

  it('breaks a file off without an end where it can’t be decided', async () => {
    for (let n = 0; n < 5; n++) await look('school');
    const desk = deskOf({ chunk: 2 });
    const { id } = await askedOf(desk, officer);
    const { bytes } = await desk.export(officer, 'GET', id, 'jsonl');
    await bytes.next();
    registryRead = () => {
      registry = { ...registry, revision: registry.revision + 1 };
    };
    await expect(fileOf(bytes)).rejects.toMatchObject({ init: { status: 503 } });
    expect((await kept()).filter(({ type }) => type === 'audit-query.exported.v1')).toEqual([]);
  });

  it('passes over decisions whose key was destroyed, at once', async () => {
    await look('school');
    const theirs = await look('council');
    const desk = deskOf();
    expect((await askedOf(desk, officer)).count).toBe(2);
    await vault.destroy('audit-school');
    const { id, count } = await askedOf(desk, officer);
    expect(count).toBe(1);
    const page = release(await desk.page(officer, 'GET', id, { after: undefined, limit: 5 }));
    expect(page.rows.map(({ decision }) => decision)).toEqual([theirs]);
  });

  it('never hands two requests at once more than the budget has', async () => {
    for (let n = 0; n < 6; n++) await look('school');
    const desk = deskOf({ rowsADay: 8 });
    const { id } = await askedOf(desk, officer);
    const pages = await Promise.allSettled(
      Array.from({ length: 4 }, () => desk.page(officer, 'GET', id, { after: undefined, limit: 3 })),
    );
    const rows = pages.flatMap((page) => (page.status === 'fulfilled' ? page.value.value.rows : []));
    expect(rows.length).toBeLessThanOrEqual(8);
    expect(rows.length).toBeGreaterThan(0);
    const taken = (await kept()).flatMap((event) =>
      event.type === 'audit-query.rows-taken.v1' ? [event.data.rows] : [],
    );
    expect(taken.reduce((sum, each) => sum + each, 0)).toBe(rows.length);
  });

  it('knows no question by the id of something else', async () => {
    const desk = deskOf();
    await look('school');
    const { id } = await askedOf(desk, officer);
    await desk.page(officer, 'GET', id, { after: undefined, limit: 3 });
    const budget = (await kept()).find(({ type }) => type === 'audit-query.rows-taken.v1')?.stream ?? '';
    for (const other of [budget.slice('auditQuery-'.length), randomUuid(chance), 'x', ''])
      await expect(desk.status(officer, 'GET', other)).rejects.toMatchObject({ init: { status: 404 } });
  });
});
