import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './folders.ts';
import { freePort } from '../servers/processes.ts';

/** A built app in a process of its own, as operators run it, on new data. */
export interface BuiltApp {
  readonly url: string;
  readonly varDir: string;
  /** Resident memory in MiB; undefined where the system does not tell. */
  residentMiB(): number | undefined;
  exited(): boolean;
  /** Sends a signal and answers with the exit code once it has ended; null where a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  remove(): Promise<void>;
}

const ROOT = join(import.meta.dirname, '../../..');
/**
 * A hub that tells no stories at its start, with a small heap: where Node may take gigabytes it collects so late that a leak and
 * leisure look alike; here a leak ends the process.
 */
export const QUIET_HUB: readonly string[] = [
  '--max-old-space-size=192',
  '--input-type=module',
  '-e',
  `const { runApp } = await import('#nest-platform');
   const { hub } = await import('./dist/apps/hub/src/hub.js');
   await runApp(hub());`,
];

/**
 * Starts node with these arguments at the root of the project (`['dist/apps/health/src/main.js']`) and waits until it is ready.
 * `npm run build` must have been run before; the scripts `test` and `test:soak` do.
 */
export async function builtApp(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<BuiltApp> {
  const folder = temporaryFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${String(port)}`;
  const varDir = join(folder.path, 'var');
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...withoutJest(),
      TELLONCE_PORT: String(port),
      TELLONCE_PUBLIC_URL: url,
      TELLONCE_VAR: varDir,
      TELLONCE_LOG_LEVEL: 'error',
      ...settings,
    },
  });
  await answering(url, child);
  return {
    url,
    varDir,
    residentMiB: () => residentOf(child),
    exited: () => child.exitCode !== null,
    end: async (signal) => {
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill(signal);
      return ended;
    },
    remove: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
      folder.remove();
    },
  };
}

/** Jest's own options are not for the app. */
function withoutJest(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_OPTIONS'));
}

function residentOf({ pid }: ChildProcess): number | undefined {
  const status = `/proc/${String(pid)}/status`;
  if (!existsSync(status)) return undefined;
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(status, 'utf8'))?.[1]) / 1024;
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (child.exitCode !== null) throw new Error(`the built app ended with ${String(child.exitCode)}`);
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (answer?.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the built app does not answer');
}
