import { mkdtempSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { binaryEvent, streamNameFilter, type EventStoreDBClient } from '@eventstore/db-client';
import { collected } from '../contract/setting.ts';
import { InvalidAppend } from '../src/port.ts';
import { openEventStoreLog, StreamDeleted } from './index.ts';
import { all, arrivals, asRecorded, bytes, clientAt, describeError, Letters } from './test/observed.ts';
import { doubles, named, record, until } from './test/on-double.ts';
import { doubleProcess, run } from './test/processes.ts';
import { binary, foreign } from './test/seeding.ts';

/**
 * What is known of a real EventStoreDB 23.10.8 and follows for the adapter, point by point: what the server does (asked of the double with
 * the bare client; that the double does as the server did is held to the recordings in `double/*.spec.ts`), and what the adapter makes of
 * it.
 */
const { both, start } = doubles();
const CREDENTIALS = { username: 'nobody', password: 'nothing' };
const opened: EventStoreDBClient[] = [];
const clientOf = (port: number): EventStoreDBClient => {
  const client = clientAt(port);
  opened.push(client);
  return client;
};
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.dispose()));
});
const none = { expectedRevision: 'no_stream' } as const;
const stored = async (client: EventStoreDBClient, stream: string) =>
  (await all(client.readStream(stream))).map(({ event }) => event?.id);

describe('1: appends go over the unary call', () => {
  it.each(['no-uuid', 'no-type'])('where the duplex call ends the process two seconds later (%s)', async (what) => {
    const double = await start();
    const duplex = await run('test/append-child.ts', String(double.port), 'duplex', what);
    expect([duplex.output, duplex.code]).toEqual(['rejected\n', 1]);
    expect(duplex.complaint).toMatch(/TypeError/);
    const unary = await run('test/append-child.ts', String(double.port), 'unary', what);
    expect([unary.output, unary.code]).toEqual(['rejected\nalive\n', 0]);
  });

  it('whatever is passed, also at a server that offers the other; what neither takes never reaches it', async () => {
    const { double, log } = await both();
    await log.append('fact-1', 'none', [record('fact-1')]);
    await log.append('fact-1', 'exists', [record('fact-1', 1)]);
    await expect(log.append('fact-1', 1, [named('no uuid', 'x')])).rejects.toBeInstanceOf(InvalidAppend);
    await expect(log.append('', 'none', [record('fact-1')])).rejects.toBeInstanceOf(InvalidAppend);
    expect([double.tally.of('Append'), double.tally.of('BatchAppend')]).toEqual([2, 0]);
  });
});

describe('2: an id is acknowledged without comparing what it stands for', () => {
  it('so another body is not stored, and the adapter does not take that for an acknowledgement', async () => {
    const { double, log } = await both();
    const client = clientOf(double.port);
    const letters = new Letters();
    const id = '6f1f4a2e-7c57-4d0b-9f0e-0d6c3f5b8a11';
    await client.appendToStream('probe-1', letters.event('a', 'first'), none);
    expect(asRecorded(await client.appendToStream('probe-1', letters.event('a', 'second'), none))).toMatchObject({
      success: true,
      nextExpectedRevision: 0,
    });
    await log.append('fact-1', 'none', [named(id, 'first')]);
    await expect(log.append('fact-1', 'none', [named(id, 'second')])).rejects.toMatchObject({ actual: 0 });
    // The same id at the exact end is stored again, two in one append are, and so is it in another stream.
    await client.appendToStream('probe-1', letters.event('a', 'second'), { expectedRevision: 0n });
    await client.appendToStream('probe-2', [letters.event('b'), letters.event('b')], none);
    await client.appendToStream('probe-3', letters.event('a'), none);
    const counts = await Promise.all(['probe-1', 'probe-2', 'probe-3'].map((each) => stored(client, each)));
    expect(counts.map(({ length }) => length)).toEqual([2, 2, 1]);
    await expect(log.append('fact-2', 'none', [named(id, 'x'), named(id, 'y')])).rejects.toBeInstanceOf(InvalidAppend);
  });
});

describe('3: the same events again with the same expectation are answered as before', () => {
  it('or a prefix of them, also after later appends; not more of them, nor another order', async () => {
    const { double, log } = await both();
    const letters = new Letters();
    const client = clientOf(double.port);
    const append = async (events: string, options: { expectedRevision: 'no_stream' | bigint }) =>
      client
        .appendToStream(
          'probe-1',
          Array.from(events).map((each) => letters.event(each)),
          options,
        )
        .then(
          ({ nextExpectedRevision }) => Number(nextExpectedRevision),
          (error: unknown) => describeError(error)['type'],
        );
    expect(await append('ab', none)).toBe(1);
    expect(await append('d', { expectedRevision: 1n })).toBe(2);
    expect([await append('ab', none), await append('a', none), await append('b', { expectedRevision: 0n })]).toEqual([
      1, 0, 1,
    ]);
    expect(await append('abd', none)).toBe(2);
    const wrong = 'wrong-expected-version';
    expect([await append('abx', none), await append('da', { expectedRevision: 1n })]).toEqual([wrong, wrong]);
    const first = await log.append('fact-1', 'none', [record('fact-1'), record('fact-1', 1)]);
    await log.append('fact-1', 1, [record('fact-1', 2)]);
    expect(await log.append('fact-1', 'none', [record('fact-1'), record('fact-1', 1)])).toEqual(first);
  });
});

