import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FAMILIES } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import { namedUuid } from '#kernel';
import { alike, copyLog, NotACopy } from './copy.ts';
import type { EventLog } from './port.ts';

const event = (name: string) => ({ id: namedUuid('copy', name), type: 'tested.v1', data: Buffer.from(name) });

describe('a log that is copied', () => {
  let from: EventLog;
  let to: EventLog;
  beforeEach(async () => {
    from = await openSqliteLog({ path: ':memory:' });
    to = await openSqliteLog({ path: ':memory:' });
    for (let n = 0; n < 300; n++) {
      await from.append(`fact-${n % 7}`, n < 7 ? 'none' : Math.floor(n / 7) - 1, [event(String(n))]);
    }
    await from.append('registry', 'none', [event('a'), event('b')]);
  });
  afterEach(async () => {
    await from.close();
    await to.close();
  });

  async function order(log: EventLog): Promise<readonly string[]> {
    const ids: string[] = [];
    for await (const batch of log.readAll({ families: FAMILIES })) ids.push(...batch.map(({ id }) => id));
    return ids;
  }
  async function compared(): Promise<number> {
    let events = 0;
    for await (const batch of alike(from, to)) events += batch.length;
    return events;
  }

  it('is the same in the same order, and copied again gains nothing', async () => {
    expect(await copyLog({ from, to })).toEqual({ copied: 302 });
    expect(await order(to)).toEqual(await order(from));
    expect(await copyLog({ from, to })).toEqual({ copied: 0 });
    expect(await compared()).toBe(302);
  });

  it('goes on where a run was stopped or failed, and takes in what came meanwhile', async () => {
    let left = 120;
    const failing: EventLog = {
      ...methodsOf(to),
      append: (...given) => (left-- > 0 ? to.append(...given) : Promise.reject(new Error('gone'))),
    };
    await expect(copyLog({ from, to: failing })).rejects.toThrow('gone');
    await from.append('registry', 1, [event('c')]);
    expect((await copyLog({ from, to })).copied).toBe(303 - 120);
    expect(await compared()).toBe(303);
  });

  it('is refused into a log that holds something else, and names the first difference', async () => {
    await to.append('fact-0', 'none', [event('other')]);
    await expect(copyLog({ from, to })).rejects.toMatchObject({ name: 'NotACopy', stream: 'fact-0', revision: 0 });
    await expect(compared()).rejects.toBeInstanceOf(NotACopy);
  });

  it.each(['from', 'to'] as const)('is not the same where %s has one event more', async (which) => {
    await copyLog({ from, to });
    await { from, to }[which].append('registry', 1, [event('more')]);
    await expect(compared()).rejects.toMatchObject({ stream: 'registry', revision: 2 });
  });
});

function methodsOf(log: EventLog): EventLog {
  return {
    append: (...given) => log.append(...given),
    readStream: (...given) => log.readStream(...given),
    tail: (stream) => log.tail(stream),
    readAll: (read) => log.readAll(read),
    subscribe: (read) => log.subscribe(read),
    head: () => log.head(),
    compare: (a, b) => log.compare(a, b),
    close: () => log.close(),
  };
}
