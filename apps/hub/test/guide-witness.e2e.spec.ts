import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { projectRoot } from '#nest-platform/node';
import { newOrganisationKey } from '#nest-platform/client';
import { backupFolder } from '../../cli/src/commands/log.ts';
import { caughtUp, mustBe, receiptOf, runningHub, timeline, type RunningHub } from './running-hub.ts';
import { freePort } from '#testing/servers';
import { tellWorld } from './trust/world.ts';
import { inOneProcess } from './one-process.ts';

const { describe, it } = inOneProcess('its guide is for one process');

const root = projectRoot(import.meta.dirname);
const cli = join(root, 'dist', 'apps', 'cli', 'src', 'main.js');
const guide = readFileSync(join(root, 'docs', 'guides', 'witness.md'), 'utf8');
const commands = [...guide.matchAll(/```sh\n([^`]+)```/g)].flatMap(([, block]) => (block ?? '').trim().split('\n'));
const suite = existsSync(cli) ? describe : describe.skip;

/** What each command of the guide must say, in the order of the guide; those that go on are ended once they have said it. */
const SAYS: readonly (readonly [command: RegExp, words: RegExp, goesOn?: true])[] = [
  [/ witness pull .*trust\.jwk$/, /^holds \d+ events of tellonce$/m],
  [/ witness pull .*--every 60s$/, /^holds \d+ events of tellonce$/m, true],
  [/ witness key /, /^witness\.example\/w1\+[0-9a-f]{8}\+B/m],
  [/ witness serve /, /listens on http:\/\/127\.0\.0\.1:\d+/, true],
  [/ audit verify /, /^proven: event \d+ of \d+ is in the log that was signed, cosigned by witness\.example\/w1$/m],
  [/verify-proof\.mjs /, /^PROVEN: leaf \d+ of \d+, log tellonce, cosigned by witness\.example\/w1$/m],
  [/verify-log\.mjs /, /^HOLDS: \d+ events, signed up to \d+, log tellonce$/m],
];

suite('docs/guides/witness.md (needs the built CLI: npm run build)', () => {
  let hub: RunningHub;
  let witnessPort = 0;
  const values: Record<string, string> = {};
  const ending: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    hub = await runningHub();
    witnessPort = await freePort();
    values['HUB'] = hub.url;
    values['VKEY'] = hub.composed.opened.core.proof.vkey;
    const { child } = await tellWorld(hub);
    const key = await newOrganisationKey('bridgewater-community-trust-2');
    writeFileSync(join(hub.folder, 'trust.jwk'), JSON.stringify(key.privateJwk));
    const json = {
      organisation: 'bridgewater-community-trust',
      name: 'Trust',
      sector: 'health',
      codes: {},
      profile: {},
    };
    const keys = [key.publicJwk];
    mustBe(200, await hub.person('administrator').ask('/v1/organisations', { json: { ...json, keys } }));
    await caughtUp(hub);
    values['CHILD'] = child;
    // A head is signed a second after the last event at the latest.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
  });
  afterAll(async () => {
    for (const end of ending) await end();
    await hub.remove();
  });

  it('has a command for each expectation, in this order', () => {
    expect(commands.map((command) => SAYS.findIndex(([pattern]) => pattern.test(command)))).toEqual(
      SAYS.map((_, at) => at),
    );
  });

  it.each(commands)(
    '%s',
    async (command) => {
      const [, words, goesOn] = SAYS.find(([pattern]) => pattern.test(command)) ?? [
        command,
        /^no expectation for this command$/,
      ];
      if (/ audit verify /.test(command)) await cosignedReceipt();
      const said = goesOn === true ? await saysAndGoesOn(argsOf(command), words) : await run(argsOf(command));
      expect(said).toMatch(words);
      if (/ witness key /.test(command)) values['WITNESS'] = said.trim();
      // Each command is a process of its own, on a machine that may be busy.
    },
    60_000,
  );

  /** The hub is started again with the witness of the guide; a look is taken, its receipt cosigned and kept; the log is copied. */
  async function cosignedReceipt(): Promise<void> {
    const { folder, url } = hub;
    await hub.stop();
    const port = Number(new URL(url).port);
    const witness = `${values['WITNESS'] ?? ''} http://127.0.0.1:${String(witnessPort)} private`;
    const again = await runningHub({
      folder,
      port,
      env: { TELLONCE_WITNESSES: witness, TELLONCE_WITNESS_EVERY_MS: '100' },
    });
    const first = hub;
    hub = { ...again, remove: () => again.stop().then(() => first.remove()) };
    const look = mustBe(200, await timeline(hub.person('senco'), values['CHILD'] ?? '', 'sen-support'));
    const decision = look.headers.get('hub-decision-id') ?? '';
    await receiptOf(hub.person('senco'), decision);
    let receipt = '';
    for (let tries = 0; tries < 100 && !receipt.includes('witness.example/w1'); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      receipt = await receiptOf(hub.person('senco'), decision);
    }
    writeFileSync(join(folder, 'look.tlog-proof'), receipt);
    await backupFolder(join(folder, 'var'), join(folder, 'backup'));
  }

  function argsOf(command: string): readonly string[] {
    const filled = command
      .replace(/"\$([A-Z]+)"/g, (_, name: string) => values[name] ?? '')
      .replace('127.0.0.1:8091', `127.0.0.1:${String(witnessPort)}`);
    const args = filled.startsWith('node ')
      ? filled.replace('node libs', join(root, 'libs'))
      : filled.replace('npm run -s tellonce --', cli);
    return args.split(' ');
  }

  const around = () => ({ env: { ...process.env, TELLONCE_VAR: hub.varDir }, cwd: hub.folder });

  async function run(args: readonly string[]): Promise<string> {
    return promisify(execFile)(process.execPath, [...args], around()).then(
      ({ stdout }) => stdout,
      (error: unknown) => `${(error as { stdout: string }).stdout}${(error as { stderr: string }).stderr}`,
    );
  }

  async function saysAndGoesOn(args: readonly string[], words: RegExp): Promise<string> {
    const child = spawn(process.execPath, [...args], { ...around(), stdio: ['ignore', 'pipe', 'inherit'] });
    const over = new Promise<void>((resolve) => child.on('exit', () => resolve()));
    ending.push(async () => {
      child.kill('SIGTERM');
      await over;
    });
    let text = '';
    for await (const part of child.stdout as AsyncIterable<Buffer>) {
      text += part.toString('utf8');
      if (words.test(text)) return text;
    }
    return text;
  }
});
