import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, isAbsolute } from 'node:path';
import { Kind, type TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { fail, ok } from '#kernel';
import type { Outcome } from '#kernel';
import { readKafka, type KafkaSetting } from './kafka.ts';
import { SETTINGS, describeSettings } from './settings.ts';
import type { Settings } from './settings.ts';
import { readWitnesses, type WitnessSetting } from './witnesses.ts';

/** The settings of one running hub; folders are absolute. */
export interface Config {
  readonly host: string;
  readonly port: number;
  /** Origin that people and systems use, no slash at the end. */
  readonly publicUrl: string;
  readonly varDir: string;
  readonly keyFile: string;
  readonly witnessDir?: string;
  /** Asked to cosign; `everyMs` and `silentMs` in milliseconds. */
  readonly witnesses: readonly WitnessSetting[];
  readonly witnessEveryMs: number;
  readonly witnessSilentMs: number;
  readonly demo: boolean;
  readonly logLevel: Settings['TELLONCE_LOG_LEVEL'];
  readonly bodyLimitBytes: number;
  readonly uploadLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly shutdownWaitMs: number;
  /** Views may be so many seconds behind while the process is ready. */
  readonly readyLagSeconds: number;
  /** Most decisions that one person is handed in a day. */
  readonly auditRowsADay: number;
  readonly metricsToken?: string;
  /** The log on a server; a file in `varDir` unless given. */
  readonly eventStoreUrl?: string;
  /** Views, keys, identity, receipts and signals on a server; files in `varDir` unless given. */
  readonly databaseUrl?: string;
  /** Folder of the bucket keys; only used with `databaseUrl`. */
  readonly keyBuckets: string;
  /** Without it no signal leaves through Kafka. */
  readonly kafka?: KafkaSetting;
}

/** One thing that is wrong with the configuration. */
export interface ConfigProblem {
  readonly setting: string;
  /** What was given; masked for secrets and for names that nobody knows. */
  readonly given: string;
  readonly wanted: string;
  readonly example: string;
}

/** Where relative paths start and how a secret's file is read; replaced in tests. */
export interface ConfigSurroundings {
  readonly cwd: string;
  readonly readFile: (path: string) => string;
}

const here = (): ConfigSurroundings => ({ cwd: process.cwd(), readFile: (path) => readFileSync(path, 'utf8') });
const MASK = '(hidden)';

/** Reads `TELLONCE_*` and reports every problem at once; an empty value counts as not given, a name that is not a setting is a problem. */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  around: ConfigSurroundings = here(),
): Outcome<Config, readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const setting of describeSettings()) {
    known.add(setting.name);
    const problem = (given: string, wanted = setting.description): void => {
      problems.push({
        setting: setting.name,
        given: setting.secret ? MASK : printable(given),
        wanted,
        example: setting.example,
      });
    };
    let text = env[setting.name];
    const file = `${setting.name}_FILE`;
    if (setting.secret) {
      known.add(file);
      const path = env[file];
      if (path !== undefined && path !== '') {
        if (text !== undefined && text !== '') problem('', `either ${setting.name} or ${file}, not both`);
        try {
          text = around.readFile(resolve(around.cwd, path)).replace(/\r?\n$/, '');
        } catch {
          problems.push({
            setting: file,
            given: printable(path),
            wanted: 'a file that can be read',
            example: '/run/secrets/name',
          });
          continue;
        }
      }
    }
    const schema: TSchema = SETTINGS.properties[setting.name as keyof typeof SETTINGS.properties];
    if (text === undefined || text === '') {
      if (schema.default !== undefined) values[setting.name] = schema.default;
      continue;
    }
    const value = convert(schema, text);
    if (value === undefined || !Value.Check(schema, value)) problem(text);
    else values[setting.name] = value;
  }
  for (const name of Object.keys(env).sort()) {
    if (!name.startsWith('TELLONCE_') || known.has(name)) continue;
    const settings = [...known].join(', ');
    problems.push({
      setting: printable(name).slice(1, -1),
      given: MASK,
      wanted: `no such setting; there are: ${settings}`,
      example: `unset ${printable(name).slice(1, -1)}`,
    });
  }
  if (problems.length > 0) return fail(problems);
  return together(values as Settings, around);
}

