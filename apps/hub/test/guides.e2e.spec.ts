import { afterAll, beforeAll, expect } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '#nest-platform/node';
import { caughtUp, runningHub, type RunningHub } from './running-hub.ts';
import { inOneProcess } from './one-process.ts';

const { describe, it } = inOneProcess('its guides are for one process; deploy.md has a test of its own');

const root = projectRoot(import.meta.dirname);
const cli = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
/** The officer's guide comes first: the operator's ends with an erasure. */
const guides = ['data-protection-officer.md', 'operate.md'].map((name) =>
  readFileSync(join(root, 'docs', 'guides', name), 'utf8'),
);
const commands = guides.flatMap((guide) =>
  [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => (block ?? '').trim().split('\n')),
);
const suite = existsSync(cli) ? describe : describe.skip;

/** What each command of the guide must say; one that is not here fails. */
const SAYS: readonly (readonly [RegExp, RegExp])[] = [
  [/ audit query /, /decisions in question [0-9a-f-]{36}/],
  [/ audit verify /, /proven: the file is as exported .*: \d+ decisions, complete/],
  [/ doctor$/, /settings: \d+ known, all valid/],
  [/ projection list /, /timeline {2}generation 1/],
  [/ projection rebuild timeline /, /timeline is rebuilt and serves/],
  [/ log verify$/, /the log holds: \d+ events/],
  [/ log backup /, /copied: log\.db, tree\.db, checkpoints/],
  [/ restore drill /, /the backup restores: \d+ events, held against \d+ signed heads/],
  [/ erase /, /erased: [1-9]\d* records, [1-9]\d* keys/],
];

suite('docs/guides: operate, data-protection-officer (needs the built CLI: npm run build)', () => {
  let hub: RunningHub;
  let child = '';

  beforeAll(async () => {
    hub = await runningHub();
    const seeded = await run(['seed', '--url', hub.url, '--keys', join(hub.folder, 'keys.json')]);
    child = /^([0-9a-f-]{36}) {2}/m.exec(seeded)?.[1] ?? '';
    await caughtUp(hub);
    // A checkpoint is signed a second after the last event at the latest.
    await new Promise((resolve) => setTimeout(resolve, 1200));
  });

  afterAll(() => hub.remove());

  it('has a command for each expectation', () => {
    expect(SAYS.filter(([command]) => !commands.some((each) => command.test(each)))).toEqual([]);
  });

  it.each(commands)('%s', async (command) => {
    const expected = SAYS.find(([pattern]) => pattern.test(command))?.[1];
    const args = command.replace('npm run -s tellonce -- ', '').replace('"$CHILD"', child).split(' ');
    expect(await run(args)).toMatch(expected ?? /^an expectation for this command$/);
  });

  async function run(args: readonly string[]): Promise<string> {
    const env = {
      ...process.env,
      TELLONCE_PUBLIC_URL: hub.url,
      TELLONCE_VAR: hub.varDir,
      TELLONCE_KEY_FILE: join(hub.folder, 'tellonce.key'),
    };
    // The doctor exits with 1 where there is something to look at, as there is in a demonstration.
    return promisify(execFile)(process.execPath, [cli, ...args], { env, cwd: hub.folder }).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: unknown) => `${(error as { stdout: string }).stdout}${(error as { stderr: string }).stderr}`,
    );
  }
});
