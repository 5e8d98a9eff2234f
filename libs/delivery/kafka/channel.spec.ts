import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { sharedKafka } from '#testing/servers';
import type { OrganisationId } from '#kernel';
import type { Channel, Signal } from '../src/port.ts';
import { kafkaChannel } from './channel.ts';
import type { KafkaLogEntry } from './log.ts';
import { bareKafka, contents, makeTopic, withAdmin } from './test/bare.ts';
import { describeOn } from './test/on-kafka.ts';
import { inOrder, newOrganisation, signal, signals } from './test/signals.ts';
import { topicOf, type KafkaEndpoint } from './topic.ts';
import { always } from '../src/test/always.ts';

const CREATE = { partitions: 4, replication: 1 };

describeOn(await sharedKafka(), 'the Kafka channel', (server) => {
  const brokers = () => server().brokers;
  let organisation: OrganisationId;
  let log: KafkaLogEntry[];
  let channel: Channel<KafkaEndpoint>;
  const open = (more: object = { create: CREATE }) =>
    kafkaChannel({ brokers: brokers(), source: '/hub', log: (entry) => log.push(entry), ...more });
  const topic = () => topicOf(organisation) ?? '';
  const send = (all: readonly Signal[]) => channel.send({ organisation }, all, always);
  const asks = async () =>
    (await contents(bareKafka(brokers()), topic())).map(({ key, value }) => ({
      key: key ?? '',
      ...(JSON.parse(value ?? '{}') as { readonly ask: string }),
    }));

  beforeEach(() => {
    organisation = newOrganisation();
    log = [];
    channel = open();
  });
  afterEach(() => channel.close());

  it('makes the topic and puts a signal there in binary mode', async () => {
    const sent = signal(organisation, 7);
    expect(await send([sent])).toEqual([{ kind: 'sent' }]);
    const [record, ...others] = await contents(bareKafka(brokers()), topic());
    expect(others).toEqual([]);
    expect(record?.key).toBe(sent.key);
    expect(record?.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: sent.id,
      ce_source: '/hub',
      ce_type: 'tellonce.signal.fact-published.v1',
      ce_time: '2026-11-24T09:30:00.007Z',
      ce_subject: sent.key,
      'content-type': 'application/json',
    });
    expect(JSON.parse(record?.value ?? '')).toEqual({ kind: sent.kind, category: sent.category, ask: sent.ask });
  });

  it('keeps 1,000 signals over 50 keys in order, sent in many calls at once', async () => {
    const all = signals(organisation, 1_000, 50);
    const calls = Array.from({ length: 40 }, (_, at) => send(all.slice(at * 25, at * 25 + 25)));
    expect((await Promise.all(calls)).flat().every(({ kind }) => kind === 'sent')).toBe(true);
    const stored = await asks();
    expect(stored).toHaveLength(1_000);
    expect(inOrder(stored)).toBe(true);
    expect(new Set(stored.map(({ key }) => key)).size).toBe(50);
  });

  it('answers at once for many organisations, each in its own topic', async () => {
    const many = Array.from({ length: 12 }, newOrganisation);
    const answers = await Promise.all(
      many.map((each) => channel.send({ organisation: each }, signals(each, 10), always)),
    );
    expect(new Set(answers.flat().map((each) => JSON.stringify(each)))).toEqual(new Set(['{"kind":"sent"}']));
    for (const each of many) expect(await contents(bareKafka(brokers()), topicOf(each) ?? '')).toHaveLength(10);
  });

  it('makes no topic unless it is told how, and sends once somebody has', async () => {
    await channel.close();
    channel = open({});
    expect(await send(signals(organisation, 2))).toEqual([
      { kind: 'retry', code: 'unknown-topic', afterMs: 60_000 },
      { kind: 'retry', code: 'not-tried' },
    ]);
    await makeTopic(bareKafka(brokers()), topic(), 1);
    expect(await send(signals(organisation, 2))).toEqual([{ kind: 'sent' }, { kind: 'sent' }]);
  });

  it("is not misled by another organisation's topic that was taken away", async () => {
    await channel.close();
    channel = open({});
    const [kafka, other] = [bareKafka(brokers()), newOrganisation()];
    await makeTopic(kafka, topicOf(other) ?? '', 1);
    await makeTopic(kafka, topic(), 1);
    expect(await channel.send({ organisation: other }, [signal(other, 0)], always)).toEqual([{ kind: 'sent' }]);
    await withAdmin(kafka, (admin) => admin.deleteTopics({ topics: [topicOf(other) ?? ''] }));
    expect(await send([signal(organisation, 0)])).toEqual([{ kind: 'sent' }]);
    const [gone] = await channel.send({ organisation: other }, [signal(other, 1)], always);
    expect(gone).toMatchObject({ kind: 'retry', code: 'unknown-topic' });
  });

  it('refuses what the broker finds too large, with its key; the others arrive', async () => {
    await makeTopic(bareKafka(brokers()), topic(), 1, { 'max.message.bytes': '1500' });
    const all = [0, 1, 2, 3, 4, 5].map((n) =>
      signal(organisation, n, 3, n === 1 ? { ask: `https://hub.example/${'a'.repeat(1_900)}` } : {}),
    );
    expect(await send(all)).toEqual([
      { kind: 'sent' },
      { kind: 'refused', code: 'too-large' },
      { kind: 'sent' },
      { kind: 'sent' },
      { kind: 'retry', code: 'not-tried' },
      { kind: 'sent' },
    ]);
    const ids = new Set((await contents(bareKafka(brokers()), topic())).map(({ headers }) => headers['ce_id']));
    expect(ids).toEqual(new Set([0, 2, 3, 5].map((n) => all[n]?.id)));
  });

  it('puts no name anywhere, and nothing of one organisation into the topic of another', async () => {
    const canary = 'Ada Canary';
    const other = newOrganisation();
    const answers = await send([
      signal(organisation, 0),
      signal(organisation, 1, 1, { key: canary }),
      signal(organisation, 2, 1, { key: 'b', category: canary }),
      signal(organisation, 3, 1, { key: 'c', ask: `https://hub.example/${canary}` }),
      signal(other, 4),
    ]);
    const codes = answers.map((each) => ('code' in each ? each.code : each.kind));
    expect(codes).toEqual(['sent', 'not-a-signal', 'not-a-signal', 'not-a-signal', 'another-organisation']);
    expect(await channel.send({ organisation: canary as OrganisationId }, [signal(organisation, 5)], always)).toEqual([
      { kind: 'refused', code: 'invalid-organisation' },
    ]);
    const stored = await contents(bareKafka(brokers()), topic());
    expect(stored).toHaveLength(1);
    expect(JSON.stringify([topic(), stored, log])).not.toMatch(/canary/i);
  });

  it('sends what it was given before it was closed, and nothing after', async () => {
    const sending = [send(signals(organisation, 100)), send([signal(organisation, 100)])];
    await channel.close();
    expect((await Promise.all(sending)).flat().filter(({ kind }) => kind === 'sent')).toHaveLength(101);
    expect(await send([signal(organisation, 101)])).toEqual([{ kind: 'retry', code: 'not-tried' }]);
    expect(await contents(bareKafka(brokers()), topic())).toHaveLength(101);
  });

  it('says nothing on standard error: Node has nothing to warn of', () => {
    const script = `
      import { kafkaChannel } from '#delivery/kafka';
      const channel = kafkaChannel({ brokers: ${JSON.stringify(brokers())}, source: '/hub', create: { partitions: 1, replication: 1 } });
      const [sent] = await channel.send({ organisation: '${organisation}' }, [${JSON.stringify(signal(organisation, 0))}], async () => true);
      await channel.close();
      process.stdout.write(sent.kind);`;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--conditions=source', '--input-type=module', '-e', script],
      {
        cwd: join(import.meta.dirname, '../../..'),
        encoding: 'utf8',
        env: { PATH: process.env['PATH'] },
      },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'sent', stderr: '' });
  });
});

describeOn({ what: 'nothing' }, 'the Kafka channel', () => {
  it('tries again later where nobody answers, and logs codes only', async () => {
    const log: KafkaLogEntry[] = [];
    const organisation = 'canary-school' as OrganisationId;
    const channel = kafkaChannel({ brokers: ['127.0.0.1:1'], source: '/hub', log: (entry) => log.push(entry) });
    const sent = await channel.send({ organisation }, signals(organisation, 2, 2), always);
    expect(sent).toEqual([
      { kind: 'retry', code: 'unreachable' },
      { kind: 'retry', code: 'not-tried' },
    ]);
    await channel.close();
    expect(new Set(log.map(({ code }) => code))).toEqual(new Set(['connection-failed']));
    expect(JSON.stringify(log)).not.toMatch(/canary|127|tellonce/);
  });
});