/** Settings that must fit each other: paths apart, a URL that is safe for what listens. */
function together(settings: Settings, around: ConfigSurroundings): Outcome<Config, readonly ConfigProblem[]> {
  const { cwd } = around;
  const problems: ConfigProblem[] = [];
  const varDir = resolve(cwd, settings.TELLONCE_VAR);
  const outside = (setting: string, path: string, example: string): void => {
    if (isInside(path, varDir))
      problems.push({ setting, given: printable(path), wanted: 'a path outside TELLONCE_VAR', example });
  };
  const keyFile =
    settings.TELLONCE_KEY_FILE === undefined
      ? join(dirname(varDir), 'tellonce.key')
      : resolve(cwd, settings.TELLONCE_KEY_FILE);
  outside('TELLONCE_KEY_FILE', keyFile, './tellonce.key');
  const witnessDir =
    settings.TELLONCE_WITNESS_DIR === undefined ? undefined : resolve(cwd, settings.TELLONCE_WITNESS_DIR);
  if (witnessDir !== undefined) outside('TELLONCE_WITNESS_DIR', witnessDir, '/mnt/witness');
  const keyBuckets =
    settings.TELLONCE_KEY_BUCKETS === undefined ? `${keyFile}.buckets` : resolve(cwd, settings.TELLONCE_KEY_BUCKETS);
  if (settings.TELLONCE_KEY_BUCKETS !== undefined)
    outside('TELLONCE_KEY_BUCKETS', keyBuckets, './tellonce.key.buckets');
  if (settings.EVENTSTORE_URL !== undefined && settings.DATABASE_URL === undefined) {
    problems.push({
      setting: 'DATABASE_URL',
      given: printable(''),
      wanted: 'given too where EVENTSTORE_URL is: processes that share a log share its keys',
      example: 'postgres://tellonce_education:password@postgres.example/tellonce',
    });
  }
  const given = settings.TELLONCE_PUBLIC_URL ?? `http://${urlHost(settings.TELLONCE_HOST)}:${settings.TELLONCE_PORT}`;
  const publicUrl = originOf(given);
  if (publicUrl === undefined) {
    problems.push({
      setting: 'TELLONCE_PUBLIC_URL',
      given: printable(given),
      wanted: 'http or https URL without path, user or query; http only for this machine',
      example: 'https://hub.example',
    });
  }
  const kafka = readKafka(settings, (path) => around.readFile(resolve(cwd, path)));
  if (!kafka.ok) problems.push({ ...kafka.error, given: printable(kafka.error.given) });
  const witnesses = readWitnesses(settings.TELLONCE_WITNESSES ?? '', (path) => around.readFile(resolve(cwd, path)));
  if (!witnesses.ok)
    problems.push({
      setting: 'TELLONCE_WITNESSES',
      given: printable(witnesses.error.given),
      wanted: witnesses.error.wanted,
      example: 'witness.example/w1+0e33dd10+BKi1... https://witness.example',
    });
  if (problems.length > 0 || publicUrl === undefined || !witnesses.ok || !kafka.ok) return fail(problems);
  return ok({
    host: settings.TELLONCE_HOST,
    port: settings.TELLONCE_PORT,
    publicUrl,
    varDir,
    keyFile,
    ...(witnessDir === undefined ? {} : { witnessDir }),
    witnesses: witnesses.value,
    witnessEveryMs: settings.TELLONCE_WITNESS_EVERY_MS,
    witnessSilentMs: settings.TELLONCE_WITNESS_SILENT_MS,
    demo: settings.TELLONCE_DEMO,
    logLevel: settings.TELLONCE_LOG_LEVEL,
    bodyLimitBytes: settings.TELLONCE_BODY_LIMIT_BYTES,
    uploadLimitBytes: settings.TELLONCE_UPLOAD_LIMIT_BYTES,
    requestTimeoutMs: settings.TELLONCE_REQUEST_TIMEOUT_MS,
    shutdownWaitMs: settings.TELLONCE_SHUTDOWN_WAIT_MS,
    readyLagSeconds: settings.TELLONCE_READY_LAG_SECONDS,
    auditRowsADay: settings.TELLONCE_AUDIT_ROWS_A_DAY,
    ...(settings.TELLONCE_METRICS_TOKEN === undefined ? {} : { metricsToken: settings.TELLONCE_METRICS_TOKEN }),
    ...(settings.EVENTSTORE_URL === undefined ? {} : { eventStoreUrl: settings.EVENTSTORE_URL }),
    ...(settings.DATABASE_URL === undefined ? {} : { databaseUrl: settings.DATABASE_URL }),
    keyBuckets,
    ...(kafka.value === undefined ? {} : { kafka: kafka.value }),
  });
}

/** The problems as the lines a person reads. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  return problems
    .map(
      ({ setting, given, wanted, example }) =>
        `  ${setting} is ${given}\n    wanted: ${wanted}\n    example: ${example}`,
    )
    .join('\n');
}

function convert(schema: TSchema, text: string): unknown {
  if (schema[Kind] === 'Integer') return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (schema[Kind] === 'Boolean') return text === '1' ? true : text === '0' ? false : undefined;
  return text.includes('\0') ? undefined : text;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
}

function originOf(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return undefined;
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    return undefined;
  const local = ['localhost', '127.0.0.1', '[::1]', '0.0.0.0', '[::]'].includes(url.hostname);
  return url.protocol === 'https:' || local ? url.origin : undefined;
}

function urlHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** Nothing that moves the cursor or colours a terminal, and not endless. */
function printable(text: string): string {
  const clean = text.replace(/[^\x20-\x7e]/g, '?');
  return JSON.stringify(clean.length > 120 ? `${clean.slice(0, 117)}...` : clean);
}
