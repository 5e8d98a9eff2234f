import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { namedUuid } from '#kernel';
import { openSqliteLog } from './index.ts';

/*
 * What a damaged write-ahead log does: SQLite reads it up to the first frame whose checksum does not hold and drops the rest without a
 * word, acknowledged events included, and `integrity_check` says ok. So a damaged log is always a prefix of the true one: nothing is
 * reordered, altered or invented, but what was lost is not told here. The tree and the checkpoints that others hold notice it: the log is
 * then shorter than a signed size (design §4.9).
 */
const EVENTS = 200;
const names = Array.from({ length: EVENTS }, (_, n) => namedUuid('wal', n));
const body = (n: number) => Buffer.from(`${n} `.repeat(150));
/** Bytes of the WAL's header and of the header of each of its frames, before a page of 4 KiB. */
const [HEADER, FRAME] = [32, 24 + 4096] as const;

let dir: string;
let whole: Buffer;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'event-log-wal-'));
  const log = await openSqliteLog({ path: join(dir, 'true.db') });
  for (const [n, id] of names.entries()) {
    await log.append(`fact-${id}`, 'none', [{ id, type: 'tests.numbered.v1', data: body(n) }]);
  }
  // As a power cut leaves them: the database, and a log that nobody moved into it.
  copyFileSync(join(dir, 'true.db'), join(dir, 'cut.db'));
  whole = readFileSync(join(dir, 'true.db-wal'));
  await log.close();
});
afterAll(() => rmSync(dir, { recursive: true }));

/** Opens a copy with that WAL and counts what is there; fails where it is anything but the first events, in order, unaltered. */
async function survivors(wal: Buffer): Promise<number> {
  const path = join(dir, 'damaged.db');
  for (const suffix of ['', '-wal', '-shm', '.lock']) rmSync(`${path}${suffix}`, { force: true });
  copyFileSync(join(dir, 'cut.db'), path);
  writeFileSync(`${path}-wal`, wal);
  const log = await openSqliteLog({ path });
  let n = 0;
  for await (const batch of log.readAll({ families: ['fact'] })) {
    for (const { id, data } of batch) {
      expect(id).toBe(names[n]);
      expect(Buffer.compare(data, body(n))).toBe(0);
      n += 1;
    }
  }
  // And it goes on from there.
  const id = namedUuid('wal', 'after');
  await log.append(`fact-${id}`, 'none', [{ id, type: 'tests.numbered.v1', data: body(0) }]);
  expect(await log.readStream(`fact-${id}`)).toHaveLength(1);
  await log.close();
  return n;
}

it('keeps everything in an undamaged log', async () => {
  expect(await survivors(whole)).toBe(EVENTS);
});

it('keeps a prefix, whole transactions only, wherever the tail is cut', async () => {
  const frames = Math.floor((whole.length - HEADER) / FRAME);
  const cuts = [
    whole.length - 1,
    HEADER + (frames - 1) * FRAME,
    HEADER + Math.floor(frames / 2) * FRAME + 1000,
    HEADER + 5,
    0,
  ];
  const kept: number[] = [];
  for (const cut of cuts) kept.push(await survivors(whole.subarray(0, cut)));
  expect(kept[0]).toBe(EVENTS - 1);
  expect(kept[2]).toBeGreaterThan(0);
  expect(kept[2]).toBeLessThan(EVENTS - 1);
  expect(kept).toEqual(kept.toSorted((a, b) => b - a));
  expect(kept.at(-1)).toBe(0);
});

it('keeps a prefix where the tail is zeros, and all where zeros follow it', async () => {
  const zeroed = Buffer.from(whole);
  zeroed.fill(0, whole.length - 40 * FRAME);
  const kept = await survivors(zeroed);
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(EVENTS);
  expect(await survivors(Buffer.concat([whole, Buffer.alloc(10 * FRAME)]))).toBe(EVENTS);
});

it('keeps only what came before a flipped bit: acknowledged events are gone without an error', async () => {
  for (const part of [0.1, 0.5, 0.9]) {
    const flipped = Buffer.from(whole);
    const at = HEADER + Math.floor(((whole.length - HEADER) * part) / FRAME) * FRAME + 24 + 2048;
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    const kept = await survivors(flipped);
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(EVENTS);
  }
});

it('refuses a database whose file is cut short', async () => {
  const path = join(dir, 'short.db');
  copyFileSync(join(dir, 'true.db'), path);
  truncateSync(path, statSync(path).size - 3 * 4096);
  await expect(
    (async () => {
      const log = await openSqliteLog({ path });
      try {
        for await (const batch of log.readAll({ families: ['fact'] })) expect(batch.length).toBeGreaterThan(0);
      } finally {
        await log.close();
      }
    })(),
  ).rejects.toThrow(/malformed/);
});
