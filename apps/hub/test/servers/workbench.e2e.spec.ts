import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SimulationView } from '../../../sharing-protocol/src/workbench/simulations.controller.ts';
import { contentOf, draft } from '../agreements.ts';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from '../trust/world.ts';

const headers = { 'hub-purpose': 'audit' };

describe('a simulation on two processes of the sharing protocol', () => {
  let hub: RunningHub;
  let world: World;
  let location: string;

  beforeAll(async () => {
    hub = await runningHub({ each: 2 });
    world = await tellWorld(hub);
    await caughtUp(hub);
    for (let n = 0; n < 3; n++) mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    const content = contentOf({
      id: 'hearing',
      version: 2,
      source: world.trust.id,
      recipient: world.school.id,
      categories: ['health.therapy'],
      purposes: ['sen-support'],
      roles: ['senco'],
    });
    mustBe(200, await draft(world.trust, content));
    await caughtUp(hub);
    const json = { agreement: 'hearing', version: 2, last: 1000 };
    const started = await hub.person('dpo').ask('/v1/policy-simulations', { json, headers });
    location = mustBe(202, started).headers.get('location') ?? '';
  });
  afterAll(() => hub.remove());

  const read = async (query = ''): Promise<SimulationView> =>
    mustBe(200, await hub.person('dpo').ask(`${location}${query}`, { headers })).json as SimulationView;

  it('is answered by either, the same', async () => {
    const done: SimulationView[] = [];
    for (let tries = 0; tries < 200 && done.length < 6; tries++) {
      const view = await read();
      if (view.state === 'done') done.push(view);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const [first] = done;
    expect(done).toEqual(Array.from({ length: 6 }, () => first));
    expect(first?.looks.length).toBeGreaterThanOrEqual(3);
  });

  it('is turned page by page, whichever has the next', async () => {
    const all = await read();
    const found: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const page: SimulationView = await read(`?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      found.push(...page.looks.map(({ decision }) => decision));
      cursor = page.next;
    }
    expect(found).toEqual(all.looks.map(({ decision }) => decision));
  });

  it('is nobody else’s, and no id of any sort is one', async () => {
    for (const path of [location, location.slice(0, -4), '/v1/policy-simulations/11111111-1111-4111-8111-111111111111'])
      for (const key of path === location ? ['dpo-oakfield', 'dpo-deputy'] : ['dpo'])
        for (let each = 0; each < 2; each++) expect((await hub.person(key).ask(path, { headers })).status).toBe(404);
  });
});
