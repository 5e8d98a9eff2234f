import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { followSignals, sqliteOffsetStore, topicOf, type Following, type ReceivedSignal } from '#delivery/kafka';
import { sharedKafka } from '#testing/servers';
import { agree, mustBe, organisation, PUBLIC_TASK, type TestOrganisation } from '../running-hub.ts';
import { CANARY } from '../privacy/canary-child.ts';
import { MAYA, withdraw } from '../trust/world.ts';
import { believed, eventIn, hookReceiver, type HookReceiver } from './receiver.ts';
import {
  askAbout,
  deliveries,
  looksOf,
  screened,
  subscribe,
  toldWorld,
  until,
  wrote,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

const SUBJECT = { ...CANARY, localId: 'canary-1' };
const kafka = await sharedKafka();
const described = 'unavailable' in kafka ? describe.skip : describe;

described(
  'unavailable' in kafka ? `signals by Kafka (skipped: ${kafka.unavailable})` : `signals by Kafka (${kafka.what})`,
  () => {
    const brokers = 'unavailable' in kafka ? [] : kafka.brokers;
    let world: ToldWorld;
    let receiver: HookReceiver;
    let following: Following;
    let subscription: Subscribed;
    const received: ReceivedSignal[] = [];
    const keys = (): readonly string[] => received.map(({ key }) => key);

    beforeAll(async () => {
      world = await toldWorld({ env: { KAFKA_BROKERS: brokers.join() } });
      receiver = await hookReceiver();
      await enrolled(world.school, SUBJECT);
      subscription = await subscribe(world.school.system, { channel: 'kafka' });
      const topic = topicOf(world.school.id) ?? '';
      const group = `spec-${String(process.pid)}-${String(performance.now())}`;
      const store = sqliteOffsetStore(new DatabaseSync(':memory:'), `${topic}/${group}`, world.clock);
      for (const number of [1, 2, 3]) {
        await screened(world.trust, number);
        await screened(world.trust, 10 + number, SUBJECT);
      }
      following = followSignals({
        brokers,
        topic,
        group,
        store,
        // Another run may have left signals of its own hub in the topic.
        handle: async (signal) => {
          if (signal.source === `${world.hub.url}/`) received.push(signal);
        },
      });
      await until(() => received.length === 6, 'six records');
    });
    afterAll(async () => {
      await following.stop();
      await receiver.stop();
      await world.remove();
    });

    async function enrolled(school: TestOrganisation, subject: typeof MAYA): Promise<void> {
      const told = await school.tell({
        id: `enrol-${subject.localId}`,
        type: 'education.enrolment-started.v1',
        category: 'education.enrolment',
        basis: PUBLIC_TASK,
        subject,
        fact: { setting: '100101', startDate: '2022-09-01' },
      });
      expect(told.outcome).toBe('published');
    }

    /** Everything that was sent came, and each key's in the order of the log. */
    async function inOrder(): Promise<void> {
      const sent = (await deliveries(world.school.system, subscription.id)).map(({ signal }) => signal).toReversed();
      expect(received.map(({ id }) => id).toSorted()).toEqual(sent.toSorted());
      for (const of of Map.groupBy(received, ({ key }) => key).values()) {
        const ids = of.map(({ id }) => id);
        expect(ids).toEqual(sent.filter((id) => ids.includes(id)));
      }
    }

    it('come to the topic of the organisation, a key for each child, in the order in which they happened', async () => {
      expect(new Set(keys()).size).toBe(2);
      await inOrder();
      for (const of of Map.groupBy(received, ({ key }) => key).values()) {
        const children = new Set<unknown>();
        for (const { id, ask, kind, category } of of) {
          expect([kind, category, ask]).toEqual([
            'fact-published',
            'health.screening',
            `${world.hub.url}/v1/signals/${id}`,
          ]);
          children.add((mustBe(200, await askAbout(world.school.system, id)).json as { childId: string }).childId);
        }
        expect(children.size).toBe(1);
      }
      expect(JSON.stringify(received)).not.toContain(world.child);
    });

    it('bear the key that a webhook of the same organisation bears for the same child, and no other organisation’s', async () => {
      const hook = await subscribe(world.school.system, { url: receiver.url, categories: ['health.screening'] });
      const other = await organisation(world.hub, 'millbrook-primary', 'education');
      await enrolled(other, { ...MAYA, localId: 'mill-1' });
      const told = { recipient: other.id, purposes: ['sen-support'], roles: ['organisation-system'] as const };
      await agree(world.hub, { id: 'told-other', source: world.trust.id, categories: ['health.screening'], ...told });
      const theirs = await subscribe(other.system, { url: receiver.url });
      await screened(world.trust, 4);
      await until(() => receiver.taken.length === 2 && received.length === 7, 'all three');
      const [mine] = receiver.arrived.filter((each) => believed(each, hook.secret, Date.now()));
      const [foreign] = receiver.arrived.filter((each) => believed(each, theirs.secret, Date.now()));
      if (mine === undefined || foreign === undefined) throw new Error('nothing arrived');
      expect(eventIn(mine).subject).toBe(received.at(-1)?.key);
      expect(keys()).not.toContain(eventIn(foreign).subject);
    });

    it('bear the same keys after a restart, and are withheld like others', async () => {
      const before = new Set(keys());
      await world.restart();
      await screened(world.trust, 5);
      await until(() => received.length === 8, 'one record more');
      expect(new Set(keys())).toEqual(before);
      await withdraw(world.hub, world.child, 'voice-1');
      await wrote(world.family, 1, 'Horses.');
      await screened(world.trust, 6);
      await until(() => received.length === 9, 'the next record');
      expect(received.at(-1)?.category).toBe('health.screening');
      await inOrder();
      const looks = await looksOf(world.hub, subscription.id);
      expect(looks.every(({ route }) => route === 'SIGNAL kafka')).toBe(true);
      expect(await world.hub.metrics()).toMatch(/tellonce_kafka_deliveries_total\{outcome="sent"\} 2/);
    });

    it('go to one topic: a second subscription to it is refused', async () => {
      const json = { channel: 'kafka', purpose: 'direct-care' };
      const answer = await world.school.system.ask('/v1/signal-subscriptions', { json });
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('KAFKA_SUBSCRIBED_ALREADY')]);
    });
  },
);
