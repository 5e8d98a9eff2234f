import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { collected } from '../contract/setting.ts';
import { resuming } from '../src/subscription.ts';
import { openEventStoreLog } from './index.ts';
import { doubles, record, until } from './test/on-double.ts';
import { doubleProcess } from './test/processes.ts';
import { binary } from './test/seeding.ts';

const { both } = doubles();
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is held once everything that can be let go is gone, in MiB: objects and the bytes outside them. */
function held(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 2 ** 20;
}

it('holds no more memory for a reader a hundred times slower than the writer', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
  const server = await doubleProcess(join(folder, 'double.db'));
  const log = await openEventStoreLog({ url: server.url });
  const words = 'x'.repeat(4000);
  const state = { writing: true };
  let written = 0;
  const writers = Array.from({ length: 16 }, async () => {
    while (state.writing) {
      const stream = `fact-${crypto.randomUUID()}`;
      await log.append(stream, 'none', [record(stream, 0, words)]);
      written += 1;
    }
  });
  await until(() => written > 1000);
  const stop = new AbortController();
  let read = 0;
  const samples: number[] = [];
  for await (const batch of log.subscribe({ families: ['fact'], batch: 20, signal: stop.signal })) {
    if (batch.kind === 'events') read += batch.events.length;
    samples.push(held());
    // As slow as it takes to be a hundred times behind.
    const behind = written;
    await until(() => written - behind > 100 * 20);
    if (written > 30_000) stop.abort();
  }
  state.writing = false;
  await Promise.all(writers);
  await log.close();
  await server.kill();
  rmSync(folder, { recursive: true });
  expect(written / read).toBeGreaterThan(50);
  const [early, late] = [Math.max(...samples.slice(1, 4)), Math.max(...samples.slice(-3))];
  // 100 MB were written meanwhile.
  expect(late - early).toBeLessThan(8);
});

it('loses nothing acknowledged over 20 kills of the server while 32 write and one reads along', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
  const file = join(folder, 'double.db');
  let server = await doubleProcess(file);
  const log = await openEventStoreLog({ url: server.url, patienceMs: 120_000 });
  const acknowledged = new Set<string>();
  const state = { writing: true };
  let n = 0;
  const writers = Array.from({ length: 32 }, async () => {
    while (state.writing) {
      const stream = `fact-${n++}`;
      await log.append(stream, 'none', [record(stream)]);
      acknowledged.add(stream);
    }
  });
  const stop = new AbortController();
  const along: string[] = [];
  const reader = (async () => {
    const read = { families: ['fact'] } as const;
    for await (const batch of resuming({ log, read, signal: stop.signal, backOff: () => 50, sleep: pause })) {
      if (batch.kind === 'events') along.push(...batch.events.map(({ stream }) => stream));
    }
  })();
  for (let kills = 1; kills <= 20; kills++) {
    const before = acknowledged.size;
    await until(() => acknowledged.size > before + 200);
    await server.kill();
    server = await doubleProcess(file, server.port);
  }
  state.writing = false;
  await Promise.all(writers);
  const stored = (await collected(log.readAll({ families: ['fact'] }))).map(({ stream }) => stream);
  expect(stored.toSorted()).toEqual([...acknowledged].toSorted());
  await until(() => along.length >= stored.length);
  stop.abort();
  await reader;
  expect(along).toEqual(stored);
  await log.close();
  await server.kill();
  rmSync(folder, { recursive: true });
});

it('keeps a hundred thousand events, and hands them out again in order', async () => {
  const { double, log } = await both();
  const part = 10_000;
  for (let from = 0; from < 100_000; from += part) {
    await double.seed(
      Array.from({ length: part }, (_, n) => ({
        stream: `fact-${from + n}`,
        event: binary(`${from + n}`.padEnd(400)),
      })),
    );
  }
  let next = 0;
  for await (const batch of log.readAll({ families: ['fact'] })) {
    for (const { stream } of batch) expect(stream).toBe(`fact-${next++}`);
  }
  expect(next).toBe(100_000);
});
