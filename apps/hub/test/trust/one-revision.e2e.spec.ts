import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeRecord, protectionStream, REGISTRY_STREAM, type LookContent, type LookEvent } from '#contracts';
import type { ChildId } from '#kernel';
import {
  emptyProtection,
  emptyRegistry,
  evolveProtection,
  evolveRegistry,
  openLook,
  permittedSlices,
  type Protection,
  type Registry,
} from '#sharing';
import { grantProcess } from '#vault';
import { approve, contentOf, draft } from '../agreements.ts';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { tellWorld, type World } from './world.ts';

const HEARING = 'health.newborn-hearing-outcome.v1';
const ROUNDS = 12;

describe('the registry while it changes under load', () => {
  let hub: RunningHub;
  let world: World;

  beforeAll(async () => {
    hub = await runningHub();
    world = await tellWorld(hub);
    await caughtUp(hub);
  });
  afterAll(() => hub.remove());

  /** Every state of the registry there ever was, by revision, folded from the log alone. */
  async function registries(): Promise<readonly Registry[]> {
    const states: Registry[] = [];
    for (const event of await hub.composed.opened.core.log.readStream(REGISTRY_STREAM))
      states.push(evolveRegistry(states.at(-1) ?? emptyRegistry(), decodeRecord(event.data) as never));
    return states;
  }
  async function protectionAt(child: ChildId, revision: number): Promise<Protection> {
    const events = await hub.composed.opened.core.log.readStream(protectionStream(child), { limit: revision + 1 });
    return events.map(({ data }) => decodeRecord(data) as never).reduce(evolveProtection, emptyProtection(child));
  }
  async function looks(): Promise<ReadonlyMap<string, LookContent>> {
    const { log, vault } = hub.composed.opened.core;
    const found = new Map<string, LookContent>();
    for await (const events of log.readAll({ families: ['look'] })) {
      for (const { data } of events) {
        const record = decodeRecord(data) as unknown as LookEvent;
        if (record.type !== 'look.recorded.v1') continue;
        const { decision, sealed } = record.data;
        const look = await openLook(vault, grantProcess('test'), decision, record.by, sealed);
        if (look !== undefined) found.set(decision, look);
      }
    }
    return found;
  }

  /** Drafts, approvals, suspensions, resumptions and undoings of the agreement that the looks rest on, as fast as they go. */
  async function change(): Promise<void> {
    const { trust, school } = world;
    const path = '/v1/agreements/hearing';
    for (let version = 2; version < 2 + ROUNDS; version++) {
      const scope = { purposes: ['sen-support'], roles: ['senco'] as const };
      const categories = version % 2 === 0 ? ['health.therapy'] : ['health.screening', 'health.therapy'];
      const content = contentOf({
        id: 'hearing',
        version,
        source: trust.id,
        recipient: school.id,
        categories,
        ...scope,
      });
      mustBe(200, await draft(trust, content));
      await Promise.all([approve(trust, content), approve(school, content)]).then((both) =>
        both.map((each) => mustBe(200, each)),
      );
      if (version % 3 === 0) {
        mustBe(200, await trust.system.ask(`${path}/suspensions`, { json: { reason: 'load' } }));
        mustBe(200, await trust.system.ask(`${path}/resumptions`, { method: 'POST' }));
      }
      // Odd versions let see more than the one before, so that undoing them restricts.
      if (version === 5 || version === 11)
        mustBe(200, await school.system.ask(`${path}/undoings`, { json: { version, reason: 'load' } }));
    }
  }

  it('is cited by each look with exactly one revision, and that one decided it', async () => {
    const senco = hub.person('senco');
    const answers = new Map<string, boolean>();
    let changing = true;
    const look = async () => {
      while (changing) {
        const answer = await timeline(senco, world.child, 'sen-support');
        // Moved too often to decide: refused, and said so.
        if (answer.status === 503) continue;
        const { items } = mustBe(200, answer).json as { items: readonly { type: string }[] };
        answers.set(
          answer.headers.get('hub-decision-id') ?? '',
          items.some(({ type }) => type === HEARING),
        );
      }
    };
    await Promise.all([change().finally(() => (changing = false)), look(), look(), look(), look()]);

    const [states, kept] = [await registries(), await looks()];
    const decided = [...answers.keys()];
    expect(decided.length).toBeGreaterThan(20);
    for (const decision of decided) {
      const content = kept.get(decision);
      if (content === undefined) throw new Error(`no look ${decision}`);
      const { registryRevision, at, reader, purpose, effect, slices } = content;
      const registry = states[registryRevision];
      expect(registry?.revision).toBe(registryRevision);
      const protections = await Promise.all(
        content.protection.map(({ child, revision }) => protectionAt(child, revision)),
      );
      const permits = permittedSlices({ reader, purpose, at, registry, protections });
      expect(effect).toBe(permits.length > 0 ? 'permit' : 'deny');
      const may = permits.map(({ slice, agreement }) =>
        [slice.organisation, slice.category, agreement?.id, agreement?.version].join(),
      );
      for (const seen of slices)
        expect(may).toContain([seen.organisation, seen.category, seen.agreement, seen.version].join());
      // What left is what that registry allowed: all of it, and nothing of another.
      const allowed = may.some((each) => each.startsWith(`${world.trust.id},health.screening,hearing`));
      expect([decision, answers.get(decision)]).toEqual([decision, allowed]);
    }
    // It did change under them: both answers were given, by several registries.
    expect(new Set(answers.values())).toEqual(new Set([true, false]));
    expect(new Set(decided.map((decision) => kept.get(decision)?.registryRevision)).size).toBeGreaterThan(5);
  });

  it('moves by one event for each command, in turns: no approval is lost or counted twice', async () => {
    const { trust, school } = world;
    const before = (await registries()).length;
    const contents = Array.from({ length: 8 }, (_, n) =>
      contentOf({
        id: `side-${String(n)}`,
        source: trust.id,
        recipient: school.id,
        categories: ['health.waiting'],
        purposes: ['sen-support'],
        roles: ['senco'],
      }),
    );
    await Promise.all(contents.map((content) => draft(trust, content)));
    const asked = contents.flatMap((content) => [trust, school, trust, school].map((party) => approve(party, content)));
    const answers = (await Promise.all(asked)).map((answer) => mustBe(200, answer).json as { changed: boolean });
    expect(answers.filter(({ changed }) => changed)).toHaveLength(contents.length * 2);
    // Drafted, approved, approved, in force: each once.
    const states = await registries();
    expect(states.length - before).toBe(contents.length * 4);
    for (const { agreement } of contents) expect(states.at(-1)?.agreements.has(agreement)).toBe(true);
  });
});
