import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { sharedKafka } from '#testing/servers';
import type { OrganisationId } from '#kernel';
import type { Signal } from '../src/port.ts';
import { recordOf } from './message.ts';
import { replayLetter } from './replay.ts';
import { bareKafka, makeTopic, withAdmin, write } from './test/bare.ts';
import { describeOn } from './test/on-kafka.ts';
import { receiver, type Receiver } from './test/receiver.ts';
import { inOrder, newOrganisation, numberOf, signal, signals } from './test/signals.ts';
import { topicOf } from './topic.ts';

describeOn(await sharedKafka(), 'a receiving organisation', (server) => {
  let kafka: Kafka;
  let organisation: OrganisationId;
  let topic: string;
  let ours: Receiver;
  beforeEach(async () => {
    kafka = bareKafka(server().brokers);
    organisation = newOrganisation();
    topic = topicOf(organisation) ?? '';
    await makeTopic(kafka, topic, 2);
    ours = receiver({ brokers: server().brokers, topic });
  });
  afterEach(() => ours.close());
  const records = (all: readonly Signal[], partition?: number) =>
    all.map((each) => {
      const record = recordOf(each, '/hub');
      if (record === undefined) throw new Error('not a signal');
      return { ...record, headers: { ...record.headers }, ...(partition !== undefined && { partition }) };
    });
  const numbers = () => ours.effects().map(numberOf);

  it('handles each signal once, in the order of its key, and goes on where it was', async () => {
    await write(kafka, topic, records(signals(organisation, 300, 10)));
    const first = ours.follow();
    await ours.until(100);
    await first.stop();
    const before = ours.effects().length;
    ours.follow();
    await ours.until(300);
    expect(before).toBeGreaterThanOrEqual(100);
    expect(inOrder(ours.effects())).toBe(true);
    expect(ours.faults()).toEqual([]);
  });

  it('drops copies, whatever lies between them', async () => {
    const all = signals(organisation, 20, 4);
    await write(kafka, topic, records([...all, ...all.slice(0, 10)]));
    await write(kafka, topic, records(all));
    await write(kafka, topic, records([signal(organisation, 20)]));
    ours.follow();
    await ours.until(21);
    expect(inOrder(ours.effects())).toBe(true);
  });

  it('sets aside what is no signal, whole and with the reason, and the rest goes on', async () => {
    const [good] = records([signal(organisation, 1)], 0);
    if (good === undefined) throw new Error('no record');
    await write(kafka, topic, [
      ...records([signal(organisation, 0)], 0),
      { ...good, value: 'Ada Canary' },
      { ...good, value: null },
      { ...good, key: null },
      { ...good, headers: {} },
      { ...good, headers: { ...good.headers, ce_type: 'tellonce.signal.fact-published.v2' } },
      { ...good, headers: { ...good.headers, 'content-type': 'text/plain' } },
      ...records([signal(organisation, 2)], 0),
    ]);
    ours.follow();
    await ours.until(2);
    const letters = await ours.store.letters(0, 10);
    expect(letters.map(({ offset, reason }) => [offset, reason])).toEqual([
      [1, 'value-malformed'],
      [2, 'no-value'],
      [3, 'no-key'],
      [4, 'header-missing'],
      [5, 'unknown-type'],
      [6, 'wrong-content-type'],
    ]);
    expect(Buffer.from(letters[0]?.value ?? []).toString()).toBe('Ada Canary');
    expect(numbers()).toEqual([0, 2]);
    expect(JSON.stringify(ours.troubles)).not.toMatch(/canary/i);
  });

  it('replays what was set aside: once, and only if it can be handled now', async () => {
    await write(kafka, topic, [
      ...records([signal(organisation, 0)]),
      { ...records([signal(organisation, 1)])[0], key: null, value: '?' },
    ]);
    ours.follow({ handle: async ({ ask }) => (ask === '' ? undefined : { setAside: 'not-ours' }) });
    await ours.when(async () => (await ours.store.letters(0, 9)).length === 2);
    const letters = await ours.store.letters(0, 9);
    const ready = letters.find(({ reason }) => reason === 'not-ours')?.id ?? 0;
    const unreadable = letters.find(({ reason }) => reason === 'no-key')?.id ?? 0;
    const handled: string[] = [];
    const handle = async ({ id }: { readonly id: string }) => {
      handled.push(id);
      return undefined;
    };
    expect(await replayLetter(ours.store, ready, async () => ({ setAside: 'still-not' }))).toEqual({
      kind: 'still',
      reason: 'still-not',
    });
    expect(await replayLetter(ours.store, unreadable, handle)).toEqual({ kind: 'still', reason: 'no-key' });
    expect(await replayLetter(ours.store, ready, handle)).toEqual({ kind: 'handled' });
    expect(await replayLetter(ours.store, ready, handle)).toEqual({ kind: 'absent' });
    expect(handled).toEqual([signal(organisation, 0).id]);
    expect((await ours.store.letters(0, 9)).map(({ id }) => id)).toEqual([unreadable]);
  });

  it('tries again what its handler threw at, in order; other partitions go on meanwhile', async () => {
    await write(kafka, topic, [
      ...records(signals(organisation, 3), 0),
      ...records([signal(organisation, 3), signal(organisation, 4)], 1),
    ]);
    let thrown = 0;
    const seen: number[] = [];
    ours.follow({
      backOff: () => 50,
      handle: async (given) => {
        if (numberOf(given) === 1 && (thrown < 4 || seen.length < 3)) {
          thrown += 1;
          throw new Error('the receiver is down');
        }
        seen.push(numberOf(given));
      },
    });
    await ours.when(() => seen.length === 5);
    expect(seen.filter((n) => n < 3)).toEqual([0, 1, 2]);
    expect(seen.indexOf(4)).toBeLessThan(seen.indexOf(1));
    expect(ours.faults().map(({ code, offset }) => [code, offset])).toEqual(
      Array.from({ length: thrown }, () => ['not-handled', 1]),
    );
    expect(ours.faults().at(-1)?.failures).toBe(thrown);
    expect(ours.faults()[0]?.error).toEqual(new Error('the receiver is down'));
  });

  it('believes its own store and not the group: offsets moved there lose and repeat nothing', async () => {
    await write(kafka, topic, records(signals(organisation, 20), 0));
    const first = ours.follow();
    await ours.until(20);
    await first.stop();
    await write(
      kafka,
      topic,
      records(
        Array.from({ length: 20 }, (_, n) => signal(organisation, 20 + n)),
        0,
      ),
    );
    const moved = { groupId: `of-${topic}`, topic, partitions: [{ partition: 0, offset: '35' }] };
    await withAdmin(kafka, (admin) => admin.setOffsets(moved));
    ours.follow();
    await ours.until(40);
    expect(numbers()).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('says that signals were deleted before it read them, and goes on', async () => {
    await write(kafka, topic, records(signals(organisation, 10), 0));
    const first = ours.follow();
    await ours.until(10);
    await first.stop();
    await write(
      kafka,
      topic,
      records(
        Array.from({ length: 10 }, (_, n) => signal(organisation, 10 + n)),
        0,
      ),
    );
    await withAdmin(kafka, async (admin) => {
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '15' }] });
    });
    ours.follow();
    await ours.until(15);
    expect(numbers().slice(10)).toEqual([15, 16, 17, 18, 19]);
    expect(ours.faults()).toEqual([{ code: 'gap', partition: 0, offset: 15 }]);
  });

  it('reads a topic that was made anew from its start; ids tell what is new', async () => {
    await write(kafka, topic, records(signals(organisation, 10), 0));
    const first = ours.follow();
    await ours.until(10);
    await first.stop();
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topic] }));
    await makeTopic(kafka, topic, 2);
    await write(kafka, topic, records([signal(organisation, 9), signal(organisation, 10)], 0));
    ours.follow();
    await ours.until(11);
    expect(numbers()).toEqual(Array.from({ length: 11 }, (_, n) => n));
    expect(ours.faults()).toEqual([{ code: 'began-anew', partition: 0, offset: 0 }]);
  });

  it('waits for a topic that is not there yet', async () => {
    const later = newOrganisation();
    const theirs = receiver({ brokers: server().brokers, topic: topicOf(later) ?? '', backOff: () => 100 });
    try {
      theirs.follow();
      await theirs.when(() => theirs.troubles.some(({ code }) => code === 'unknown-topic'));
      await makeTopic(kafka, topicOf(later) ?? '', 1);
      await write(kafka, topicOf(later) ?? '', records([signal(later, 0)]));
      await theirs.until(1);
    } finally {
      await theirs.close();
    }
  });
});
