import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { demonstrationPerson } from '#nest-platform/client';
import { temporaryFolder } from '#testing';
import { freePort, sharedKafka, startPostgres, type TestPostgres } from '#testing/servers';
import { PROCESSES } from './processes.ts';

const ROOT = join(import.meta.dirname, '../..');
const GUIDE = readFileSync(join(ROOT, 'docs/guides/deploy.md'), 'utf8');
const BLOCKS = [...GUIDE.matchAll(/^```bash run\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block);
const kafka = await sharedKafka();
const signals = 'brokers' in kafka ? kafka.what : `without Kafka: ${kafka.unavailable}`;

/** What a block said, and how it ended. */
interface Ran {
  readonly code: number | null;
  readonly said: string;
}

describe(`the guide to servers, on a real PostgreSQL, a double of EventStoreDB, ${signals}`, () => {
  const folder = temporaryFolder();
  const area = join(folder.path, 'area');
  const doubles: ChildProcess[] = [];
  let server: TestPostgres;
  let env: Record<string, string>;
  /** What the ports of the guide begin with here: 8080 is `<ports>0`. */
  let ports: string;
  let seeded = '';
  /** Who was signed in to the database at any time after the processes were started. */
  const seen = new Set<string>();

  beforeAll(async () => {
    mkdirSync(area, { mode: 0o700 });
    server = await startPostgres();
    await passwordsFor(server);
    ports = await freeTen();
    env = {
      AREA: area,
      DATABASE_OWNER_URL: server.url,
      LOG_URL: await double('log.db'),
      EMPTY_LOG_URL: await double('empty.db'),
      OLD_VAR: join(area, 'backup'),
      BROKERS: 'brokers' in kafka ? kafka.brokers.join(',') : '',
    };
  });
  afterAll(async () => {
    for (const pid of pids()) end(pid);
    for (const child of doubles) child.kill('SIGKILL');
    await server.remove();
    folder.remove();
  });

  async function double(file: string): Promise<string> {
    const port = String(await freePort());
    const main = join(ROOT, 'libs/event-log/eventstoredb/double/main.ts');
    const args = ['--conditions=source', main, '--port', port, '--file', join(folder.path, file)];
    const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'], env: ownEnv() });
    doubles.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return String(line).trim().replace('listening ', '');
  }

  function pids(): readonly number[] {
    const file = join(area, 'pids');
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number) : [];
  }

  /** As typed into one shell after another, with the ports of this run in place of those of the guide. */
  async function run(block: string): Promise<Ran> {
    // `npm test` has built; to build again would take the files from under others that run.
    const text = here(block).replace('npm run -s build\n', '');
    const out = join(folder.path, 'said');
    const child = spawn('bash', ['--norc', '-c', `{ set -e\n${text}\n} > '${out}' 2>&1`], {
      cwd: ROOT,
      stdio: 'ignore',
      env: { ...ownEnv(), ...env },
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    // The examples have the ports that the guide has.
    if (block.includes('.env.example')) {
      for (const name of readdirSync(join(area, 'env'))) {
        const file = join(area, 'env', name);
        writeFileSync(file, here(readFileSync(file, 'utf8')));
      }
    }
    return { code, said: readFileSync(out, 'utf8') };
  }
  const here = (text: string): string => text.replaceAll(/\b808(?=\d\b)/g, ports);

  it('there are blocks to run, and the last stops everything', () => {
    expect(BLOCKS.length).toBeGreaterThan(7);
    expect(BLOCKS.at(-1)).toContain('kill $(cat "$AREA/pids")');
  });

  it('every block but the last ends well, in order', async () => {
    const stop = new AbortController();
    let watching: Promise<void> | undefined;
    for (const block of BLOCKS.slice(0, -1)) {
      if (block.includes('src/main.js')) watching = watchUsers(server.url, seen, stop.signal);
      const { code, said } = await run(block);
      if (block.includes(' seed ')) seeded = said;
      if (code !== 0) throw new Error(`${block}ended with ${String(code)}: ${said}\n${logs()}`);
    }
    stop.abort();
    await watching;
    expect(pids()).toHaveLength(PROCESSES.length + 1);
  }, 600_000);

  it('then a person reads a child’s timeline through the gateway', async () => {
    const child = seeded.trim().split('\n').at(-3)?.split(' ')[0] ?? '';
    const client = demonstrationPerson(`http://127.0.0.1:${ports}0`, 'senco-riverside');
    const answer = await eventually(
      () => client.ask(`/v1/children/${child}/timeline?limit=3`, { headers: { 'hub-purpose': 'sen-support' } }),
      ({ status }) => status === 200,
    );
    expect(answer.status).toBe(200);
    expect((answer.json as { items: readonly unknown[] }).items.length).toBeGreaterThan(0);
  }, 60_000);

  it('each process has signed in as its own role, none as the owner, and no log of theirs tells of an alarm', () => {
    expect([...seen].toSorted()).toEqual(PROCESSES.map(({ role }) => role).toSorted());
    expect(logs()).not.toMatch(/"alarm"|permission denied/);
  });

  it('the last block ends every process', async () => {
    await run(BLOCKS.at(-1) ?? '');
    await eventually(
      async () => pids().filter(alive).length,
      (left) => left === 0,
    );
    expect(pids().filter(alive)).toEqual([]);
  }, 60_000);

  function logs(): string {
    const names = existsSync(area) ? readdirSync(area).filter((name) => name.endsWith('.log')) : [];
    const loud = (text: string): string =>
      text
        .split('\n')
        .filter((line) => /"level":"?(error|fatal|50|60)|alarm|rror/.test(line))
        .slice(0, 5)
        .join('\n');
    return names.map((name) => `${name}: ${loud(readFileSync(join(area, name), 'utf8'))}`).join('\n');
  }
});

/** The owner as it is, everybody else by the password that they were given. */
async function passwordsFor(server: TestPostgres): Promise<void> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const { rows } = await client.query<{ hba_file: string }>('show hba_file');
  const rules = 'host all owner 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n';
  writeFileSync(rows[0]?.hba_file ?? '', rules);
  await client.query('select pg_reload_conf()');
  await client.end();
}

/** Notes who is signed in, several times a second. */
async function watchUsers(url: string, seen: Set<string>, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  while (!signal.aborted) {
    const { rows } = await client.query<{ name: string }>(
      "select distinct usename as name from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    for (const { name } of rows) seen.add(name);
    await wait(100);
  }
  await client.end();
}

/** Digits before the last of ten ports that are free, below those that the system hands out. */
async function freeTen(): Promise<string> {
  for (let tens = 1500 + (process.pid % 1000); ; tens++) {
    const all = await Promise.all([0, 1, 2, 3, 4].map((digit) => isFree(tens * 10 + digit)));
    if (all.every(Boolean)) return String(tens);
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** This process's surroundings without what is Jest's or a hub's. */
function ownEnv(): NodeJS.ProcessEnv {
  const foreign = /^(TELLONCE_|NODE_OPTIONS$|EVENTSTORE_URL|DATABASE_URL|KAFKA_BROKERS)/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
}

async function eventually<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const answer = await ask();
    if (good(answer) || tries > 100) return answer;
    await wait(200);
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
