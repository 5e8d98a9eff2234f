import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { encodeRecord, readRecord } from '#contracts';
import { leafHash } from '#kernel';
import { AppendInDoubt, InvalidAppend, LogUnavailable, WrongExpectedRevision, type EventLog } from '../src/port.ts';
import type { EventStoreDouble } from './double/index.ts';
import { StreamDeleted } from './index.ts';
import { clientAt } from './test/observed.ts';
import { doubles, named, record, until } from './test/on-double.ts';

const { start, open, both } = doubles();
const ID = '6f1f4a2e-7c57-4d0b-9f0e-0d6c3f5b8a11';

describe('what an append costs', () => {
  it('is one unary call and no read, where the ids are made from the bytes', async () => {
    const { double, log } = await both();
    const reads = double.tally.of('Read');
    await log.append('fact-1', 'none', [record('fact-1'), record('fact-1', 1)]);
    await log.append('fact-1', 1, [record('fact-1', 2)]);
    await log.append('fact-1', 'none', [record('fact-1'), record('fact-1', 1)]);
    expect([double.tally.of('Append'), double.tally.of('Read') - reads]).toEqual([3, 0]);
    expect(double.tally.of('BatchAppend')).toBe(0);
  });

  it('is a read more where an id could stand for other bytes, which are then found', async () => {
    const { double, log } = await both();
    const reads = double.tally.of('Read');
    await log.append('fact-1', 'none', [named(ID, 'first')]);
    expect(double.tally.of('Read') - reads).toBe(1);
    await expect(log.append('fact-1', 'none', [named(ID, 'second')])).rejects.toMatchObject({ actual: 0 });
    expect((await log.readStream('fact-1')).map(({ data }) => Buffer.from(data).toString())).toEqual(['first']);
  });

  it('is one call for all who append the same at the same time', async () => {
    const { double, log } = await both();
    double.faults.delayMs = 20;
    const same = await Promise.all(Array.from({ length: 32 }, () => log.append('fact-1', 'none', [record('fact-1')])));
    expect(new Set(same.map(({ token }) => token)).size).toBe(1);
    expect(double.tally.of('Append')).toBe(1);
  });
});

describe('an append in doubt', () => {
  /** A second log on the same double, whose caller hears of a doubt at once. */
  const hasty = (double: EventStoreDouble, deadlineMs = 10_000) => open(double, { patienceMs: 0, deadlineMs });

  it('is repeated until it is acknowledged, and stored once, where the answer was lost or the server not sure', async () => {
    const { double, log } = await both({ deadlineMs: 1000 });
    double.faults.doubtful.push(
      { stored: true, answer: 'commit-timeout' },
      { stored: false, answer: 'commit-timeout' },
      { stored: true, answer: 'silence' },
    );
    const { revision, token } = await log.append('fact-1', 'none', [record('fact-1')]);
    const stored = await log.readStream('fact-1');
    expect(stored.map((event) => [event.revision, event.token])).toEqual([[revision, token]]);
    expect(double.tally.of('Append')).toBeGreaterThanOrEqual(4);
  });

  it.each([
    [true, 'silence'],
    [true, 'commit-timeout'],
    [false, 'silence'],
    [false, 'commit-timeout'],
  ] as const)(
    'is the caller’s to repeat when patience is over; the same bytes are then answered as before (stored: %s, %s)',
    async (stored, answer) => {
      const { double, log } = await both();
      const impatient = await hasty(double, answer === 'silence' ? 2000 : 10_000);
      double.faults.doubtful.push({ stored, answer });
      await expect(impatient.append('fact-1', 'none', [record('fact-1')])).rejects.toBeInstanceOf(AppendInDoubt);
      expect(await log.tail('fact-1')).toBe(stored ? 0 : -1);
      expect((await log.append('fact-1', 'none', [record('fact-1')])).revision).toBe(0);
      expect(await log.readStream('fact-1')).toHaveLength(1);
    },
  );

  it('never acknowledges other bytes in its stead', async () => {
    const { double, log } = await both();
    const impatient = await hasty(double);
    double.faults.doubtful.push({ stored: true, answer: 'commit-timeout' });
    await expect(impatient.append('fact-1', 'none', [named(ID, 'first')])).rejects.toBeInstanceOf(AppendInDoubt);
    await expect(log.append('fact-1', 'none', [named(ID, 'second')])).rejects.toBeInstanceOf(WrongExpectedRevision);
    expect((await log.append('fact-1', 'none', [named(ID, 'first')])).revision).toBe(0);
  });

  it('waits for a server that is not ready, away or slow', async () => {
    const { double, log } = await both();
    double.faults.ready = false;
    const whileNotReady = log.append('fact-1', 'none', [record('fact-1')]);
    setTimeout(() => (double.faults.ready = true), 200);
    expect((await whileNotReady).revision).toBe(0);
    double.kill();
    const whileAway = log.append('fact-2', 'none', [record('fact-2')]);
    setTimeout(() => void double.restart(), 200);
    expect((await whileAway).revision).toBe(0);
    double.faults.delayMs = 100;
    expect((await log.append('fact-3', 'none', [record('fact-3')])).revision).toBe(0);
  });

  it('is one that names no revision, too', async () => {
    const { double, log } = await both();
    const impatient = await hasty(double);
    await log.append('fact-1', 'none', [record('fact-1')]);
    double.faults.doubtful.push({ stored: true, answer: 'commit-timeout' });
    const doubtful = impatient.append('fact-1', 'exists', [record('fact-1', 1)]);
    await expect(doubtful).rejects.toBeInstanceOf(AppendInDoubt);
    await log.append('fact-1', 1, [record('fact-1', 2)]);
    expect((await log.append('fact-1', 'exists', [record('fact-1', 1)])).revision).toBe(1);
    expect(await log.tail('fact-1')).toBe(2);
  });
});

