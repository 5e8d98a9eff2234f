import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { caughtUp, runningHub, type RunningHub } from '../../hub/test/running-hub.ts';
import { program } from '../src/program.ts';

let hub: RunningHub;
let seeded: readonly string[];

beforeAll(async () => {
  hub = await runningHub({ witness: true });
  seeded = (await tellonce('seed')).lines;
  await caughtUp(hub);
});
afterAll(() => hub.remove());

/** Runs a command as an operator would type it; what it says, and its exit code. */
async function tellonce(
  ...words: readonly string[]
): Promise<{ readonly lines: readonly string[]; readonly code: number }> {
  const lines: string[] = [];
  const env = {
    TELLONCE_PUBLIC_URL: hub.url,
    TELLONCE_VAR: hub.varDir,
    TELLONCE_WITNESS_DIR: join(hub.folder, 'witness'),
  };
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await program(env, (line) => lines.push(line)).parseAsync(['node', 'tellonce', ...words]);
    return { lines, code: process.exitCode };
  } finally {
    process.exitCode = before;
  }
}

const childOf = (index: number) => seeded.at(index - 3)?.split(' ')[0] ?? '';

it('seed tells the area with progress and names its children; the same again changes nothing', async () => {
  expect(seeded).toContainEqual(expect.stringMatching(/^Telling the demonstration (\d+)\/\1$/));
  for (const index of [0, 1, 2]) expect(childOf(index)).toMatch(/^[0-9a-f-]{36}$/);
  expect((await tellonce('seed')).lines.slice(-3)).toEqual(seeded.slice(-3));
});

it('timeline: a line a fact for who may see it, the one refusal in words for who may not', async () => {
  const asking = ['timeline', childOf(0), '--purpose', 'sen-support', '--limit', '3'];
  const { lines } = await tellonce(...asking, '--person', 'senco-riverside');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\d {2}[a-z-]+ {2}[a-z-]+\.[a-z-]+\.v1 {2}\{/);
  expect(lines[3]).toBe('(more: raise --limit)');
  await expect(tellonce(...asking, '--person', 'teacher-elsewhere')).rejects.toThrow('404 HUB_NOT_FOUND');
  await expect(tellonce(...asking, '--person', 'nobody')).rejects.toThrow('sign-in refused');
  await expect(tellonce(...asking)).rejects.toThrow('say who you are');
});

it('projection list and rebuild', async () => {
  const administrator = ['--person', 'administrator'];
  const { lines } = await tellonce('projection', 'list', ...administrator);
  expect(lines.map((line) => line.split(' ')[0])).toEqual(expect.arrayContaining(['timeline', 'usage']));
  for (const line of lines) expect(line).toMatch(/generation \d+ {2}behind: \d+ events {2}parked: 0$/);
  const rebuilt = await tellonce('projection', 'rebuild', 'timeline', ...administrator);
  expect(rebuilt.lines.at(-1)).toBe('timeline is rebuilt and serves');
  expect(rebuilt.lines.at(-2)).toMatch(/^generation \d+: \d+\/\d+ events, \d+\/s/);
  await expect(tellonce('projection', 'rebuild', 'nothing', ...administrator)).rejects.toThrow('404');
});

it('log verify says that it holds; log backup copies what verifies, and never a key', async () => {
  await signed();
  expect((await tellonce('log', 'verify')).lines).toEqual([
    expect.stringMatching(/^the log holds: \d+ events, root .+, signed up to \d+$/),
  ]);
  const to = join(hub.folder, 'backup');
  expect((await tellonce('log', 'backup', to)).lines).toEqual(['copied: log.db, tree.db, checkpoints']);
  const files = readdirSync(to, { recursive: true }).map(String);
  expect(files.filter((name) => /key|identity|receipts|jti|views/.test(name))).toEqual([]);
  expect(await tellonce('log', 'verify', '--var', to)).toMatchObject({ code: 0 });
  writeFileSync(join(to, 'checkpoints', 'checkpoints'), 'tellonce\n1\nAAAA\n\n— tellonce AAAA\n\n');
  const broken = await tellonce('log', 'verify', '--var', to);
  expect([broken.code, broken.lines[0]]).toEqual([2, expect.stringMatching(/^the log does NOT hold: bad-checkpoint/)]);
  const nowhere = join(hub.folder, 'nowhere');
  await expect(tellonce('log', 'verify', '--var', nowhere, '--witness', nowhere)).rejects.toThrow(
    'no signed checkpoint',
  );
});

it('doctor looks over the folder and changes nothing', async () => {
  const { lines } = await tellonce('doctor');
  for (const name of ['log.db', 'keys.db', 'identity.db', 'tree.db']) expect(lines).toContainEqual(`ok    ${name}: ok`);
  expect(lines.filter((line) => line.startsWith('LOOK'))).toEqual([]);
});

it('erase: what it destroyed, and the child is not there any more', async () => {
  const asking = ['timeline', childOf(1), '--purpose', 'direct-care', '--person', 'health-visitor'];
  expect((await tellonce(...asking)).lines.length).toBeGreaterThan(0);
  const erasing = ['erase', childOf(1), '--ground', 'article-17', '--person', 'dpo'];
  await expect(tellonce(...erasing)).rejects.toThrow('There is no granted request');
  const { lines } = await tellonce(...erasing, '--letter', 'c');
  expect(lines).toEqual([
    expect.stringMatching(
      /^erased: [1-9]\d* records, [1-9]\d* keys; searched \d+ files, 0 hits; told .+; [0-9a-f-]{36}$/,
    ),
  ]);
  const after = await tellonce(...asking).catch((error: unknown) => String(error));
  expect(typeof after === 'string' ? after : after.lines).toEqual(
    typeof after === 'string' ? expect.stringContaining('404') : [],
  );
  await expect(tellonce('erase', childOf(1), '--ground', 'because', '--person', 'dpo')).rejects.toThrow('/ground');
  await signed();
  expect(await tellonce('log', 'verify')).toMatchObject({ code: 0 });
});

/** Until a checkpoint covers everything, and the witness has it. */
async function signed(): Promise<void> {
  for (let tries = 0; tries < 60 && !existsSync(join(hub.folder, 'witness', 'latest')); tries++)
    await new Promise((resolve) => setTimeout(resolve, 50));
  await new Promise((resolve) => setTimeout(resolve, 1100));
}
