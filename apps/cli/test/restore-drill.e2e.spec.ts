import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { EventStoreDouble } from '../../../libs/event-log/eventstoredb/double/index.ts';
import { runningHub, type RunningHub } from '../../hub/test/running-hub.ts';
import type { DrillEvidence } from '../src/commands/drill/restore-drill.ts';
import { program } from '../src/program.ts';

let hub: RunningHub;
let child: string;
const at = (name: string): string => join(hub.folder, name);

beforeAll(async () => {
  hub = await runningHub({ witness: true });
  const { lines } = await tellonce('seed');
  child = lines.at(-2)?.split(' ')[0] ?? '';
  await signed();
  await tellonce('log', 'backup', at('backup'));
  const keys = new DatabaseSync(join(hub.varDir, 'keys.db'), { readOnly: true });
  keys.exec(`vacuum into '${at('keys-backup.db')}'`);
  keys.close();
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
    TELLONCE_KEY_FILE: at('tellonce.key'),
    TELLONCE_WITNESS_DIR: at('witness'),
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

async function drill(backup: string, ...more: readonly string[]) {
  mkdirSync(at('scratch'), { recursive: true });
  const files = ['--backup', at(backup), '--scratch', at('scratch'), '--evidence', at('evidence.json')];
  const said = await tellonce('restore', 'drill', ...files, ...more);
  expect(readdirSync(at('scratch'))).toEqual([]);
  return { ...said, evidence: JSON.parse(readFileSync(at('evidence.json'), 'utf8')) as DrillEvidence };
}

it('a backup of now restores: every view that needs no key is equal, table by table', async () => {
  const { code, lines, evidence } = await drill('backup');
  expect([code, lines[0]]).toEqual([0, expect.stringMatching(/^the backup restores: \d+ events/)]);
  expect(evidence).toMatchObject({ verdict: 'holds', faults: [], keys: null });
  expect(evidence.viewsLeftOut).toEqual(['usage', 'audit', 'notices']);
  expect(evidence.events).toBeGreaterThan(20);
  expect(evidence.heads).toBeGreaterThan(0);
  expect(evidence.views.filter(({ equal }) => !equal)).toEqual([]);
  expect(evidence.views.filter(({ rows }) => rows > 0).map(({ view }) => view)).toContain('timeline');
});

it('an older backup, with older keys, restores too: it says what is missing, and what was erased since is destroyed again', async () => {
  const erasing = ['erase', child, '--ground', 'article-17', '--person', 'dpo', '--letter', 'c'];
  await tellonce(...erasing);
  await signed();
  const keys = readFileSync(at('keys-backup.db'));
  const { code, lines, evidence } = await drill('backup', '--keys', at('keys-backup.db'));
  expect([code, evidence.verdict]).toEqual([0, 'holds']);
  expect(evidence.missing).toBeGreaterThan(0);
  expect(evidence.signed).toBeGreaterThan(evidence.events);
  expect(lines[0]).toContain(`${String(evidence.missing)} events of the live log are missing`);
  expect(evidence.viewsLeftOut).toEqual(['notices']);
  expect(evidence.views.map(({ view }) => view)).toEqual(expect.arrayContaining(['usage', 'audit']));
  expect(evidence.keys?.destroyedAgain).toBeGreaterThan(0);
  expect(evidence.keys?.left).toBe(0);
  // What was destroyed was destroyed in the copy: the backup is as it was.
  expect(readFileSync(at('keys-backup.db')).equals(keys)).toBe(true);
});

it('a backup with one bit flipped does not restore, and the place is named', async () => {
  mkdirSync(at('flipped/checkpoints'), { recursive: true });
  for (const name of ['log.db', 'tree.db', 'checkpoints/checkpoints'])
    copyFileSync(join(at('backup'), name), join(at('flipped'), name));
  const log = new DatabaseSync(join(at('flipped'), 'log.db'));
  const { position, data } = log.prepare('select position, data from event limit 1 offset 7').get() as {
    readonly position: number;
    readonly data: Uint8Array;
  };
  const flipped = data.with(30, (data[30] ?? 0) ^ 1);
  log.prepare('update event set data = ? where position = ?').run(flipped, position);
  log.close();
  const { code, lines, evidence } = await drill('flipped');
  expect([code, evidence.verdict, evidence.views]).toEqual([2, 'does-not-hold', []]);
  expect(lines[0]).toMatch(
    /^the backup does NOT restore: the log does NOT hold: id-is-not-of-the-bytes at leaf 7, at [\w-]+ revision \d+/,
  );
});

it('a live log with less than its backup is told, and a folder that is no backup', async () => {
  const live = `sqlite:${join(at('backup'), 'log.db')}`;
  await tellonce('log', 'backup', at('newer'));
  const behind = await drill('newer', '--live', live);
  expect([behind.code, behind.lines[0]]).toEqual([2, expect.stringMatching(/the live log has \d+ events less/)]);
  await expect(tellonce('restore', 'drill', '--backup', at('nowhere'))).rejects.toThrow('no log.db');
});

it('a copy of the log on a server is as good to compare with', async () => {
  const double = await EventStoreDouble.start();
  try {
    const from = `sqlite:${join(at('backup'), 'log.db')}`;
    await tellonce('migrate-log', '--from', from, '--to', double.url());
    const { code, evidence } = await drill('backup', '--live', double.url(), '--witness', at('witness'));
    expect([code, evidence.missing, evidence.faults]).toEqual([0, 0, []]);
    expect(evidence.views.some(({ rows }) => rows > 0)).toBe(true);
  } finally {
    double.stop();
  }
});

/** Until a checkpoint covers everything, and the witness has it. */
async function signed(): Promise<void> {
  for (let tries = 0; tries < 60 && !existsSync(at('witness/latest')); tries++) await wait(50);
  await wait(1100);
}