describe('what is on its way at a time', () => {
  const appendMany = (log: EventLog, count: number, words = '') =>
    Promise.all(
      Array.from({ length: count }, (_, n) => log.append(`fact-${n}`, 'none', [record(`fact-${n}`, 0, words)])),
    );

  it('is bounded in number; who comes later waits in line', async () => {
    const { double, log } = await both({ inFlight: { appends: 8 } });
    double.faults.delayMs = 2;
    await appendMany(log, 200);
    expect(double.tally.mostAppends).toBe(8);
    expect(double.tally.of('Append')).toBe(200);
  });

  it('is bounded in bytes, but for one that is larger by itself', async () => {
    const { double, log } = await both({ inFlight: { bytes: 250_000 } });
    double.faults.delayMs = 2;
    await appendMany(log, 12, 'x'.repeat(100_000));
    expect(double.tally.mostAppends).toBe(2);
    const large = record('fact-large', 0, 'x'.repeat(500_000));
    expect((await log.append('fact-large', 'none', [large])).revision).toBe(0);
  });
});

describe('the bytes of records', () => {
  const folder = new URL('../../contracts/golden/', import.meta.url);
  const golden = readdirSync(folder)
    .filter((file) => file !== 'leaf-hashes.json')
    .map((file) => readFileSync(new URL(file, folder)));

  it('come back as the first release wrote them', async () => {
    const { log } = await both();
    const events = golden.flatMap((data) => {
      try {
        return [encodeRecord(readRecord(data))];
      } catch {
        // A submitted fact, which is stored inside a record.
        return [];
      }
    });
    expect(events.length).toBeGreaterThan(40);
    await log.append('fact-golden', 'none', events);
    const read = await log.readStream('fact-golden');
    const hashes = (of: readonly { readonly data: Uint8Array }[]) =>
      of.map(({ data }) => Buffer.from(leafHash(data)).toString('hex'));
    expect(hashes(read)).toEqual(hashes(events));
    expect(read.map(({ id, type }) => [id, type])).toEqual(events.map(({ id, type }) => [id, type]));
  });
});

