import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '#testing';

/** A built hub in a process of its own, as operators run it, with demonstration people and no data. */
export interface BuiltHub {
  readonly url: string;
  readonly varDir: string;
  /** Resident memory in MiB; undefined where the system does not tell. */
  residentMiB(): number | undefined;
  exited(): boolean;
  remove(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../../..');
const MAIN = `const { runApp } = await import('#nest-platform');
const { hub } = await import('./dist/apps/hub/src/hub.js');
await runApp(hub());`;

/** Starts one; `npm run build` must have been run before (the soak script does). */
export async function builtHub(): Promise<BuiltHub> {
  const folder = temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const varDir = join(folder.path, 'var');
  const process_ = spawn(process.execPath, ['--input-type=module', '-e', MAIN], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...withoutJest(),
      TELLONCE_PORT: String(port),
      TELLONCE_PUBLIC_URL: url,
      TELLONCE_VAR: varDir,
      TELLONCE_DEMO: '1',
      TELLONCE_LOG_LEVEL: 'error',
    },
  });
  await answering(url, process_);
  return {
    url,
    varDir,
    residentMiB: () => residentOf(process_),
    exited: () => process_.exitCode !== null,
    remove: async () => {
      const ended = new Promise((resolve) => process_.once('exit', resolve));
      if (process_.exitCode === null) {
        process_.kill('SIGTERM');
        await ended;
      }
      folder.remove();
    },
  };
}

/** Jest's own options are not for the hub. */
function withoutJest(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ...env } = process.env;
  return env;
}

function residentOf({ pid }: ChildProcess): number | undefined {
  const status = `/proc/${String(pid)}/status`;
  if (!existsSync(status)) return undefined;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the built hub ended with ${String(child.exitCode)}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the built hub does not answer');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
