import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { askKafka } from '#delivery/kafka';
import { brokerLogging, brokerSettings, KAFKA_USERS, KEYSTORE, type KafkaPlace } from './kafka-settings.ts';
import { askUntil, endWith, freePort, isAlive, killNow } from './processes.ts';

const run = promisify(execFile);
const SCRIPT = join(import.meta.dirname, '../../../infra/ci/kafka.sh');
const READY_WITHIN = 90_000;

/** Ports that the spec has chosen. */
export interface OwnPorts {
  readonly port?: number;
  readonly advertisedPort?: number;
}

/** A broker on the machine's JDK. */
export interface JvmKafka extends KafkaPlace {
  /** As fetched: `4.4.0`. */
  readonly version: string;
  /** PEM of the certificate, where it is secured. */
  readonly ca?: string;
  pid(): number;
  /** SIGKILL, as a power cut is. */
  kill(): Promise<void>;
  /** On the same ports and data; ready when it settles. */
  restart(): Promise<void>;
  /** And removes its data. */
  stop(): Promise<void>;
}

/** The jars and their version, fetched where they are not there; or why there are none. */
export async function kafkaJars(): Promise<
  { readonly jars: string; readonly version: string } | { unavailable: string }
> {
  const java = await run('java', ['-version']).catch(() => undefined);
  if (java === undefined) return { unavailable: 'java is not installed' };
  try {
    const { stdout } = await run('sh', [SCRIPT]);
    const jars = stdout.trim().split('\n').at(-1) ?? '';
    return { jars, version: basename(jars) };
  } catch (error) {
    const { stderr } = error as { readonly stderr?: string };
    const reason = stderr?.split('\n')[0] ?? '';
    return { unavailable: reason === '' ? 'infra/ci/kafka.sh failed' : reason };
  }
}

export interface JvmOptions extends OwnPorts {
  readonly owner: number;
  readonly secured?: boolean;
  /** Where its settings and data are; one that does not exist yet unless it is told. */
  readonly folder?: string;
}

/** Starts a broker of its own that ends with the `owner` process at the latest. */
export async function jvmKafka(
  { jars, version }: { readonly jars: string; readonly version: string },
  options: JvmOptions,
): Promise<JvmKafka> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'tellonce-kafka-'));
  const place: KafkaPlace = {
    ...{ folder, port: options.port ?? (await freePort()), controllerPort: await freePort() },
    advertisedPort: options.advertisedPort,
    ...(options.secured === true && { securePort: await freePort() }),
  };
  const settings = join(folder, 'server.properties');
  writeFileSync(settings, brokerSettings(place));
  writeFileSync(join(folder, 'log4j2.properties'), brokerLogging());
  const ca = options.secured === true ? await certificate(folder) : undefined;
  const java = (heap: number) => [
    `-Xmx${String(heap)}m`,
    '-XX:+UseSerialGC',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    ...['-cp', join(jars, '*')],
  ];
  await run('java', [
    ...java(128),
    'kafka.tools.StorageTool',
    'format',
    '-c',
    settings,
    '-t',
    CLUSTER,
    ...scramUsers(options),
  ]);

  let child = await start();
  async function start(): Promise<ChildProcess> {
    const out = openSync(join(folder, 'broker.log'), 'a');
    const started = spawn('java', [...java(384), 'kafka.Kafka', settings], {
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    started.unref();
    const { pid } = started;
    if (pid === undefined) throw new Error('java does not start');
    endWith(options.owner, pid, folder);
    const leads = async () => (await askKafka({ brokers: [`127.0.0.1:${String(place.port)}`] })).led;
    await askUntil(leads, READY_WITHIN, () => (started.exitCode === null ? undefined : lastWords(folder)));
    return started;
  }
  async function kill(): Promise<void> {
    const pid = child.pid ?? 0;
    killNow(pid);
    await askUntil(
      async () => child.exitCode !== null || child.signalCode !== null || !isAlive(pid),
      10_000,
      () => undefined,
    );
  }
  return {
    ...place,
    version,
    ...(ca !== undefined && { ca }),
    pid: () => child.pid ?? 0,
    kill,
    restart: async () => {
      await kill();
      child = await start();
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Any id does: one broker is one cluster. */
const CLUSTER = '4L6g3nShT-eMCtK--X86sw';

function scramUsers({ secured }: JvmOptions): readonly string[] {
  if (secured !== true) return [];
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
    Object.values(KAFKA_USERS).flatMap(({ username, password }) => [
      '--add-scram',
      `${mechanism}=[name=${username},password=${password}]`,
    ]),
  );
}

async function certificate(folder: string): Promise<string> {
  const store = ['-keystore', join(folder, KEYSTORE.file), '-storepass', KEYSTORE.password, '-alias', 'broker'];
  const subject = ['-dname', 'CN=127.0.0.1', '-ext', 'SAN=IP:127.0.0.1', '-validity', '2'];
  await run('keytool', ['-genkeypair', '-keyalg', 'EC', '-storetype', 'PKCS12', ...subject, ...store]);
  return (await run('keytool', ['-exportcert', '-rfc', ...store])).stdout;
}

function lastWords(folder: string): string {
  const text = readFileSync(join(folder, 'broker.log'), 'utf8');
  return `the broker ended: ${text.slice(-500)}`;
}
