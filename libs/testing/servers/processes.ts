import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below those that a system gives to connections on their way out (from 32,768 on Linux, from 49,152 elsewhere): one of them could take a port before its server does. */
const [FIRST, EACH, PARTS] = [12_000, 1_000, 20];
/** Each worker of a run has its own part, gone through from anywhere on. */
const part = FIRST + (Number(process.env['JEST_WORKER_ID'] ?? process.pid) % PARTS) * EACH;
let next = randomInt(EACH);

/** A port that nobody listens on now, and that this process was not given lately; on loopback. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < EACH; tries++) {
    const port = part + (next++ % EACH);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** True while a process of this id is there. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills at once, without a word. Nothing where it is gone. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was faster.
  }
}

/** Ends a server, and its folder, when the process that wanted it is gone without having said so. */
export function endWith(owner: number, server: number, folder: string): void {
  const script = 'while kill -0 "$1" && kill -0 "$2"; do sleep 1; done; kill -0 "$1" || { kill -9 "$2"; rm -rf "$3"; }';
  const args = ['-c', script, 'end-with', String(owner), String(server), folder];
  spawn('/bin/sh', args, { detached: true, stdio: 'ignore' }).unref();
}

/** Asks again and again until the answer is yes; throws after so many milliseconds, or what `gone` says where it says something. */
export async function askUntil(
  asked: () => Promise<boolean>,
  within: number,
  gone: () => string | undefined,
): Promise<void> {
  const until = performance.now() + within;
  for (;;) {
    if (await asked().catch(() => false)) return;
    const why = gone() ?? (performance.now() > until ? 'no answer in time' : undefined);
    if (why !== undefined) throw new Error(why);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
