import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isSignalEvent } from '#delivery';
import { createLogger } from '#nest-platform';
import { caughtUp, mustBe, ON_SERVERS, PUBLIC_TASK } from '../running-hub.ts';
import { CANARIES, CANARY } from '../privacy/canary-child.ts';
import { wordsIn, wordsUnder } from '../privacy/canary-scan.ts';
import { believed, eventIn, hookReceiver, type HookReceiver } from './receiver.ts';
import {
  askAbout,
  deliveries,
  screened,
  subscribe,
  toldWorld,
  until,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

/** What the school knows of the canary; nothing of it may be in what goes out. */
const SUBJECT = { ...CANARY, localId: 'canary-1' };

interface Usage {
  readonly organisation: string;
  readonly role: string;
  readonly purpose: string;
  readonly effect: string;
  readonly system: string;
  readonly categories: readonly { readonly category: string }[];
  readonly facts: number;
}

describe('a webhook', () => {
  const lines: string[] = [];
  let world: ToldWorld;
  let receiver: HookReceiver;
  let subscription: Subscribed;

  beforeAll(async () => {
    const logger = createLogger('trace', { write: (line) => void lines.push(line) });
    world = await toldWorld({ logger });
    receiver = await hookReceiver();
    subscription = await subscribe(world.school.system, { url: receiver.url });
    const enrolled = await world.school.tell({
      id: 'enrol-canary',
      type: 'education.enrolment-started.v1',
      category: 'education.enrolment',
      basis: PUBLIC_TASK,
      subject: SUBJECT,
      fact: { setting: '100101', startDate: '2022-09-01' },
    });
    expect([enrolled.outcome, (await screened(world.trust, 1, SUBJECT)).outcome]).toEqual(['published', 'published']);
    await until(() => receiver.arrived.length === 1, 'a webhook');
  });
  afterAll(async () => {
    await receiver.stop();
    await world.remove();
  });

  /** Looks of systems at the child of the world, as somebody reads them. */
  async function looks(person: string, purpose: string) {
    await caughtUp(world.hub);
    const path = `/v1/children/${world.child}/usage`;
    const { usages } = mustBe(200, await world.hub.person(person).ask(path, { headers: { 'hub-purpose': purpose } }))
      .json as { usages: readonly Usage[] };
    return usages
      .filter(({ role, organisation }) => role === 'organisation-system' && organisation === world.school.id)
      .map(({ organisation, system, purpose: why, effect, categories, facts }) => {
        const by = system === `signals:${subscription.id}` ? 'told' : 'asked';
        return [organisation, by, why, effect, categories.map(({ category }) => category).join(), facts];
      })
      .toSorted();
  }

  it('is one signal, signed with the secret that was shown once', () => {
    const [arrived] = receiver.arrived;
    if (arrived === undefined) throw new Error('nothing arrived');
    expect(believed(arrived, subscription.secret, Date.now())).toBe(true);
    expect(believed(arrived, `whsec_${Buffer.alloc(32).toString('base64')}`, Date.now())).toBe(false);
    const { data, ...attributes } = eventIn(arrived);
    expect(isSignalEvent({ attributes, data })).toBe(true);
    expect(attributes).toMatchObject({ source: `${world.hub.url}/`, type: 'tellonce.signal.fact-published.v1' });
    expect(data).toEqual({
      kind: 'fact-published',
      category: 'health.screening',
      ask: `${world.hub.url}/v1/signals/${attributes.id}`,
    });
  });

  it('tells where to ask, and whoever subscribed is answered, for that purpose only', async () => {
    const [arrived] = receiver.arrived;
    const { id, time } = eventIn(arrived ?? { headers: {}, body: '{}', nth: 0 });
    const answer = mustBe(200, await askAbout(world.school.system, id));
    const about = { id, kind: 'fact-published', category: 'health.screening', source: world.trust.id, time };
    expect(answer.json).toEqual({ ...about, childId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown });
    expect(answer.headers.get('hub-decision-id')).not.toBeNull();
    expect((await askAbout(world.school.system, id, 'direct-care')).status).toBe(404);
    expect((await askAbout(world.trust.system, id)).status).toBe(404);
    expect((await askAbout(world.hub.person('senco'), id)).status).toBe(403);
  });

  it('is a look, and asking is another: the family and the officer read both', async () => {
    const before = await looks('parent', 'subject-access');
    await screened(world.trust, 2);
    await until(() => receiver.taken.length === 2, 'a second webhook');
    const { childId } = mustBe(200, await askAbout(world.school.system, String(receiver.taken[1]))).json as {
      childId: string;
    };
    expect(childId).toBe(world.child);
    expect(before).toEqual([]);
    for (const [person, purpose] of [
      ['parent', 'subject-access'],
      ['dpo', 'audit'],
    ] as const)
      expect(await looks(person, purpose)).toEqual(
        ['asked', 'told'].map((by) => [world.school.id, by, 'sen-support', 'permit', 'health.screening', 1]),
      );
  });

  it('is listed for its organisation: what became of it, and nothing of the child', async () => {
    const [newest, delivery] = await deliveries(world.school.system, subscription.id);
    expect(newest?.signal).toBe(receiver.taken[1]);
    expect(delivery).toEqual({
      signal: receiver.taken[0],
      kind: 'fact-published',
      category: 'health.screening',
      state: 'sent',
      attempts: 1,
      code: null,
      time: expect.any(String) as unknown,
      dueAt: null,
      settledAt: expect.any(String) as unknown,
    });
  });

  it('holds nothing of the child, nor do the log lines and the outbox; the secret is nowhere', async () => {
    const said = receiver.arrived.map(({ headers, body }) => `${JSON.stringify(headers)}${body}`).join();
    expect(said).not.toBe('');
    const secret = subscription.secret.slice('whsec_'.length);
    const searched = [...CANARIES, SUBJECT.localId, secret];
    expect(wordsIn(Buffer.from(said), searched)).toEqual([]);
    expect(lines.some((line) => line.includes('"event":"delivery"'))).toBe(true);
    expect(wordsIn(Buffer.from(lines.join()), searched)).toEqual([]);
    const { childId } = mustBe(200, await askAbout(world.school.system, String(receiver.taken[0]))).json as {
      childId: string;
    };
    await world.hub.dump();
    for (const file of ON_SERVERS ? ['servers/delivery.signal'] : ['var/delivery.db', 'var/delivery.db-wal']) {
      const bytes = readFileSync(join(world.hub.folder, file));
      expect([file, bytes.length > 0, wordsIn(bytes, [...searched, childId])]).toEqual([file, true, []]);
    }
    expect(wordsUnder(world.hub.folder, [secret])).toEqual([]);
    expect(wordsIn(Buffer.from(said), [childId])).toEqual([]);
  });
});
