import { existsSync } from 'node:fs';
import { askKafka } from '#delivery/kafka';
import type { OwnPorts } from './kafka-jvm.ts';
import { askUntil, freePort } from './processes.ts';

const IMAGE = 'apache/kafka:4.1.0';

/** A broker in a container of its own. */
export interface DockerKafka {
  readonly port: number;
  readonly version: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A broker by testcontainers; undefined where no engine answers, or it can't get the image. */
export async function dockerKafka(ports: OwnPorts = {}): Promise<DockerKafka | undefined> {
  // Asked first because the library is slow to load and slower to find that there is nothing.
  if (process.env['DOCKER_HOST'] === undefined && !existsSync('/var/run/docker.sock')) return undefined;
  const { GenericContainer } = await import('testcontainers');
  const port = ports.port ?? (await freePort());
  const advertised = String(ports.advertisedPort ?? port);
  const ready = () =>
    askUntil(
      async () => (await askKafka({ brokers: [`127.0.0.1:${String(port)}`] })).led,
      90_000,
      () => undefined,
    );
  try {
    const container = await new GenericContainer(IMAGE)
      .withExposedPorts({ container: 9092, host: port })
      .withEnvironment({
        KAFKA_NODE_ID: '1',
        KAFKA_PROCESS_ROLES: 'broker,controller',
        KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
        KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
        KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
        KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${advertised}`,
        KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
        KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
        KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
        KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '1000',
        KAFKA_HEAP_OPTS: '-Xmx384m',
      })
      .start();
    await ready();
    return {
      port,
      version: IMAGE,
      // Docker waits for nothing before its SIGKILL, and keeps the container's files.
      kill: async () => {
        await container.stop({ timeout: 0, remove: false });
      },
      restart: async () => {
        await container.restart({ timeout: 0 });
        await ready();
      },
      stop: async () => {
        await container.stop();
      },
    };
  } catch {
    return undefined;
  }
}
