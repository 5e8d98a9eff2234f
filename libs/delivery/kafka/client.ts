import { isIPv4 } from 'node:net';
import { Kafka, logLevel, type KafkaConfig, type RetryOptions, type SASLOptions } from 'kafkajs';
import { codesOnly, type KafkaLog } from './log.ts';
import { quietTimers } from './quiet-timers.ts';

/** How a cluster is reached. Times in milliseconds. */
export interface KafkaConnection {
  /** `host:port` of some brokers of the cluster; the rest are learned from them. */
  readonly brokers: readonly string[];
  /** Names us in the broker's own metrics and quotas. Default `tellonce`. */
  readonly clientId?: string;
  /** `true` for the machine's trusted authorities; or PEM texts. A certificate is always checked. */
  readonly tls?: true | { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: KafkaCredentials;
  /** Default 5,000. */
  readonly connectTimeout?: number;
  /** Until an answer is no longer waited for; default 15,000. */
  readonly requestTimeout?: number;
  readonly log?: KafkaLog;
}

export interface KafkaCredentials {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

/** What is asked again inside one call, with ever longer waits: a moved leader, a lost connection. What lasts is the caller's. */
export const RETRY: RetryOptions = { retries: 4, initialRetryTime: 100, maxRetryTime: 2_000 };

/** The client of kafkajs for a connection; throws at settings that cannot be meant. Connects nowhere yet. */
export function kafkaClient(connection: KafkaConnection): Kafka {
  quietTimers();
  const { brokers, tls, sasl } = connection;
  if (brokers.length === 0) throw new Error('Kafka: no broker is named');
  if (!brokers.every((each) => /^\S+:\d{1,5}$/.test(each))) throw new Error('Kafka: a broker is host:port');
  if (sasl?.mechanism === 'plain' && tls === undefined && !brokers.every(isLoopback)) {
    throw new Error('Kafka: SASL plain without TLS would send the password in the clear');
  }
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId: connection.clientId ?? 'tellonce',
    connectionTimeout: connection.connectTimeout ?? 5_000,
    authenticationTimeout: connection.connectTimeout ?? 5_000,
    requestTimeout: connection.requestTimeout ?? 15_000,
    retry: RETRY,
    logLevel: logLevel.WARN,
    logCreator: codesOnly(connection.log ?? (() => undefined)),
    ...(tls !== undefined && { ssl: tls === true ? true : { ...tls, rejectUnauthorized: true } }),
    ...(sasl !== undefined && { sasl: { ...sasl } as SASLOptions }),
  };
  return new Kafka(config);
}

/** What a cluster says of itself: how many brokers it has, and whether one of them leads. Throws what kafkajs throws where none answers. */
export async function askKafka(
  connection: KafkaConnection,
): Promise<{ readonly brokers: number; readonly led: boolean }> {
  const admin = kafkaClient(connection).admin({ retry: { retries: 0 } });
  try {
    await admin.connect();
    const { brokers, controller } = await admin.describeCluster();
    return { brokers: brokers.length, led: controller !== null && controller >= 0 };
  } finally {
    await admin.disconnect();
  }
}

function isLoopback(broker: string): boolean {
  const host = broker.slice(0, broker.lastIndexOf(':'));
  return host === 'localhost' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'));
}
