import { describe, expect, it } from '@jest/globals';
import { jsonEvent } from '@eventstore/db-client';
import { FAMILIES } from '#contracts';
import { collected, ids } from '../contract/setting.ts';
import { LogUnavailable, type LogToken } from '../src/port.ts';
import { anchorAt } from './feed.ts';
import { clientAt } from './test/observed.ts';
import { doubles, record, until } from './test/on-double.ts';
import { binary, foreign } from './test/seeding.ts';

const { both, start, open } = doubles();

describe('the whole log', () => {
  it('is of our families only, each by its whole name, and never of the server or of others', async () => {
    const { double, log } = await both();
    await double.seed([
      { stream: 'registryX-1', event: binary('alike') },
      { stream: 'registrar', event: binary('alike') },
      { stream: 'registry-', event: binary('of the family by its name') },
      { stream: '$ce-fact', event: binary('link', '$>') },
      { stream: 'fact-1', event: binary('{"$maxAge":1}', '$metadata') },
      ...foreign(3),
    ]);
    await log.append('registry', 'none', [record('registry')]);
    await log.append('fact-1', 'exists', [record('fact-1', 1)]);
    const streams = async (families: readonly (typeof FAMILIES)[number][]) =>
      (await collected(log.readAll({ families }))).map(({ stream }) => stream);
    expect(await streams(['registry'])).toEqual(['registry-', 'registry']);
    expect(await streams(FAMILIES)).toEqual(['registry-', 'registry', 'fact-1']);
    expect(await streams(['look'])).toEqual([]);
  });

  it('goes on after the last event where its subscription is dropped on the way', async () => {
    const { double, log } = await both();
    await double.seed(foreign(40));
    for (let n = 0; n < 60; n++) await log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
    const seen: string[] = [];
    let drops = 0;
    for await (const batch of log.readAll({ families: ['fact'], batch: 10 })) {
      seen.push(...batch.map(({ stream }) => stream));
      if (drops++ < 4) double.drop(drops % 2 === 0 ? 'error' : 'end');
    }
    expect(seen).toEqual(Array.from({ length: 60 }, (_, n) => `fact-${n}`));
  });

  it('is read by what the log has, not by what the server calls caught up', async () => {
    const { double, log } = await both();
    await double.seed(foreign(10));
    for (let n = 0; n < 5; n++) await log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
    double.faults.blindTo = (stream) => stream === 'fact-3' || stream === 'fact-4';
    const seen = await collected(log.readAll({ families: ['fact'], batch: 2 }));
    expect(seen.map(({ stream }) => stream)).toEqual([0, 1, 2, 3, 4].map((n) => `fact-${n}`));
  });

  it('comes as JSON text where somebody else wrote JSON, for the verification to name', async () => {
    const { double, log } = await both();
    const client = clientAt(double.port);
    await client.appendToStream('fact-1', jsonEvent({ type: 'else.v1', data: { said: 'ş' } }));
    const [event] = await log.readStream('fact-1');
    expect(Buffer.from(event?.data ?? []).toString()).toBe('{"said":"ş"}');
    await client.dispose();
  });

  it('ends in an event of ours however many of others came after it', async () => {
    const { double, log } = await both();
    expect(await log.head()).toBeNull();
    const { token } = await log.append('fact-1', 'none', [record('fact-1')]);
    expect(await log.head()).toBe(token);
    await double.seed(foreign(1200));
    expect(await log.head()).toBe(token);
  });
});

describe('a read without an answer', () => {
  it('ends in an error of its own, never in an empty answer', async () => {
    const { double, log } = await both();
    const hasty = await open(double, { patienceMs: 0, answerMs: 500 });
    await log.append('fact-1', 'none', [record('fact-1')]);
    double.faults.delayMs = 3000;
    const reads = [hasty.tail('fact-1'), hasty.head(), collected(hasty.readAll({ families: ['fact'] }))];
    for (const read of reads) await expect(read).rejects.toBeInstanceOf(LogUnavailable);
    double.faults.delayMs = 0;
    expect(await log.tail('fact-1')).toBe(0);
    double.kill();
    await expect(hasty.readStream('fact-1')).rejects.toBeInstanceOf(LogUnavailable);
  });

  it('is asked again while patience lasts', async () => {
    const { double, log } = await both();
    await log.append('fact-1', 'none', [record('fact-1')]);
    double.kill();
    const [tail, all] = [log.tail('fact-1'), collected(log.readAll({ families: ['fact'] }))];
    setTimeout(() => void double.restart(), 150);
    expect([await tail, (await all).length]).toEqual([0, 1]);
  });
});

describe('tokens', () => {
  it('of another log are refused', async () => {
    const { log } = await both();
    for (const token of ['17', '1/2/3', 'x', '-1/0'] as LogToken[]) {
      await expect(collected(log.readAll({ families: ['fact'], after: token }))).rejects.toBeInstanceOf(TypeError);
    }
  });

  it('are in the order of the log, also a place that no event stands at', async () => {
    const { log } = await both();
    const order = ['5/0', '5/5', '6/1', '10/10', '18446744073709551615/0'] as LogToken[];
    expect([...order].reverse().toSorted((a, b) => log.compare(a, b))).toEqual(order);
  });
});

describe('the place a subscription begins after', () => {
  it('is that of an event that is there; what stands behind a place whose event is gone is handed out first', async () => {
    const at = (n: bigint) => ({ commit: n, prepare: n });
    const event = { event: { streamId: 'fact-1', type: 't.v1' }, position: at(7n) };
    const reader = { forward: async () => [event] } as never;
    expect(await anchorAt(reader, undefined)).toEqual({ from: undefined });
    expect(await anchorAt(reader, at(7n))).toEqual({ from: at(7n) });
    expect(await anchorAt(reader, { commit: 7n, prepare: 0n })).toEqual({ from: at(7n), between: event });
    expect(await anchorAt(reader, at(5n))).toEqual({ from: at(7n), between: event });
    await expect(anchorAt({ forward: async () => [] } as never, at(5n))).rejects.toThrow("before this reader's place");
  });
});

it('keeps nothing open once it was read, or given up half-way', async () => {
  const { double, log } = await both();
  for (let n = 0; n < 30; n++) await log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
  for await (const batch of log.readAll({ families: ['fact'], batch: 5 })) {
    expect(batch).toHaveLength(5);
    break;
  }
  expect(ids(await collected(log.readAll({ families: ['fact'] })))).toHaveLength(30);
  await until(() => double.subscriptions === 0);
});

it('reads nothing once it is closed, and says so at once', async () => {
  const { double, log } = await both();
  const asked = log.readStream('fact-1');
  await log.close();
  await expect(log.tail('fact-1')).rejects.toBeInstanceOf(LogUnavailable);
  await expect(collected(log.readAll({ families: ['fact'] }))).rejects.toBeInstanceOf(LogUnavailable);
  await asked.catch(() => undefined);
  expect(double.subscriptions).toBe(0);
});

it('reads at any node where it may lag', async () => {
  const follower = await start();
  follower.faults.leader = { host: '127.0.0.1', port: 1 };
  await follower.seed([{ stream: 'fact-1', event: binary('x') }]);
  const log = await open(follower, { leader: false });
  expect(await log.tail('fact-1')).toBe(0);
  expect(await collected(log.readAll({ families: ['fact'] }))).toHaveLength(1);
});
