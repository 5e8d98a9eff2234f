import { afterAll, afterEach, beforeEach, expect, it } from '@jest/globals';
import { Partitioners } from 'kafkajs';
import { freePort, startKafka } from '#testing/servers';
import { kafkaChannel } from './channel.ts';
import { recordOf } from './message.ts';
import { bareKafka, contents, makeTopic, withAdmin } from './test/bare.ts';
import { describeOn } from './test/on-kafka.ts';
import { proxyTo } from './test/proxy.ts';
import { newOrganisation, signal } from './test/signals.ts';
import { topicOf } from './topic.ts';
import { always } from '../src/test/always.ts';

const port = await freePort();
const proxy = await proxyTo(port);

describeOn(await startKafka({ port, advertisedPort: proxy.port }), 'a broker whose answer is lost', (server) => {
  const brokers = [`127.0.0.1:${String(proxy.port)}`];
  const organisation = newOrganisation();
  const [before, lost, after] = [signal(organisation, 0), signal(organisation, 1), signal(organisation, 2)];
  const topic = topicOf(organisation) ?? '';
  const ids = async () => (await contents(bareKafka(brokers), topic)).map(({ headers }) => headers['ce_id']);

  beforeEach(async () => {
    proxy.mute(false);
    await makeTopic(bareKafka(brokers), topic, 1);
  });
  afterEach(() => withAdmin(bareKafka(brokers), (admin) => admin.deleteTopics({ topics: [topic] })));
  afterAll(async () => {
    await server().stop();
    await proxy.close();
  });

  it('has stored the signals; it is told so again, and the next ones are not taken for them', async () => {
    const channel = kafkaChannel({ brokers, source: '/hub', requestTimeout: 500, connectTimeout: 500 });
    const send = async (...all: (typeof before)[]) => channel.send({ organisation }, all, always);
    expect(await send(before)).toEqual([{ kind: 'sent' }]);
    proxy.mute(true);
    expect(await send(lost)).toEqual([{ kind: 'retry', code: 'timed-out' }]);
    proxy.mute(false);
    expect(await send(after)).toEqual([{ kind: 'sent' }]);
    expect(await send(lost)).toEqual([{ kind: 'sent' }]);
    await channel.close();
    expect(await ids()).toEqual([before.id, lost.id, after.id, lost.id]);
  });

  it('would be misled by a producer that is used again: why ours is not (a spec of kafkajs 2.2.4, not of ours)', async () => {
    const kafka = bareKafka(brokers, { requestTimeout: 500, connectionTimeout: 500, retry: { retries: 1 } });
    const createPartitioner = Partitioners.DefaultPartitioner;
    const producer = kafka.producer({ idempotent: true, createPartitioner, retry: { retries: 1 } });
    await producer.connect();
    const send = async (each: typeof before) => {
      const { key, value, headers } = recordOf(each, '/hub') ?? { key: '', value: '', headers: {} };
      return producer.send({ topic, messages: [{ key, value, headers: { ...headers } }] });
    };
    await send(before);
    proxy.mute(true);
    await expect(send(lost)).rejects.toThrow();
    proxy.mute(false);
    const [acknowledged] = await send(after);
    await producer.disconnect();
    expect(acknowledged?.errorCode).toBe(0);
    expect(await ids()).toEqual([before.id, lost.id]);
  });
});
