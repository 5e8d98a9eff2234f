import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exponentialBackOff, resuming, type EventLog, type LogToken, type SubscriptionBatch } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { namedUuid } from '#kernel';

let log: EventLog;
beforeEach(async () => {
  log = await openSqliteLog({ path: ':memory:' });
});
afterEach(() => log.close());

const append = async (stream: string) => {
  const event = { id: namedUuid('subscription', stream), type: 'tests.happened.v1', data: Buffer.from(stream) };
  return log.append(stream, 'none', [event]);
};
const streams = (batch: SubscriptionBatch) => (batch.kind === 'events' ? batch.events.map(({ stream }) => stream) : []);

describe('resuming', () => {
  /** A server that drops every subscription after one batch. */
  const dropping = (): EventLog & { readonly after: (LogToken | null | undefined)[] } => {
    const after: (LogToken | null | undefined)[] = [];
    const subscribe: EventLog['subscribe'] = async function* (read) {
      after.push(read.after);
      for await (const batch of log.subscribe(read)) {
        if (batch.kind === 'caught-up') continue;
        yield batch;
        throw new Error('dropped');
      }
    };
    return Object.assign(Object.create(log) as EventLog, { after, subscribe });
  };

  it('starts again after the last token, once each, and waits longer only where drops come in a row', async () => {
    const tokens: LogToken[] = [];
    for (const each of ['fact-1', 'fact-2', 'fact-3']) tokens.push((await append(each)).token);
    const server = dropping();
    const stop = new AbortController();
    const [seen, drops, slept]: [string[], number[], number[]] = [[], [], []];
    const batches = resuming({
      log: server,
      read: { families: ['fact'], batch: 1 },
      signal: stop.signal,
      backOff: (times) => times * 10,
      sleep: async (milliseconds) => void slept.push(milliseconds),
      onDrop: (_, times) => drops.push(times),
    });
    for await (const batch of batches) {
      seen.push(...streams(batch));
      if (seen.length === 3) stop.abort();
    }
    expect(seen).toEqual(['fact-1', 'fact-2', 'fact-3']);
    expect(server.after).toEqual([null, ...tokens.slice(0, 2)]);
    expect(drops).toEqual([1, 1]);
    expect(slept).toEqual([10, 10]);
  });

  it('counts drops in a row, and ends without an error when it is aborted while it waits', async () => {
    const down = Object.assign(Object.create(log) as EventLog, {
      subscribe: () => {
        throw new Error('down');
      },
    });
    const stop = new AbortController();
    const drops: number[] = [];
    const batches = resuming({
      log: down,
      read: { families: ['fact'] },
      signal: stop.signal,
      backOff: () => 0,
      sleep: async () => {
        if (drops.length === 4) stop.abort();
      },
      onDrop: (_, times) => drops.push(times),
    });
    expect(await batches.next()).toEqual({ done: true, value: undefined });
    expect(drops).toEqual([1, 2, 3, 4]);
  });

  it('waits 100 ms, doubling, never more than ten seconds', () => {
    const most = exponentialBackOff(() => 1);
    expect([1, 2, 3, 50].map(most)).toEqual([100, 200, 400, 10_000]);
    expect(exponentialBackOff(() => 0)(1)).toBe(50);
  });
});

describe('a reader whose families are quiet', () => {
  it('hears how far the log went without it', async () => {
    await append('fact-1');
    const stop = new AbortController();
    const tokens: (LogToken | null)[] = [];
    let last: LogToken | undefined;
    for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) {
      if (batch.kind === 'events') continue;
      tokens.push(batch.token);
      if (batch.token === last) stop.abort();
      else if (last === undefined) last = (await append('look-1')).token;
    }
    expect(tokens.at(-1)).toBe(last);
    expect(tokens).toHaveLength(2);
  });

  it('hears it seldom, however often others write', async () => {
    const stop = new AbortController();
    let heard = 0;
    const reading = (async () => {
      for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) {
        if (batch.kind === 'caught-up') heard += 1;
      }
    })();
    for (let n = 0; n < 200; n++) await append(`look-${n}`);
    stop.abort();
    await reading;
    expect(heard).toBeLessThan(20);
  });

  it('leaves nothing behind on its signal or when it gives up', async () => {
    const stop = new AbortController();
    const signal = stop.signal;
    let most = 0;
    const reading = (async () => {
      for await (const batch of log.subscribe({ families: ['fact'], signal })) {
        if (batch.kind === 'events') most = Math.max(most, getEventListeners(signal, 'abort').length);
      }
    })();
    for (let n = 0; n < 50; n++) {
      await append(`fact-${n}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    stop.abort();
    await reading;
    expect(most).toBeLessThanOrEqual(1);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});
