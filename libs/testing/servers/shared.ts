import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** A server as every test file of a run finds it. */
export interface SharedServer {
  /** What it is and of which version, for the end of the run; or why there is none. */
  readonly what: string;
  /** Where it is; absent where there is none. */
  readonly url?: string;
  /** Whom to stop at the end of the run. */
  readonly pid?: number;
}

/** The one server of this name of the run: started by whoever asks first, in `folder` of the run, stopped by the run's teardown. */
export async function sharedServer(
  name: string,
  start: (folder: string) => Promise<SharedServer>,
): Promise<SharedServer> {
  const folder = process.env['SERVERS_OF_TESTS'];
  if (folder === undefined) throw new Error('servers are shared within a run of the tests only');
  const told = join(folder, `${name}.json`);
  try {
    mkdirSync(join(folder, name));
  } catch {
    for (let tries = 0; tries < 1200 && !existsSync(told); tries++) await wait(100);
    return JSON.parse(readFileSync(told, 'utf8')) as SharedServer;
  }
  const server = await start(join(folder, name)).catch((error: unknown): SharedServer => {
    return { what: `no ${name}: ${error instanceof Error ? error.message : String(error)}` };
  });
  writeFileSync(`${told}.new`, JSON.stringify(server));
  renameSync(`${told}.new`, told);
  return server;
}
