import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeRecord, type LookEvent } from '#contracts';
import type { Answer, HubClient } from '#nest-platform/client';
import { openLook } from '#sharing';
import { grantProcess } from '#vault';
import type { SimulationView } from '../../sharing-protocol/src/workbench/simulations.controller.ts';
import { contentOf, draft } from './agreements.ts';
import { seen, tellWorld, type World } from './trust/world.ts';
import { agree, caughtUp, mustBe, organisation, runningHub, timeline, type RunningHub } from './running-hub.ts';

const AUDIT = { 'hub-purpose': 'audit' };
const PATH = '/v1/policy-simulations';

describe('the policy workbench', () => {
  let hub: RunningHub;
  let world: World;
  /** Decisions of the SENCo's looks, oldest first. */
  let decisions: readonly string[];

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    const riverside = await organisation(hub, 'riverside-special', 'education');
    await caughtUp(hub);
    const looked: Answer[] = [];
    for (let n = 0; n < 3; n++) looked.push(await timeline(hub.person('senco'), world.child, 'sen-support'));
    decisions = looked.map((each) => mustBe(200, each).headers.get('hub-decision-id') ?? '');
    mustBe(200, await timeline(hub.person('health-visitor'), world.child, 'direct-care'));
    mustBe(404, await timeline(hub.person('senco-riverside'), world.child, 'sen-support'));
    const others = { source: world.trust.id, recipient: riverside.id };
    const scope = { purposes: ['sen-support'], roles: ['senco'] as const };
    await agree(hub, { id: 'elsewhere', categories: ['health.therapy'], ...others, ...scope });
    const hearing = { id: 'hearing', version: 2, source: world.trust.id, recipient: world.school.id, ...scope };
    for (const content of [
      contentOf({ ...hearing, categories: ['health.therapy', 'health.mental'] }),
      contentOf({ ...hearing, version: 3, categories: ['health.screening'], title: 'Other words' }),
      contentOf({ id: 'elsewhere', version: 2, categories: ['health.waiting'], ...others, ...scope }),
    ])
      mustBe(200, await draft(world.trust, content));
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  const start = (client: HubClient, agreement: string, version: number, last = 1000) =>
    client.ask(PATH, { json: { agreement, version, last }, headers: AUDIT });
  const finished = async (client: HubClient, started: Answer): Promise<SimulationView> => {
    const location = mustBe(202, started).headers.get('location') ?? '';
    for (let tries = 0; tries < 200; tries++) {
      const view = mustBe(200, await client.ask(location, { headers: AUDIT })).json as SimulationView;
      if (view.state !== 'running') return view;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('the simulation does not end');
  };
  const looksOf = async (role: string) => {
    const { log, vault } = hub.composed.opened.core;
    const found = [];
    for await (const events of log.readAll({ families: ['look'] }))
      for (const { data } of events) {
        const record = decodeRecord(data) as unknown as LookEvent;
        if (record.type !== 'look.recorded.v1') continue;
        const look = await openLook(vault, grantProcess('test'), record.data.decision, record.by, record.data.sealed);
        if (look?.reader.role === role) found.push(look);
      }
    return found;
  };

  it('lists each look that a draft would change, and what it would newly and no longer show', async () => {
    const before = await seen(hub.person('senco'), world.child, 'sen-support');
    await caughtUp(hub);
    const revision = (await hub.composed.opened.core.tails.registry()).revision;
    const dpo = hub.person('dpo');
    const view = await finished(dpo, await start(dpo, 'hearing', 2));
    expect(view.state).toBe('done');
    expect(view.summary).toBe(`4 of ${String(view.progress.replayed)} looks would change.`);
    expect(view.progress.replayed).toBeGreaterThan(6);
    expect(view.registryRevision).toBe(revision);
    const slice = (category: string) => ({
      organisation: world.trust.id,
      category,
      reliesOnConsent: false,
      mode: 'content',
    });
    const change = {
      before: 'permit',
      after: 'permit',
      newly: [slice('health.therapy'), slice('health.mental')],
      noLonger: [slice('health.screening')],
    };
    expect(view.looks.slice(1)).toEqual(decisions.toReversed().map((decision) => ({ decision, ...change })));
    expect(view.cases.changed.map((each) => each.after)).toContain('content');
    expect(JSON.stringify(view)).not.toContain(world.child);
    // Tried, not done.
    expect(await seen(hub.person('senco'), world.child, 'sen-support')).toEqual(before);
    expect((await hub.composed.opened.core.tails.registry()).revision).toBe(revision);
  });

  it('changes no look where the same is seen by other words', async () => {
    const dpo = hub.person('dpo');
    const view = await finished(dpo, await start(dpo, 'hearing', 3));
    expect([view.summary.split(' ')[0], view.looks, view.cases.changed]).toEqual(['0', [], []]);
  });

  it('gives the result in pages, and replays no more than the last looks asked for', async () => {
    await caughtUp(hub);
    const dpo = hub.person('dpo');
    const started = await start(dpo, 'hearing', 2);
    const all = await finished(dpo, started);
    const location = started.headers.get('location') ?? '';
    const found: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const query: string = `?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`;
      const page = mustBe(200, await dpo.ask(`${location}${query}`, { headers: AUDIT })).json as SimulationView;
      found.push(...page.looks.map(({ decision }) => decision));
      cursor = page.next;
    }
    expect(found).toEqual(all.looks.map(({ decision }) => decision));
    expect(found.length).toBeGreaterThan(3);
    const two = await finished(dpo, await start(dpo, 'hearing', 2, 2));
    expect(two.progress).toEqual({ replayed: 2, last: 2, unreadable: 0 });
    expect((await dpo.ask(`${location}?cursor=${world.child}`, { headers: AUDIT })).status).toBe(400);
  });

  it('shows a party’s officer only looks by its people and at its facts, on its own agreements', async () => {
    await caughtUp(hub);
    const [dpo, oakfield] = [hub.person('dpo'), hub.person('dpo-oakfield')];
    const all = await finished(dpo, await start(dpo, 'hearing', 2));
    const own = await finished(oakfield, await start(oakfield, 'hearing', 2));
    // The health visitor and Riverside's SENCo are none of Oakfield's business.
    expect(own.progress.replayed).toBeLessThan(all.progress.replayed);
    expect(own.looks).toEqual(all.looks);
    const absent = await start(oakfield, 'nobodys', 1);
    const foreign = await start(oakfield, 'elsewhere', 2);
    expect([absent.status, foreign.status]).toEqual([404, 404]);
    const path = (await start(dpo, 'hearing', 2)).headers.get('location') ?? '';
    expect((await oakfield.ask(path, { headers: AUDIT })).status).toBe(404);
  });

  it('is a look itself, at its start and at each page', async () => {
    const dpo = hub.person('dpo');
    const before = (await looksOf('data-protection-officer')).length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    const started = mustBe(202, await start(dpo, 'hearing', 2));
    mustBe(200, await dpo.ask(started.headers.get('location') ?? '', { headers: AUDIT }));
    const looks = (await looksOf('data-protection-officer')).slice(before);
    expect(looks.map(({ route, effect, child, reasons }) => [route, effect, child, reasons])).toEqual([
      [`POST ${PATH}`, 'permit', null, ['policy-simulation', 'hearing 2']],
      [`GET ${PATH}/:simulation`, 'permit', null, ['policy-simulation', 'hearing 2']],
    ]);
  });

  it('is for officers who audit, and for drafts', async () => {
    const body = { json: { agreement: 'hearing', version: 2, last: 5 } };
    const senco = await hub.person('senco').ask(PATH, { ...body, headers: { 'hub-purpose': 'sen-support' } });
    const other = await hub.person('dpo').ask(PATH, { ...body, headers: { 'hub-purpose': 'subject-access' } });
    expect([senco.status, other.status]).toEqual([403, 403]);
    expect((await start(hub.person('dpo'), 'hearing', 1)).json).toMatchObject({
      errors: [{ code: 'VERSION_NOT_A_DRAFT', pointer: '/version' }],
    });
    expect((await start(hub.person('dpo'), 'hearing', 2, 10_001)).status).toBe(400);
  });
});
