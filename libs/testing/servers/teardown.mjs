import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/** Stops the servers of the run and says which there were, so that nobody has to guess what was tested against what. */
export default async function teardown() {
  const folder = process.env.SERVERS_OF_TESTS;
  if (folder === undefined || !existsSync(folder)) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
    const { what, pid } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    process.stderr.write(`Tested against ${what}\n`);
    if (pid !== undefined) await end(pid);
  }
  rmSync(folder, { recursive: true, force: true });
}

async function end(pid) {
  try {
    process.kill(pid, 'SIGINT');
    for (let tries = 0; tries < 100; tries++) {
      await wait(50);
      process.kill(pid, 0);
    }
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
