import { join } from 'node:path';

/** A user that a secured broker knows. */
export interface KafkaUser {
  readonly username: string;
  readonly password: string;
}

/** Users of a secured broker: `hub` may write and make topics, `receiver` may read, `stranger` may nothing. */
export const KAFKA_USERS = {
  hub: { username: 'hub', password: 'hub-password' },
  receiver: { username: 'receiver', password: 'receiver-password' },
  stranger: { username: 'stranger', password: 'stranger-password' },
} as const satisfies Readonly<Record<string, KafkaUser>>;

/** Where a broker listens and keeps its data. */
export interface KafkaPlace {
  readonly folder: string;
  readonly port: number;
  readonly controllerPort: number;
  /** Where it tells clients to go, if not to its own port: a proxy of the spec's. */
  readonly advertisedPort?: number | undefined;
  /** With SASL over TLS on this port; the plain listener stays, for the broker itself and the specs' own hand. */
  readonly securePort?: number;
}

/** `server.properties` of one node that is broker and controller (KRaft). */
export function brokerSettings({
  folder,
  port,
  controllerPort,
  advertisedPort = port,
  securePort,
}: KafkaPlace): string {
  const secure = securePort === undefined ? '' : `,SECURE://127.0.0.1:${String(securePort)}`;
  const plain = (on: number) => `PLAINTEXT://127.0.0.1:${String(on)}${secure}`;
  return lines({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${String(controllerPort)}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `${plain(port)},CONTROLLER://127.0.0.1:${String(controllerPort)}`,
    'advertised.listeners': plain(advertisedPort),
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    // After a kill the controller lets the same broker in again once its old session is over.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    ...(securePort === undefined ? {} : secured(folder)),
  });
}

/** log4j: warnings and worse, on standard output. */
export function brokerLogging(): string {
  return lines({
    'rootLogger.level': 'warn',
    'rootLogger.appenderRef.out.ref': 'out',
    'appender.out.type': 'Console',
    'appender.out.name': 'out',
    'appender.out.layout.type': 'PatternLayout',
    'appender.out.layout.pattern': '%d %p %m%n',
  });
}

/** The certificate of a secured broker, made by the JDK's keytool beside its settings. */
export const KEYSTORE = { file: 'broker.p12', password: 'broker-password' } as const;

function secured(folder: string): Readonly<Record<string, string>> {
  const module = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  const known = Object.values(KAFKA_USERS).map(({ username, password }) => `user_${username}="${password}"`);
  return {
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    'listener.name.secure.plain.sasl.jaas.config': `${module} ${known.join(' ')};`,
    'listener.name.secure.scram-sha-256.sasl.jaas.config': `${scram};`,
    'listener.name.secure.scram-sha-512.sasl.jaas.config': `${scram};`,
    'ssl.keystore.location': join(folder, KEYSTORE.file),
    'ssl.keystore.password': KEYSTORE.password,
    'ssl.keystore.type': 'PKCS12',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:hub',
  };
}
const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required';

function lines(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
