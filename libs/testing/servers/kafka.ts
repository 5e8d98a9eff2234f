import { dockerKafka, type DockerKafka } from './kafka-docker.ts';
import { jvmKafka, kafkaJars, type OwnPorts } from './kafka-jvm.ts';
import { sharedServer } from './shared.ts';

/** Why a broker can't be had here: for the name of the specs that are skipped. */
export interface Unavailable {
  readonly unavailable: string;
}

/** A Kafka broker for specs. */
export interface TestKafka {
  readonly brokers: readonly string[];
  /** What it is, for the name of a test: `Apache Kafka 4.4.0 on the machine's JDK`. */
  readonly what: string;
  stop(): Promise<void>;
}
/** One of its own, to be killed and started again. */
export interface OwnKafka extends TestKafka {
  kill(): Promise<void>;
  restart(): Promise<void>;
}
/** One that asks who is there: SASL over TLS, and an authoriser (users: `KAFKA_USERS`). */
export interface SecuredKafka extends TestKafka {
  readonly secured: { readonly brokers: readonly string[]; readonly ca: string };
}

/**
 * A broker of the caller's own, ready when it settles: by Docker where an engine answers, else from Maven Central on the machine's JDK. It
 * ends with this process at the latest.
 */
export async function startKafka(ports: OwnPorts = {}): Promise<OwnKafka | Unavailable> {
  const docker = await dockerKafka(ports);
  if (docker !== undefined) return { ...docker, brokers: [at(docker.port)], what: `Docker, ${docker.version}` };
  const jars = await kafkaJars();
  if ('unavailable' in jars) return jars;
  const broker = await jvmKafka(jars, { owner: process.pid, ...ports });
  return { ...broker, brokers: [at(broker.port)], what: onJdk(broker.version) };
}

/** A secured broker of the caller's own; on the machine's JDK only. */
export async function startSecuredKafka(): Promise<SecuredKafka | Unavailable> {
  const jars = await kafkaJars();
  if ('unavailable' in jars) return jars;
  const broker = await jvmKafka(jars, { owner: process.pid, secured: true });
  const { port, securePort = 0, ca = '', version, stop } = broker;
  return { brokers: [at(port)], what: onJdk(version), secured: { brokers: [at(securePort)], ca }, stop };
}

/** One that specs share: each takes topics and groups of its own, and none stops it. */
export type SharedKafka = Omit<TestKafka, 'stop'>;

/**
 * The broker of this test run: `KAFKA_BROKERS` where that is set, else one container for each worker where Docker answers, else one on the
 * machine's JDK, started by the first spec that asks and ended with the run (`teardown.mjs`).
 */
export async function sharedKafka(): Promise<SharedKafka | Unavailable> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') return { brokers: given.split(','), what: 'the broker in KAFKA_BROKERS' };
  // Ended by testcontainers itself when the worker ends.
  const docker = await (workers ??= dockerKafka());
  if (docker !== undefined) return { brokers: [at(docker.port)], what: `Docker, ${docker.version}` };
  const { what, url } = await sharedServer('kafka', async (folder) => {
    const jars = await kafkaJars();
    if ('unavailable' in jars) throw new Error(jars.unavailable);
    const owner = Number(process.env['RUN_OF_TESTS'] ?? process.pid);
    const { pid, port, version } = await jvmKafka(jars, { owner, folder });
    return { what: onJdk(version), url: at(port), pid: pid() };
  });
  return url === undefined ? { unavailable: what } : { brokers: [url], what };
}
let workers: Promise<DockerKafka | undefined> | undefined;

function at(port: number): string {
  return `127.0.0.1:${String(port)}`;
}
function onJdk(version: string): string {
  return `Apache Kafka ${version} on the machine's JDK`;
}