describe('what somebody did on the server', () => {
  it('is said where a stream was deleted for ever', async () => {
    const { double, log } = await both();
    const client = clientAt(double.port);
    await log.append('fact-1', 'none', [record('fact-1')]);
    await client.tombstoneStream('fact-1');
    await expect(log.append('fact-1', 0, [record('fact-1', 1)])).rejects.toBeInstanceOf(StreamDeleted);
    await expect(log.append('fact-1', 'exists', [record('fact-1', 1)])).rejects.toBeInstanceOf(StreamDeleted);
    await expect(log.readStream('fact-1')).rejects.toBeInstanceOf(StreamDeleted);
    await expect(log.tail('fact-1')).rejects.toBeInstanceOf(StreamDeleted);
    await client.dispose();
  });

  it('is said where a stream was deleted and goes on at a later revision', async () => {
    const { double, log } = await both();
    const client = clientAt(double.port);
    await log.append('fact-1', 'none', [record('fact-1'), record('fact-1', 1)]);
    await client.deleteStream('fact-1');
    expect(await log.readStream('fact-1')).toEqual([]);
    const again = log.append('fact-1', 'none', [record('fact-1', 0, 'anew')]);
    await expect(again).rejects.toBeInstanceOf(StreamDeleted);
    await expect(log.readStream('fact-1')).rejects.toBeInstanceOf(StreamDeleted);
    expect(await log.readStream('fact-1', { backward: true })).toHaveLength(1);
    await client.dispose();
  });

  it('is said where the server takes less than the hub does', async () => {
    const double = await start({ mostBytes: 100_000 });
    const log = await open(double);
    const large = record('fact-1', 0, 'x'.repeat(200_000));
    await expect(log.append('fact-1', 'none', [large])).rejects.toBeInstanceOf(InvalidAppend);
  });

  it('is said where it no longer lets us in: nothing is in doubt then', async () => {
    const users = { hub: 'secret' };
    const double = await start({ users });
    // Without TLS the client sends no credentials: this server takes them from nobody.
    await expect(open(double)).rejects.toMatchObject({ reason: 'credentials' });
    const { double: other, log } = await both({ patienceMs: 0 });
    other.faults.denied = true;
    await expect(log.append('fact-1', 'none', [record('fact-1')])).rejects.toBeInstanceOf(LogUnavailable);
    await expect(log.readStream('fact-1')).rejects.toBeInstanceOf(LogUnavailable);
  });
});

it('goes to the leader when the node it asks is none', async () => {
  const leader = await start();
  const follower = await start();
  follower.faults.leader = { host: '127.0.0.1', port: leader.port };
  const log = await open(follower);
  expect((await log.append('fact-1', 'none', [record('fact-1')])).revision).toBe(0);
  expect([leader.tally.of('Append'), await log.tail('fact-1')]).toEqual([1, 0]);
});

it('asks a cluster who leads, and writes there', async () => {
  const [first, second] = [await start(), await start()];
  const members = [first, second].map((each) => ({ host: '127.0.0.1', port: each.port, leader: each === second }));
  first.members = members;
  second.members = members;
  const url = `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false`;
  const log = await open(first, { url });
  await log.append('fact-1', 'none', [record('fact-1')]);
  expect([first.tally.of('Append'), second.tally.of('Append')]).toEqual([0, 1]);
});

it('loses nothing it acknowledged when every connection breaks under 32 writers, again and again', async () => {
  const { double, log } = await both();
  const acknowledged: string[] = [];
  let [n, on] = [0, true];
  const writers = Array.from({ length: 32 }, async () => {
    while (on) {
      const stream = `fact-${n++}`;
      await log.append(stream, 'none', [record(stream)]);
      acknowledged.push(stream);
    }
  });
  for (let kills = 1; kills <= 3; kills++) {
    await until(() => acknowledged.length > kills * 150);
    double.kill();
    await double.restart();
  }
  on = false;
  await Promise.all(writers);
  const stored: string[] = [];
  for await (const batch of log.readAll({ families: ['fact'] })) stored.push(...batch.map(({ stream }) => stream));
  expect(stored.toSorted()).toEqual(acknowledged.toSorted());
});
