import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { KAFKA_USERS, startSecuredKafka } from '#testing/servers';
import type { OrganisationId } from '#kernel';
import type { Channel } from '../src/port.ts';
import { kafkaChannel, type KafkaChannelOptions } from './channel.ts';
import type { KafkaCredentials } from './client.ts';
import type { KafkaLogEntry } from './log.ts';
import { bareKafka, makeTopic, withAdmin } from './test/bare.ts';
import { describeOn } from './test/on-kafka.ts';
import { receiver } from './test/receiver.ts';
import { newOrganisation, signal } from './test/signals.ts';
import { topicOf, type KafkaEndpoint } from './topic.ts';
import { always } from '../src/test/always.ts';

type User = keyof typeof KAFKA_USERS;

describeOn(await startSecuredKafka(), 'a broker that asks who is there', (server) => {
  const organisation = newOrganisation();
  const topic = topicOf(organisation) ?? '';
  const log: KafkaLogEntry[] = [];
  let channel: Channel<KafkaEndpoint> | undefined;
  const sasl = (user: User, mechanism: KafkaCredentials['mechanism'] = 'scram-sha-512') => ({
    mechanism,
    ...KAFKA_USERS[user],
  });
  const send = async (more: Partial<KafkaChannelOptions>, to: OrganisationId = organisation) => {
    const { brokers, ca } = server().secured;
    channel = kafkaChannel({ brokers, tls: { ca }, source: '/hub', log: (entry) => log.push(entry), ...more });
    return (await channel.send({ organisation: to }, [signal(to, 0)], always))[0];
  };

  beforeAll(async () => {
    const kafka = bareKafka(server().brokers);
    await makeTopic(kafka, topic, 1);
    const allowed = {
      ...{ principal: 'User:receiver', host: '*', operation: AclOperationTypes.READ },
      ...{ permissionType: AclPermissionTypes.ALLOW, resourcePatternType: ResourcePatternTypes.LITERAL },
    };
    const acl = [
      { ...allowed, resourceType: AclResourceTypes.TOPIC, resourceName: topic },
      { ...allowed, resourceType: AclResourceTypes.GROUP, resourceName: `of-${topic}` },
    ];
    await withAdmin(kafka, (admin) => admin.createAcls({ acl }));
  });
  afterEach(async () => {
    await channel?.close();
    expect(JSON.stringify(log)).not.toMatch(/password|stranger|tellonce|127\.0/);
    expect(log.map(({ code }) => code)).not.toContain('other');
  });
  afterAll(() => server().stop());

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)(
    'takes signals of the hub by %s over TLS',
    async (mechanism) => {
      expect(await send({ sasl: sasl('hub', mechanism) })).toEqual({ kind: 'sent' });
    },
  );

  it('lets the hub make topics, and the organisation read its own', async () => {
    const later = newOrganisation();
    expect(await send({ sasl: sasl('hub'), create: { partitions: 1, replication: 1 } }, later)).toEqual({
      kind: 'sent',
    });
    const { brokers, ca } = server().secured;
    const ours = receiver({ brokers, topic, tls: { ca }, sasl: sasl('receiver') });
    const others = receiver({ brokers, topic: topicOf(later) ?? '', tls: { ca }, sasl: sasl('receiver') });
    try {
      ours.follow();
      others.follow({ backOff: () => 50 });
      await ours.until(1);
      await others.when(() => others.troubles.some(({ code }) => code === 'not-authorised'));
      expect([ours.faults(), others.effects()]).toEqual([[], []]);
    } finally {
      await Promise.all([ours.close(), others.close()]);
    }
  });

  it.each<[string, string, Partial<KafkaChannelOptions>]>([
    ['not-authenticated', 'a wrong password', { sasl: { ...sasl('hub'), password: 'wrong-password' } }],
    ['not-authenticated', 'a wrong password, plain', { sasl: { ...sasl('hub', 'plain'), password: 'wrong-password' } }],
    ['not-authorised', 'somebody who may not write', { sasl: sasl('stranger') }],
    [
      'not-authorised',
      'somebody who may not make topics either',
      { sasl: sasl('stranger'), create: { partitions: 1, replication: 1 } },
    ],
  ])('answers %s to %s, to be tried again in a minute', async (code, _who, more) => {
    expect(await send(more)).toEqual({ kind: 'retry', code, afterMs: 60_000 });
  });

  it('is not spoken to where its certificate is not trusted, nor without TLS', async () => {
    const distrusted = { kind: 'retry', code: 'not-trusted', afterMs: 60_000 };
    expect(await send({ sasl: sasl('hub'), tls: true })).toEqual(distrusted);
    await channel?.close();
    const { brokers } = server().secured;
    channel = kafkaChannel({ brokers, source: '/hub', sasl: sasl('hub'), requestTimeout: 500, connectTimeout: 500 });
    const [sent] = await channel.send({ organisation }, [signal(organisation, 0)], always);
    expect(sent?.kind).toBe('retry');
  });
});
