import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AgreementChanges, WordedSection } from '#sharing';
import { approve, bodyOf, contentOf, draft, type Agreeing } from '../agreements.ts';
import { seen, tellWorld, type World } from '../trust/world.ts';
import { caughtUp, mustBe, runningHub, type RunningHub } from '../running-hub.ts';

const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('check 22: a policy uploaded', () => {
  let hub: RunningHub;
  let world: World;
  let before: readonly string[] | number;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await caughtUp(hub);
    before = await seen(hub.person('senco'), world.child, 'sen-support');
  });
  afterAll(() => hub.remove());

  const wider: Agreeing = {
    id: 'hearing',
    version: 2,
    source: 'bridgewater-community-trust',
    recipient: 'oakfield-primary',
    categories: ['health.screening', 'health.therapy'],
    purposes: ['sen-support'],
    roles: ['senco', 'class-teacher'],
    terms: { existenceOnly: ['health.mental'] },
  };
  const revision = async () => (await hub.composed.opened.core.tails.registry()).revision;
  const upload = (body: string) =>
    world.trust.system.ask('/v1/agreements/hearing/versions', {
      body,
      headers: { 'content-type': 'application/json' },
    });
  const text = (change: object = {}) => JSON.stringify({ ...bodyOf(wider), ...change });
  const withTerms = (terms: string) => text().replace(/"terms":\{.*\}\}$/, `"terms":${terms}}`);

  it.each<readonly [string, () => string, string]>([
    ['400 levels', () => withTerms(nested(400)), 'CALLER_'],
    ['400 levels in a member', () => withTerms(`{"minimum":${nested(400)}}`), 'CALLER_'],
    ['10,000 levels', () => withTerms(nested(10_000)), 'CALLER_'],
    ['no JSON', () => '{"version":', 'CALLER_'],
    ['__proto__', () => withTerms('{"__proto__":{"polluted":true}}'), 'CALLER_'],
    ['terms that are a text', () => text({ terms: 'all' }), 'IS_OBJECT'],
    ['terms that are a list', () => text({ terms: [] }), 'IS_OBJECT'],
    ['terms with one member too many', () => text({ terms: { ...bodyOf(wider).terms, also: 1 } }), 'TERMS_SHAPE'],
    ['a number for a role', () => text({ roles: [1] }), 'IS_STRING'],
    ['an object for a purpose', () => text({ purposes: [{ any: true }] }), 'IS_STRING'],
    ['a text for a version', () => text({ version: '2' }), 'IS_INT'],
    ['a version that is no whole number', () => text({ version: 1.5 }), 'IS_INT'],
    ['a member nobody declared', () => text({ allow: '*' }), 'MEMBER_UNKNOWN'],
    ['a wildcard for categories', () => text({ categories: ['*'] }), 'CATEGORY_UNKNOWN'],
    ['a sealed category', () => text({ categories: ['health.sexual'] }), 'CATEGORY_SEALED'],
    [
      'a restricted category for a teacher',
      () => text({ categories: ['social.child-protection'] }),
      'CATEGORY_RESTRICTED',
    ],
    ['no basis for health data', () => text({ terms: { ...bodyOf(wider).terms, bases: {} } }), 'TERMS_SHAPE'],
  ])('is refused with %s, and the decisions go on as they were', async (_what, body, code) => {
    const was = await revision();
    const answer = await upload(body());
    expect(answer.status).toBe(400);
    expect(answer.text).toContain(code);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await revision()).toBe(was);
    expect(await seen(hub.person('senco'), world.child, 'sen-support')).toEqual(before);
  });

  it('says which tuples it would newly permit, in data and in words, before anybody approves', async () => {
    mustBe(200, await draft(world.trust, contentOf(wider)));
    const path = '/v1/agreements/hearing/versions/2';
    const { json } = mustBe(200, await hub.person('dpo').ask(`${path}/changes`));
    const { against, newly, noLonger, words } = json as AgreementChanges & {
      against: number;
      words: readonly string[];
    };
    const purpose = 'sen-support';
    expect(against).toBe(1);
    expect(newly).toEqual([
      { role: 'senco', purpose, category: 'health.therapy', mode: 'content' },
      { role: 'senco', purpose, category: 'health.mental', mode: 'existence' },
      { role: 'class-teacher', purpose, category: 'health.screening', mode: 'content' },
      { role: 'class-teacher', purpose, category: 'health.therapy', mode: 'content' },
      { role: 'class-teacher', purpose, category: 'health.mental', mode: 'existence' },
    ]);
    expect(noLonger).toEqual([]);
    expect(words.join('\n')).toContain('Class teachers at oakfield-primary may newly read records');
    const read = mustBe(200, await hub.person('dpo-oakfield').ask(path)).json as { words: readonly WordedSection[] };
    expect(read).toMatchObject({ state: 'draft', approvals: [], content: contentOf(wider) });
    expect(JSON.stringify(read.words)).toContain('therapy, like speech and language');
    expect((await hub.person('senco').ask(path)).status).toBe(403);
    expect((await world.family.system.ask(path)).status).toBe(404);
  });

  it('has no effect with one approver, whoever that is and however often', async () => {
    const content = contentOf(wider);
    for (const administrator of ['versions', 'versions/2/approvals']) {
      const answer = await hub.person('administrator').ask(`/v1/agreements/hearing/${administrator}`, { json: {} });
      expect([administrator, answer.status]).toEqual([administrator, 403]);
    }
    expect((await hub.person('dpo').ask('/v1/agreements/hearing/suspensions', { json: { reason: 'x' } })).status).toBe(
      404,
    );
    mustBe(200, await approve(world.trust, content, { approver: 'one-person' }));
    expect(mustBe(200, await approve(world.trust, content, { approver: 'one-person' })).json).toEqual({
      changed: false,
      state: 'draft',
    });
    expect((await approve(world.trust, content, { approver: 'another-person' })).status).toBe(409);
    const forBoth = await approve(world.school, content, { approver: 'one-person' });
    expect([forBoth.status, forBoth.text]).toEqual([409, expect.stringContaining('APPROVER_OF_BOTH')]);
    expect(await seen(hub.person('senco'), world.child, 'sen-support')).toEqual(before);
    const { agreements } = (await hub.person('dpo').ask('/v1/agreements')).json as {
      agreements: readonly { agreement: string; version: number }[];
    };
    expect(agreements.find(({ agreement }) => agreement === 'hearing')?.version).toBe(1);
  });

  it('takes effect with the second approver, and is undone in one step by either party', async () => {
    const content = contentOf({ ...wider, version: 3, categories: ['health.screening', 'health.therapy'] });
    mustBe(200, await draft(world.school, content));
    mustBe(200, await approve(world.trust, content));
    expect(mustBe(200, await approve(world.school, content)).json).toEqual({ changed: true, state: 'in-force' });
    const undo = { json: { version: 3, reason: 'one role too many' } };
    expect(mustBe(200, await world.school.system.ask('/v1/agreements/hearing/undoings', undo)).json).toEqual({
      changed: true,
    });
    const { json } = await hub.person('dpo').ask('/v1/agreements/hearing/versions/1');
    expect(json).toMatchObject({ state: 'in-force' });
    // The other way round somebody would see more: that takes both.
    const narrower = contentOf({ ...wider, version: 4, categories: ['health.therapy'], roles: ['senco'] });
    mustBe(200, await draft(world.trust, narrower));
    mustBe(200, await approve(world.trust, narrower));
    mustBe(200, await approve(world.school, narrower));
    const again = { json: { version: 4, reason: 'too little' } };
    const refused = await world.trust.system.ask('/v1/agreements/hearing/undoings', again);
    expect([refused.status, refused.json]).toMatchObject([409, { code: 'HUB_UNDO_NEEDS_BOTH_PARTIES' }]);
  });

  it('is due for review by the day it says', async () => {
    const due = async (day: string) => {
      const { json } = mustBe(200, await hub.person('dpo').ask(`/v1/agreements?reviewBy=${day}`));
      return (json as { agreements: readonly { agreement: string }[] }).agreements.map(({ agreement }) => agreement);
    };
    expect(await due('2035-12-31')).toEqual([]);
    expect((await due('2036-01-01')).sort()).toEqual(['hearing', 'voice']);
    expect((await hub.person('dpo').ask('/v1/agreements?reviewBy=2036-02-30')).status).toBe(400);
  });
});
