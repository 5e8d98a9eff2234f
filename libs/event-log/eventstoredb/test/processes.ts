import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Runs a TypeScript file of this folder's lib in a process of its own and answers with what it printed and how it ended. */
export async function run(
  file: string,
  ...args: readonly string[]
): Promise<{ readonly output: string; readonly complaint: string; readonly code: number | null }> {
  const child = started(file, ...args);
  let [output, complaint] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { output, complaint, code };
}

/** A double in a process of its own. */
export interface DoubleProcess {
  readonly url: string;
  readonly port: number;
  /** `SIGKILL`: it has no time to do anything. */
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** Starts a double in a process of its own; with a file it goes on where one that was killed ended. */
export async function doubleProcess(file: string, port = 0): Promise<DoubleProcess> {
  const child = started('double/main.ts', '--file', file, '--port', String(port));
  child.stderr?.pipe(process.stderr);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once('data', (chunk: Buffer) =>
      resolve(
        chunk
          .toString()
          .trim()
          .replace(/^listening /, ''),
      ),
    );
    child.once('exit', () => reject(new Error('the double did not start')));
  });
  return {
    url,
    port: Number(/:(\d+)\?/.exec(url)?.[1]),
    kill: async () => {
      const over = once(child, 'exit');
      child.kill('SIGKILL');
      await over;
    },
    signal: (name) => void child.kill(name),
  };
}

function started(file: string, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--conditions=source', join(import.meta.dirname, '..', file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
