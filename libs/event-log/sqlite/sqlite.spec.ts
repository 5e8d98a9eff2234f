import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { namedUuid } from '#kernel';
import { eventLogContract } from '../contract/index.ts';
import { LogFailed } from '../src/port.ts';
import { LogInUse, openSqliteLog, openSqliteLogReader } from './index.ts';

const folder = () => mkdtempSync(join(tmpdir(), 'event-log-'));

eventLogContract('SQLite in memory', async () => {
  const log = await openSqliteLog({ path: ':memory:' });
  return { log, close: () => log.close() };
});

eventLogContract('SQLite in a file', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  const close = async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  };
  return { log, reopen: () => openSqliteLog({ path }), close };
});

it('lets one writer in at a time', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  await expect(openSqliteLog({ path })).rejects.toBeInstanceOf(LogInUse);
  await log.close();
  rmSync(dir, { recursive: true });
});

it('acknowledges nothing more once the disk was full', async () => {
  const log = await openSqliteLog({ path: ':memory:', maxPages: 20 });
  const id = '6f1f4a2e-7c57-5d0b-9f0e-0d6c3f5b8a11';
  const large = { id, type: 'tested.v1', data: new Uint8Array(500_000) };
  await expect(log.append('fact-1', 'none', [large])).rejects.toBeInstanceOf(LogFailed);
  await expect(log.append('fact-2', 'none', [{ ...large, data: new Uint8Array(1) }])).rejects.toBeInstanceOf(LogFailed);
  await log.close();
});

const numbered = (n: number) => ({
  id: namedUuid('sqlite', n),
  type: 'tests.numbered.v1',
  data: Buffer.from(`${n} `.repeat(200)),
});

it('shows a reader beside the writer what is written later, and lets it write nothing', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  const reader = await openSqliteLogReader({ path, pollMs: 5 });
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const batch of reader.subscribe({ families: ['fact'], signal: stop.signal })) {
    if (batch.kind === 'events') seen.push(...batch.events.map(({ stream }) => stream));
    else if (seen.length < 2) await log.append(`fact-${seen.length}`, 'none', [numbered(seen.length)]);
    else stop.abort();
  }
  expect(seen).toEqual(['fact-0', 'fact-1']);
  expect(await reader.tail('fact-1')).toBe(0);
  expect(await reader.head()).toBe(await log.head());
  await expect(reader.append('fact-2', 'none', [numbered(2)])).rejects.toBeInstanceOf(LogFailed);
  await reader.close();
  await log.close();
  rmSync(dir, { recursive: true });
});

it('moves the write-ahead log into the database beside the writer, begins it anew, and closes with nothing left', async () => {
  const dir = folder();
  const path = join(dir, 'log.db');
  const log = await openSqliteLog({ path });
  const large = (n: number) => ({ ...numbered(n), data: Buffer.alloc(250_000, n) });
  // 75 MB in all; without checkpoints the write-ahead log would be as large.
  for (let n = 0; n < 300; n++) await log.append(`fact-${n}`, 'none', [large(n)]);
  expect(statSync(`${path}-wal`).size).toBeLessThan(64 * 2 ** 20);
  expect(statSync(path).size).toBeGreaterThan(20 * 2 ** 20);
  await log.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  const again = await openSqliteLog({ path });
  expect((await again.readStream('fact-299'))[0]?.data).toEqual(new Uint8Array(large(299).data));
  await again.close();
  rmSync(dir, { recursive: true });
});
