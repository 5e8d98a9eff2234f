import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from './world.ts';

describe("an organisation's system is nobody's deputy", () => {
  let hub: RunningHub;
  let world: World;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  it('does not read a timeline, known child or not, though its organisation has a relationship with the child', async () => {
    for (const child of [world.child, '11111111-1111-4111-8111-111111111111']) {
      const answer = await timeline(world.trust.system, child, 'direct-care');
      expect([answer.status, answer.json]).toMatchObject([403, { code: 'HUB_ROLE_NOT_ALLOWED' }]);
    }
    mustBe(200, await timeline(hub.person('health-visitor'), world.child, 'direct-care'));
  });

  it('leaves the receipt of a look to the one who looked', async () => {
    const senco = hub.person('senco');
    const seen = mustBe(200, await timeline(senco, world.child, 'sen-support'));
    const path = `/v1/looks/${seen.headers.get('hub-decision-id') ?? ''}/receipt`;
    let own = await senco.ask(path);
    for (let tries = 0; tries < 100 && own.status !== 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      own = await senco.ask(path);
    }
    expect(own.status).toBe(200);
    for (const other of [world.school.system, world.trust.system, hub.person('parent'), hub.person('health-visitor')])
      expect((await other.ask(path)).status).toBe(404);
  });
});
