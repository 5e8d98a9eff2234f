import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { decodeRecord, type LookContent, type LookEvent } from '#contracts';
import type { Chance } from '#kernel';
import { CORE, type Core } from '#nest-platform';
import type { HubClient } from '#nest-platform/client';
import { openLook } from '#sharing';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { grantProcess } from '#vault';
import { agree, caughtUp, mustBe, organisation, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';
import { tellWorld, type World } from '../trust/world.ts';
import { asked, audit, counted, results, type Status } from './asking.ts';

/** Every look of a hub, opened. */
async function looksOf(hub: RunningHub): Promise<readonly LookContent[]> {
  const core = hub.composed.app.get<Core>(CORE);
  const looks: LookContent[] = [];
  for await (const batch of core.log.readAll({ families: ['look'] }))
    for (const { data } of batch) {
      const record = decodeRecord(data) as unknown as LookEvent;
      if (record.type !== 'look.recorded.v1') continue;
      const { decision, sealed } = record.data;
      const look = await openLook(core.vault, grantProcess('usage'), decision, record.by, sealed);
      if (look !== undefined) looks.push(look);
    }
  return looks;
}

describe('questions about decisions', () => {
  let hub: RunningHub;
  let world: World;
  let dpo: HubClient;
  let oakfield: HubClient;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await organisation(hub, 'bridgewater-high', 'education');
    await caughtUp(hub);
    [dpo, oakfield] = [hub.person('dpo'), hub.person('dpo-oakfield')];
    for (let n = 0; n < 3; n++) mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    mustBe(404, await timeline(hub.person('teacher-elsewhere'), world.child, 'sen-support'));
    mustBe(200, await timeline(hub.person('health-visitor'), world.child, 'direct-care'));
    mustBe(403, await timeline(hub.person('senco'), world.child, 'safeguarding'));
  });
  afterAll(() => hub.remove());

  it('say who looked at a child, why, and under which agreement', async () => {
    const status = await asked(hub, dpo, { child: world.child, user: 'person-7f3a' });
    expect(status).toMatchObject({ count: 3, complete: true });
    const rows = await results(dpo, status.id, 2);
    expect(rows).toHaveLength(3);
    for (const row of rows) {
      expect(row).toMatchObject({
        effect: 'permit',
        organisation: world.school.id,
        role: 'senco',
        user: 'person-7f3a',
        purpose: 'sen-support',
        child: world.child,
        route: 'GET /v1/children/:childId/timeline',
      });
      expect(row.slices).toContainEqual(
        expect.objectContaining({ organisation: world.trust.id, category: 'health.screening', agreement: 'hearing' }),
      );
      expect(row.facts).toBeGreaterThan(0);
    }
  });

  it('give a refusal its reason in words', async () => {
    const denied = await asked(hub, dpo, { child: world.child, effect: 'deny' });
    const [row] = await results(dpo, denied.id);
    expect(row).toMatchObject({
      organisation: 'bridgewater-high',
      role: 'class-teacher',
      reasons: [{ reason: 'no-relationship', words: expect.stringMatching(/^Nothing says that the reader works/) }],
    });
    const early = await asked(hub, dpo, { effect: 'deny', user: 'person-7f3a' });
    expect((await results(dpo, early.id)).map(({ child, reasons }) => [child, reasons[0]?.words])).toContainEqual([
      null,
      'The role may not look for this purpose.',
    ]);
  });

  it('find by purpose, role, source, category and time, and nothing beyond', async () => {
    const count = async (filters: object) => (await asked(hub, dpo, { child: world.child, ...filters })).count;
    expect(await count({ purpose: 'direct-care', role: 'health-visitor' })).toBe(1);
    expect(await count({ organisation: world.school.id, source: world.trust.id })).toBe(3);
    expect(await count({ organisation: world.school.id, category: 'health.mental' })).toBe(0);
    expect(await count({ organisation: world.school.id, breakGlass: true })).toBe(0);
    expect(await count({ organisation: world.school.id, from: '2099-01-01' })).toBe(0);
    expect(await count({ organisation: world.school.id, from: '2020-01-01', to: '2099-01-01' })).toBe(3);
  });

  it.each<[unknown, string]>([
    [{ filters: { child: 'Maya' } }, '/filters/child'],
    [{ filters: { from: 'yesterday' } }, '/filters/from'],
    [{ filters: { to: '2026-02-30' } }, '/filters/to'],
    [{ filters: { purpose: 'gossip' } }, '/filters/purpose'],
    [{ filters: { surname: 'Okafor' } }, '/filters'],
    [{}, '/filters'],
  ])('that are wrong, %j, say where', async (json, pointer) => {
    const answer = mustBe(400, await audit(dpo, '', json));
    expect((answer.json as { errors: readonly { pointer: string }[] }).errors.map((each) => each.pointer)).toContain(
      pointer,
    );
  });

  it('are answered as of when they were asked, completely, while looks arrive and pages are read', async () => {
    const filters = { child: world.child, purpose: 'sen-support' };
    const { id, count } = await asked(hub, dpo, filters);
    const first = mustBe(200, await audit(dpo, `/${id}/results?limit=2`)).json as {
      decisions: readonly { decision: string }[];
      next: string;
    };
    for (let n = 0; n < 5; n++) mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    await caughtUp(hub);
    const rows = await results(dpo, id, 2);
    expect(rows).toHaveLength(count);
    expect(new Set(rows.map(({ decision }) => decision)).size).toBe(count);
    expect(rows.slice(0, 2).map(({ decision }) => decision)).toEqual(first.decisions.map(({ decision }) => decision));
    expect((await counted(hub, dpo, id)).count).toBe(count);
    expect((await asked(hub, dpo, filters)).count).toBe(count + 5);
  });

  it('and every page of an answer are looks themselves, with what was asked sealed in them', async () => {
    const before = (await looksOf(hub)).length;
    const { id } = mustBe(202, await audit(dpo, '', { filters: { child: world.child } })).json as Status;
    await counted(hub, dpo, id);
    mustBe(200, await audit(dpo, `/${id}/results?limit=1`));
    mustBe(200, await audit(dpo, `/${id}/export?format=csv`));
    const new_ = (await looksOf(hub)).slice(before);
    expect(new Set(new_.map(({ route }) => route))).toEqual(
      new Set([
        'POST /v1/audit-queries',
        'GET /v1/audit-queries/:id',
        'GET /v1/audit-queries/:id/results',
        'GET /v1/audit-queries/:id/export',
      ]),
    );
    for (const { child, purpose, detail } of new_) {
      expect([child, purpose]).toEqual([null, 'audit']);
      expect(JSON.parse(detail ?? '')).toEqual(expect.any(Object));
    }
    expect(new_[0]?.detail).toContain(world.child);
    // In the log itself no child is named by what was asked.
    const core = hub.composed.app.get<Core>(CORE);
    for await (const batch of core.log.readAll({ families: ['auditQuery', 'look'] }))
      for (const { data } of batch) expect(Buffer.from(data).includes(world.child)).toBe(false);
    // The officer's own asking is found by asking.
    const again = await asked(hub, dpo, { organisation: 'hub', route: 'POST /v1/audit-queries' });
    expect(again.count).toBeGreaterThan(0);
  });

  it('are nobody else’s: another officer, a parent and a stranger to the area get no word', async () => {
    const { id } = await asked(hub, dpo, { child: world.child });
    for (const path of [`/${id}`, `/${id}/results`, `/${id}/export?format=csv`, `/${id}/export/manifest?format=csv`]) {
      const foreign = mustBe(404, await audit(oakfield, path));
      const absent = mustBe(404, await audit(oakfield, path.replace(id, '11111111-1111-4111-8111-111111111111')));
      const words = (text: string) => text.replace(/"instance":"[^"]*"/, '');
      expect(words(foreign.text)).toBe(words(absent.text));
      const parent = await hub.person('parent').ask(`/v1/audit-queries${path}`, {
        headers: { 'hub-purpose': 'subject-access' },
      });
      expect(parent.status).toBe(403);
    }
    const other = await dpo.ask(`/v1/audit-queries/${id}`, { headers: { 'hub-purpose': 'subject-access' } });
    expect([other.status, (other.json as { code: string }).code]).toEqual([403, 'HUB_DECISIONS_NOT_YOURS']);
  });

  it('of an organisation’s officer show its own people, and of others what they might read of its own facts', async () => {
    await agree(hub, {
      id: 'enrolment',
      source: world.school.id,
      recipient: world.trust.id,
      categories: ['education.enrolment'],
      purposes: ['direct-care'],
      roles: ['health-visitor'],
    });
    mustBe(200, await timeline(hub.person('health-visitor'), world.child, 'direct-care'));
    const rows = await results(oakfield, (await asked(hub, oakfield, { child: world.child })).id);
    const own = rows.filter((row) => row.organisation === world.school.id);
    expect(own.length).toBeGreaterThan(2);
    expect(new Set(own.map(({ user }) => user))).toEqual(new Set(['person-7f3a']));
    const others = rows.filter((row) => row.organisation !== world.school.id);
    expect(others).toEqual([
      expect.objectContaining({
        organisation: world.trust.id,
        role: 'health-visitor',
        user: null,
        detail: null,
        facts: null,
        protection: [],
        slices: [expect.objectContaining({ organisation: world.school.id, category: 'education.enrolment' })],
      }),
    ]);
    // What is not shown can't be asked for: whose name it was, which other facts were read with it.
    const byName = await asked(hub, oakfield, { child: world.child, user: 'person-52be' });
    const bySource = await asked(hub, oakfield, {
      child: world.child,
      organisation: world.trust.id,
      source: world.trust.id,
    });
    expect([byName.count, bySource.count]).toEqual([0, 0]);
  });
});

