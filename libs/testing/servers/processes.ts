import { spawn } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';

/** A port that nobody listens on now; on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
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
