import { execFile, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { freePort } from '#testing/servers';
import { BUILT, startBuilt, type BuiltHub } from './built-hub.ts';
import { inOneProcess } from '../one-process.ts';

const { describe, it } = inOneProcess('it starts the hub itself');

const TOOLS = ['bash', 'curl', 'sed'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const described = BUILT ? describe : describe.skip;
const pasted = TOOLS ? it : it.skip;
const folder = temporaryFolder();
let hub: BuiltHub;
let port: number;

described(`npm start${BUILT ? '' : ' (skipped: not built, npm run build)'}`, () => {
  beforeAll(async () => {
    port = await freePort();
    hub = startBuilt(folder.path, port);
    await hub.until(/Stop with Ctrl-C/, 60_000);
  }, 65_000);
  afterAll(() => {
    hub.process.kill('SIGKILL');
    folder.remove();
  });

  it('from an empty folder: says where, tells the stories, prints what to try', () => {
    expect(hub.printed()).toMatch(/Tellonce is running: http[^]*New data in [^]*Telling the demonstration (\d+)\/\1/);
  });

  pasted(
    `what it prints can be pasted${TOOLS ? '' : ' (skipped: bash, curl or sed is missing)'}`,
    async () => {
      const outputs = await paste(hub.printed());
      const typesOf = (text: string | undefined) => {
        const { items } = JSON.parse(text ?? '') as { items: readonly { type: string }[] };
        return items.map(({ type }) => type).sort();
      };
      const [senco, visitor, worker, elsewhere, purpose, parent, access, agreement, emergency, proof] = outputs;
      const slices = [senco, visitor, worker].map(typesOf);
      expect(new Set(slices.map((slice) => slice.join())).size).toBe(3);
      for (const slice of slices) expect(slice.length).toBeGreaterThan(3);
      expect(elsewhere).toMatch(/^HTTP\/1.1 404/);
      expect(JSON.parse(purpose ?? '')).toMatchObject({ status: 403, code: 'HUB_PURPOSE_NOT_YOURS' });
      const { usages } = JSON.parse(parent ?? '') as { usages: readonly { role: string; effect: string }[] };
      expect(usages.map(({ role, effect }) => `${role} ${effect}`)).toEqual(
        expect.arrayContaining(['senco permit', 'health-visitor permit', 'class-teacher deny']),
      );
      // Looks for safeguarding are kept from the family.
      expect(parent).not.toContain('social-worker');
      expect(access).toMatch(/Riverside Special School.*may see/);
      expect(agreement).toMatch(/This is an agreement between Families of the area and/);
      expect(emergency).toMatch(/"grant":"[0-9a-f-]{36}"[^]*break-glass-started/);
      expect(proof).toMatch(/^proven: event \d+ of \d+[^]*PROVEN: leaf \d+ of \d+/);
    },
    60_000,
  );

  it('a second hub on the port says so in one message, and leaves no trace', async () => {
    const other = temporaryFolder();
    const second = startBuilt(other.path, port);
    expect(await second.ended).toBe(69);
    expect(messages(second)).toEqual([expect.stringMatching(/^Port \d+ of 127\.0\.0\.1 is taken\..*TELLONCE_PORT/)]);
    other.remove();
  }, 20_000);

  it('a second hub on the folder says so in one message', async () => {
    const second = startBuilt(folder.path, await freePort());
    expect(await second.ended).toBe(69);
    expect(messages(second)).toEqual([expect.stringMatching(/^Another hub is running on the folder/)]);
  }, 20_000);

  it('a wrong configuration is one message with every problem', async () => {
    const second = startBuilt(folder.path, port, { TELLONCE_PORT: 'eighty', TELLONCE_VRA: 'x' });
    expect(await second.ended).toBe(78);
    expect(second.printed()).toMatch(
      /^The configuration is not valid\. Nothing was started\.[^]*TELLONCE_PORT[^]*TELLONCE_VRA/,
    );
  }, 20_000);

  it('SIGTERM drains and ends with 0; a second start finds its data and says so', async () => {
    hub.process.kill('SIGTERM');
    expect(await hub.ended).toBe(0);
    hub = startBuilt(folder.path, port);
    const text = await hub.until(/Stop with Ctrl-C/, 60_000);
    expect(text).toMatch(/Found its data in .*: 15 organisations are registered/);
    expect(text).not.toContain('could not be told');
  }, 70_000);
});

/** Lines for people: what is not a line of the structured log. */
function messages(built: BuiltHub): readonly string[] {
  return built
    .printed()
    .split('\n')
    .filter((line) => line !== '' && !/"level":40/.test(line));
}

/** Runs the printed commands as one shell would, answering with the output of each part that a comment begins. */
async function paste(printed: string): Promise<readonly string[]> {
  const from = printed.indexOf('Paste, and compare:');
  const script = printed.slice(printed.indexOf('\n', from), printed.indexOf('Stop with Ctrl-C'));
  const parts = script.split(/^(?=# )/m).slice(1);
  const outputs: string[] = [];
  for (const part of parts) {
    const here = part.replaceAll('look.tlog-proof', `${folder.path}/look.tlog-proof`);
    const PATH = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', here], { env: { PATH } });
    outputs.push(stdout);
  }
  return outputs;
}