it('a question outlives a restart, and is answered as before', async () => {
  const folder = temporaryFolder();
  let hub = await runningHub({ folder: folder.path });
  try {
    const world = await tellWorld(hub);
    await caughtUp(hub);
    for (let n = 0; n < 3; n++) mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    const { id, count } = await asked(hub, hub.person('dpo'), { child: world.child });
    const before = await results(hub.person('dpo'), id);
    const port = Number(new URL(hub.url).port);
    await hub.stop();
    hub = await runningHub({ folder: folder.path, port });
    mustBe(200, await timeline(hub.person('senco'), world.child, 'sen-support'));
    expect(await counted(hub, hub.person('dpo'), id)).toMatchObject({ id, count, complete: true });
    expect(await results(hub.person('dpo'), id, 1)).toEqual(before);
  } finally {
    await hub.stop();
    folder.remove();
  }
});

describe('two worlds that differ in another organisation’s look', () => {
  afterAll(() => void jest.useRealTimers());

  /** Everything that Oakfield's officer is answered. */
  async function answersIn(
    more: (hub: RunningHub, world: World) => Promise<unknown>,
    at: ReturnType<typeof fakeClock>,
    port?: number,
  ) {
    let drawn: Chance = fakeChance('telling');
    const hub = await runningHub({
      clock: at,
      chance: { bytes: (count) => drawn.bytes(count) },
      ...(port === undefined ? {} : { port }),
    });
    try {
      const world = await tellWorld(hub);
      await organisation(hub, 'bridgewater-high', 'education');
      await caughtUp(hub);
      const looked = { 'hub-purpose': 'sen-support', 'x-request-id': '22222222-2222-4222-8222-222222222222' };
      mustBe(200, await hub.person('senco').ask(`/v1/children/${world.child}/timeline`, { headers: looked }));
      await more(hub, world);
      const [reading, polling] = [fakeChance('reading'), fakeChance('polling')];
      drawn = reading;
      const officer = hub.person('dpo-oakfield');
      const said: string[] = [];
      const ask = async (path: string, json?: unknown) => {
        const headers = { 'hub-purpose': 'audit', 'x-request-id': '11111111-1111-4111-8111-111111111111' };
        const answer = await officer.ask(`/v1/audit-queries${path}`, {
          headers,
          ...(json === undefined ? {} : { json }),
        });
        const given = [...answer.headers].filter(([name]) => name !== 'date');
        said.push(String(answer.status), JSON.stringify(given), answer.text);
        return answer;
      };
      for (const filters of [
        {},
        { child: world.child },
        { source: world.trust.id },
        { user: 'person-52be' },
        { effect: 'deny' },
      ]) {
        const { id } = mustBe(202, await ask('', { filters })).json as Status;
        // How often it is polled depends on the machine: none of it may touch what is compared.
        drawn = polling;
        await counted(hub, officer, id);
        drawn = reading;
        for (const path of [
          '',
          '/results',
          '/results?limit=1',
          '/export?format=csv',
          '/export?format=jsonl',
          '/export?format=fhir',
        ])
          mustBe(200, await ask(`/${id}${path}`));
      }
      return { said, port: Number(new URL(hub.url).port) };
    } finally {
      await hub.remove();
    }
  }

  it('are one to an officer of neither, byte for byte, in pages and files', async () => {
    // What the systems sign is dated by the same moment as what the hub reads.
    standingDate(Date.now());
    const clock = fakeClock(new Date().toISOString());
    const without = await answersIn(async () => undefined, clock);
    const withIt = await answersIn(
      async (hub, { child }) => {
        mustBe(200, await timeline(hub.person('health-visitor'), child, 'direct-care'));
        mustBe(404, await timeline(hub.person('teacher-elsewhere'), child, 'sen-support'));
      },
      clock,
      without.port,
    );
    expect(withIt.said.filter((words, at) => words !== without.said[at])).toEqual([]);
    expect(withIt.said).toHaveLength(without.said.length);
    // They are answers at all.
    expect(without.said.join()).toContain('person-7f3a');
  });
});
