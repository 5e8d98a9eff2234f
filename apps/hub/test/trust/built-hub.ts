import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#nest-platform/node';

/** Folder of the checkout. */
export const ROOT = projectRoot(import.meta.dirname);
/** False before `npm run build`, which `npm test` does first. */
export const BUILT = existsSync(join(ROOT, 'dist', 'apps', 'hub', 'src', 'main.js'));

/** The built hub as a process of its own. */
export interface BuiltHub {
  readonly url: string;
  readonly process: ChildProcess;
  /** Everything printed so far, both streams. */
  printed(): string;
  /** Waits for words; fails when the process ends first or after the time. */
  until(words: RegExp, milliseconds: number): Promise<string>;
  /** Resolves with exit code or signal. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts what `npm start` starts after building, on a folder; another program of the checkout where `entry` names one. */
export function startBuilt(
  folder: string,
  port: number,
  env: Readonly<Record<string, string>> = {},
  entry = join('infra', 'start.mjs'),
): BuiltHub {
  const url = `http://127.0.0.1:${String(port)}`;
  const child = spawn(process.execPath, [join(ROOT, entry)], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      TELLONCE_PORT: String(port),
      TELLONCE_PUBLIC_URL: url,
      TELLONCE_VAR: join(folder, 'var'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let over = false;
  child.stdout.on('data', (part: Buffer) => (text += part.toString('utf8')));
  child.stderr.on('data', (part: Buffer) => (text += part.toString('utf8')));
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.on('exit', (code, signal) => {
      over = true;
      resolve(code ?? signal);
    });
  });
  return {
    url,
    process: child,
    ended,
    printed: () => text,
    until: async (words, milliseconds) => {
      const until = performance.now() + milliseconds;
      while (!words.test(text)) {
        if (over || performance.now() > until) throw new Error(`not printed: ${String(words)} in\n${text}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
      return text;
    },
  };
}