describe('4: one of two identical appends in flight may be told that it timed out', () => {
  it('so they are one call in this process, and a time-out is a doubt that the same bytes settle', async () => {
    const { double, log } = await both();
    double.faults.delayMs = 10;
    double.faults.doubtful.push({ stored: true, answer: 'commit-timeout' });
    const answers = await Promise.all([1, 2, 3].map(() => log.append('fact-1', 'none', [record('fact-1')])));
    expect(new Set(answers.map(({ token }) => token)).size).toBe(1);
    expect([double.tally.of('Append'), (await log.readStream('fact-1')).length]).toEqual([2, 1]);
    double.faults.delayMs = 0;
    double.faults.doubtful.push({ stored: true, answer: 'commit-timeout' });
    const bare = clientOf(double.port).appendToStream('probe-1', bytes(Buffer.from('x')), {
      ...none,
      credentials: CREDENTIALS,
    });
    await expect(bare).rejects.toMatchObject({ type: 'timeout', code: 10 });
  });
});

describe('5: a server that is killed', () => {
  it('loses nothing acknowledged under 32 writers, who wait until it is back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'eventstoredb-'));
    const file = join(folder, 'double.db');
    let server = await doubleProcess(file);
    const log = await openEventStoreLog({ url: server.url, patienceMs: 60_000 });
    const acknowledged = new Set<string>();
    let [n, on] = [0, true];
    const writers = Array.from({ length: 32 }, async () => {
      while (on) {
        const stream = `fact-${n++}`;
        await log.append(stream, 'none', [record(stream)]);
        acknowledged.add(stream);
      }
    });
    await until(() => acknowledged.size > 200);
    await server.kill();
    server = await doubleProcess(file, server.port);
    const before = acknowledged.size;
    await until(() => acknowledged.size > before + 100);
    on = false;
    await Promise.all(writers);
    const found = (await collected(log.readAll({ families: ['fact'] }))).map(({ stream }) => stream);
    expect(found.toSorted()).toEqual([...acknowledged].toSorted());
    await log.close();
    await server.kill();
    rmSync(folder, { recursive: true });
  });
});

describe('6: a subscription that loses its server', () => {
  it('tells once, neither ends nor comes back; the adapter throws, after the last event, in the order they came', async () => {
    const { double, log } = await both();
    const client = clientOf(double.port);
    await log.append('fact-1', 'none', [record('fact-1')]);
    const subscription = client.subscribeToAll({ filter: streamNameFilter({ prefixes: ['fact'] }) });
    const seen = arrivals(subscription, () => false);
    const later: string[] = [];
    for (const each of ['end', 'close', 'data']) subscription.on(each, () => later.push(each));
    await until(() => double.subscriptions === 1 && later.length === 1);
    const kinds: string[] = [];
    const reading = (async () => {
      for await (const { kind } of log.subscribe({ families: ['fact'], signal: new AbortController().signal }))
        kinds.push(kind);
    })();
    await until(() => kinds.length === 2);
    double.drop('error');
    expect(await seen).toEqual([
      'confirmation',
      'event 0',
      'caughtUp',
      { error: expect.objectContaining({ code: 14 }) },
    ]);
    await expect(reading).rejects.toMatchObject({ cause: { code: 14 } });
    expect(kinds).toEqual(['events', 'caught-up']);
    await double.seed([{ stream: 'fact-2', event: binary('x') }]);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(later.filter((each) => each === 'data')).toHaveLength(1);
  });

  it('to a stream that was deleted for ever is refused and nothing else', async () => {
    const { double } = await both();
    const client = clientOf(double.port);
    await client.appendToStream('probe-1', bytes(Buffer.from('x')), none);
    await client.tombstoneStream('probe-1');
    const seen = await arrivals(client.subscribeToStream('probe-1'), () => false);
    expect(seen).toEqual([{ error: expect.objectContaining({ class: 'StreamDeletedError', code: 9 }) }]);
  });
});

describe('7: of 32 appends at once that expect no stream', () => {
  it('one wins and the others hear that it is there', async () => {
    const { log } = await both();
    const raced = await Promise.allSettled(
      Array.from({ length: 32 }, (_, n) => log.append('fact-1', 'none', [record('fact-1', 0, `${n}`)])),
    );
    const lost = raced.filter((each) => each.status === 'rejected').map(({ reason }) => reason as unknown);
    expect(lost).toHaveLength(31);
    for (const each of lost) expect(each).toMatchObject({ name: 'WrongExpectedRevision', actual: 0 });
  });
});

