import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseReceipt } from '#transparency';
import { caughtUp, mustBe, organisation, runningHub, timeline, type RunningHub } from '../running-hub.ts';
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

  it('holds proof of a look that its organisation is accounted for, sealed, and of no other', async () => {
    const senco = hub.person('senco');
    const seen = mustBe(200, await timeline(senco, world.child, 'sen-support'));
    const path = `/v1/looks/${seen.headers.get('hub-decision-id') ?? ''}/receipt`;
    let own = await senco.ask(path);
    for (let tries = 0; tries < 100 && own.status !== 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      own = await senco.ask(path);
    }
    expect(own.status).toBe(200);
    // The reader's organisation, and the one whose facts were seen: the same text, in which nothing can be read.
    for (const accounted of [world.school.system, world.trust.system])
      expect((await accounted.ask(path)).text).toBe(own.text);
    const bytes = Buffer.from(parseReceipt(own.text)?.extra ?? []).toString('utf8');
    for (const word of [world.child, 'person-7f3a', 'senco', 'sen-support']) expect(bytes).not.toContain(word);
    const elsewhere = await organisation(hub, 'riverside-special', 'education');
    for (const other of [elsewhere.system, world.family.system, hub.person('parent'), hub.person('health-visitor')])
      expect((await other.ask(path)).status).toBe(404);
  });
});
