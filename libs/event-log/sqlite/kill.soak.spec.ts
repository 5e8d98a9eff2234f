import { spawn, spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { leafHash, uuidOfHash } from '#kernel';
import { RunningRoot, rootOf } from '#transparency';
import { LogInUse, openSqliteLog } from './index.ts';

const KILLS = 200;
const KILLS_A_LOG = 5;
const LANES = 32;
const child = join(import.meta.dirname, 'test', 'append-child.ts');
const program = ['--conditions=source', '--disable-warning=ExperimentalWarning', child];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'event-log-kill-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the child, kills it so long after it was ready, and answers the lines of what it acknowledged. */
async function killed(path: string, afterMs: number): Promise<readonly string[]> {
  const running = spawn(process.execPath, [...program, path, String(LANES)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  const ready = new Promise<void>((resolve, reject) => {
    running.stdout.on('data', (text: Buffer) => {
      printed += text.toString();
      if (printed.startsWith('ready\n')) resolve();
    });
    running.once('close', () => reject(new Error('the child ended by itself')));
  });
  const ended = new Promise<unknown>((resolve) => running.once('close', resolve));
  await ready;
  await wait(afterMs);
  running.kill('SIGKILL');
  await ended;
  // A line the kill cut short was not acknowledged to anybody.
  return printed.split('\n').slice(1, -1);
}

/** Every event in log order, from the start. */
async function everything(log: EventLog): Promise<readonly { readonly line: string; readonly data: Uint8Array }[]> {
  const all: { readonly line: string; readonly data: Uint8Array }[] = [];
  for await (const batch of log.readAll({ families: ['process'] })) {
    for (const { stream, revision, id, data } of batch) {
      all.push({ line: `${stream.slice('process-lane-'.length)} ${revision} ${id}`, data });
    }
  }
  return all;
}

/** Reads a log twice: ids stand for bytes, revisions are dense and in order in each lane, nothing stands twice. */
async function verified(path: string): Promise<ReadonlySet<string>> {
  const log = await openSqliteLog({ path });
  const stored = await everything(log);
  const next = new Map<string, number>();
  for (const { line, data } of stored) {
    const [lane = '', revision, id] = line.split(' ');
    const expected = next.get(lane) ?? 0;
    const record = decodeRecord(data);
    expect([Number(revision), record.revision, record.data['number'], record.stream]).toEqual([
      expected,
      expected,
      expected,
      `process-lane-${lane}`,
    ]);
    expect(id).toBe(uuidOfHash(leafHash(data)));
    next.set(lane, expected + 1);
  }
  const running = new RunningRoot();
  for (const { data } of await everything(log)) running.add(leafHash(data));
  expect(Buffer.from(running.root()).equals(rootOf(stored.map(({ data }) => leafHash(data))))).toBe(true);
  await log.close();
  return new Set(stored.map(({ line }) => line));
}

it(`loses and doubles nothing that was acknowledged in ${KILLS} kills`, async () => {
  let [kept, rounds] = [0, 0];
  for (let each = 0; each < KILLS / KILLS_A_LOG; each++) {
    const path = join(dir, `${each}.db`);
    const acknowledged: string[] = [];
    for (let kill = 0; kill < KILLS_A_LOG; kill++, rounds++) {
      acknowledged.push(...(await killed(path, randomInt(5, 81))));
      const stored = await verified(path);
      expect(acknowledged.filter((line) => !stored.has(line))).toEqual([]);
      // What was in flight may be there or not; there is no more than one a lane and kill.
      expect(stored.size - acknowledged.length).toBeLessThanOrEqual(LANES * (kill + 1));
    }
    kept += acknowledged.length;
  }
  expect(rounds).toBe(KILLS);
  // Kills that came before any work would prove nothing.
  expect(kept).toBeGreaterThan(KILLS * LANES);
}, 480_000);

it('lets nobody else write while a process does, and the next one at once when that was killed', async () => {
  const path = join(dir, 'in-use.db');
  const log = await openSqliteLog({ path });
  const second = spawnSync(process.execPath, [...program, path, '1', '1'], { encoding: 'utf8' });
  expect(second.status).not.toBe(0);
  expect(second.stderr).toContain(LogInUse.name);
  await log.close();
  await killed(path, 5);
  await (await openSqliteLog({ path })).close();
});

const strace = spawnSync('strace', ['-f', '-e', 'trace=fdatasync,fsync', 'true']).status === 0;
const counted = strace ? describe : describe.skip;
counted(strace ? 'synchronisations' : 'synchronisations (skipped: strace is not here or may not trace)', () => {
  // Node's own SQLite is built to call fsync where others call fdatasync.
  const syncs = (lanes: number, events: number): number => {
    const [path, trace] = [join(dir, `sync-${lanes}.db`), join(dir, `sync-${lanes}.txt`)];
    const options = ['-f', '-e', 'trace=fdatasync,fsync', '-o', trace, process.execPath, ...program];
    const { status } = spawnSync('strace', [...options, path, String(lanes), String(events)]);
    expect(status).toBe(0);
    return readFileSync(trace, 'utf8')
      .split('\n')
      .filter((line) => /sync(\(| resumed).*= 0$/.test(line)).length;
  };

  it('syncs at least once for every append that waits alone', () => {
    expect(syncs(1, 50)).toBeGreaterThanOrEqual(50);
  });

  it('syncs once for what is in flight together', () => {
    const together = syncs(32, 20);
    expect(together).toBeGreaterThanOrEqual(20);
    expect(together).toBeLessThan(320);
  });
});