describe('8: the append limit is for the whole append', () => {
  it('so the port’s own is smaller, with room for what goes around the data', async () => {
    const { double, log } = await both();
    const client = clientOf(double.port);
    const many = Array.from({ length: 64 }, () => bytes(Buffer.alloc(32_768)));
    await expect(client.appendToStream('probe-1', many, none)).rejects.toMatchObject({ maxAppendSize: 1_048_576 });
    const large = bytes(Buffer.alloc(17_000_000));
    await expect(client.appendToStream('probe-1', large, { ...none, credentials: CREDENTIALS })).rejects.toMatchObject({
      code: 8,
    });
    const full = Array.from({ length: 1000 }, (_, n) => named(crypto.randomUUID(), `${n}`.padEnd(1000)));
    expect((await log.append('fact-1', 'none', full)).revision).toBe(999);
  });
});

describe('9: odd appends and reads', () => {
  it('are refused, empty, or named errors, never taken for an answer', async () => {
    const { double, log } = await both();
    const client = clientOf(double.port);
    expect(asRecorded(await client.appendToStream('probe-empty', [], none))).toMatchObject({ nextExpectedRevision: 0 });
    await expect(log.append('fact-1', 'none', [])).rejects.toBeInstanceOf(InvalidAppend);
    await expect(all(client.readStream('probe-1', { maxCount: 0 }))).rejects.toMatchObject({ type: 'unknown' });
    await expect(log.readStream('fact-1', { limit: 0 })).rejects.toBeInstanceOf(RangeError);
    await expect(all(client.readStream('probe-1'))).rejects.toMatchObject({ type: 'stream-not-found' });
    expect(await log.readStream('fact-1')).toEqual([]);
    await log.append('fact-1', 'none', [record('fact-1')]);
    expect(await log.readStream('fact-1', { from: 99 })).toEqual([]);
    await client.deleteStream('fact-1');
    await expect(all(client.readStream('fact-1'))).rejects.toMatchObject({ type: 'stream-not-found' });
    expect(Number((await client.appendToStream('fact-1', bytes(Buffer.from('x')), none)).nextExpectedRevision)).toBe(1);
    await expect(log.readStream('fact-1')).rejects.toBeInstanceOf(StreamDeleted);
    await client.tombstoneStream('fact-1');
    await expect(log.readStream('fact-1')).rejects.toBeInstanceOf(StreamDeleted);
  });
});

describe('10: the client’s readAll ignores a filter', () => {
  it('so families are filtered by a subscription and looked at again', async () => {
    const { double, log } = await both();
    await double.seed([...foreign(40), { stream: 'registryX-1', event: binary('x') }]);
    await log.append('registry', 'none', [record('registry')]);
    const options = { maxCount: 50, filter: streamNameFilter({ prefixes: ['registry'] }) };
    expect((await all(clientOf(double.port).readAll(options))).length).toBeGreaterThan(40);
    const ours = await collected(log.readAll({ families: ['registry'] }));
    expect(ours.map(({ stream }) => stream)).toEqual(['registry']);
  });
});

describe('11: what the client does of its own', () => {
  it('a wrong version is thrown whatever the call says; metadata comes back parsed, data as it was, places as bigint', async () => {
    const double = await start();
    const client = clientOf(double.port);
    const data = Buffer.from(Array.from({ length: 256 }, (_, n) => n));
    const event = binaryEvent({ type: 'probe.v1', data, metadata: new Uint8Array(Buffer.from('{"k":1}')) });
    await client.appendToStream('probe-1', event, none);
    const options = { ...none, throwOnAppendFailure: false };
    const again = client.appendToStream('probe-1', bytes(Buffer.from('x')), options);
    await expect(again).rejects.toMatchObject({ type: 'wrong-expected-version', actualVersion: 0n });
    const [read] = await all(client.readStream('probe-1'));
    expect(read?.event?.metadata).toEqual({ k: 1 });
    expect(Buffer.from(read?.event?.data as Uint8Array).equals(data)).toBe(true);
    expect([typeof read?.event?.position?.commit, typeof read?.commitPosition]).toEqual(['bigint', 'bigint']);
  });
});

describe('12: speed', () => {
  it('is measured at a server in EVENTSTORE_URL, and where there is none the benchmark says so', () => {
    const bench = join(import.meta.dirname, '../../../infra/bench/run.mjs');
    const env = { ...process.env, EVENTSTORE_URL: '', EVENTSTORE_URL_FILE: '' };
    const { stdout, status } = spawnSync(process.execPath, [bench, 'eventstoredb'], { env, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ bench: 'eventstoredb', measured: false });
  });
});
