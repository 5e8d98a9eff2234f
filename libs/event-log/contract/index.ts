import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EncodedRecord } from '#contracts';
import { namedUuid } from '#kernel';
import { InvalidAppend, WrongExpectedRevision, type EventLog, type LoggedEvent } from '../src/port.ts';

/** A log under test; `reopen` where the backend keeps what it was given. */
export interface LogUnderTest {
  readonly log: EventLog;
  readonly reopen?: () => Promise<EventLog>;
  readonly close: () => Promise<void>;
}

const event = (name: string, body = name): EncodedRecord => ({
  id: namedUuid('contract', name),
  type: 'tested.v1',
  data: Buffer.from(body),
});
const [a, b, c] = [event('a'), event('b'), event('c')] as const;

/** What every backend of the event log must do (design §4.2, habits §4). */
export function eventLogContract(name: string, open: () => Promise<LogUnderTest>): void {
  describe(`event log contract: ${name}`, () => {
    let under: LogUnderTest;
    let log: EventLog;
    beforeEach(async () => {
      under = await open();
      log = under.log;
    });
    afterEach(() => under.close());

    const wrong = (promise: Promise<unknown>) => expect(promise).rejects.toBeInstanceOf(WrongExpectedRevision);
    const ids = (events: readonly LoggedEvent[]) => events.map(({ id }) => id);

    it('knows nothing of an unknown stream', async () => {
      expect(await log.readStream('fact-1')).toEqual([]);
      expect(await log.tail('fact-1')).toBe(-1);
      expect(await log.head()).toBeNull();
    });

    it('appends under three expectations and names the actual revision in a conflict', async () => {
      await wrong(log.append('fact-1', 'exists', [a]));
      await wrong(log.append('fact-1', 0, [a]));
      expect((await log.append('fact-1', 'none', [a])).revision).toBe(0);
      expect((await log.append('fact-1', 0, [b])).revision).toBe(1);
      expect((await log.append('fact-1', 'exists', [c])).revision).toBe(2);
      const conflict = log.append('fact-1', 0, [c]);
      await expect(conflict).rejects.toMatchObject({ stream: 'fact-1', expected: 0, actual: 2 });
    });

    it('answers a repeated append, or a prefix of it, as before, also after later ones', async () => {
      const first = await log.append('fact-1', 'none', [a, b]);
      await log.append('fact-1', 1, [c]);
      expect(await log.append('fact-1', 'none', [a, b])).toEqual(first);
      expect((await log.append('fact-1', 'none', [a])).revision).toBe(0);
      expect((await log.append('fact-1', 'exists', [c])).revision).toBe(2);
      expect(await log.tail('fact-1')).toBe(2);
    });

    it('refuses another order, a longer append and other bytes under a known id', async () => {
      await log.append('fact-1', 'none', [a, b]);
      await wrong(log.append('fact-1', 'none', [b, a]));
      await wrong(log.append('fact-1', 'none', [a, b, c]));
      await wrong(log.append('fact-1', 'none', [event('a', 'other')]));
    });

    it('stores identical appends in flight once, and lets one of 32 different ones win', async () => {
      const same = await Promise.all([1, 2, 3].map(() => log.append('fact-1', 'none', [a])));
      expect(new Set(same.map(({ token }) => token)).size).toBe(1);
      const raced = await Promise.allSettled(
        Array.from({ length: 32 }, (_, at) => log.append('fact-2', 'none', [event(`race ${at}`)])),
      );
      expect(raced.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await log.readStream('fact-2')).toHaveLength(1);
    });

    it('refuses what no backend may store', async () => {
      const refused: readonly [string, readonly EncodedRecord[]][] = [
        ['fact-1', []],
        ['fact-1', [a, a]],
        ['unknown-1', [a]],
        ['fact-1', [{ ...a, id: 'no uuid' }]],
        ['fact-1', [{ ...a, type: '' }]],
        ['fact-1', [{ ...a, data: new Uint8Array(1_000_001) }]],
        ['fact-1', Array.from({ length: 1001 }, (_, at) => event(String(at)))],
      ];
      for (const [stream, events] of refused) {
        await expect(log.append(stream, 'none', events)).rejects.toBeInstanceOf(InvalidAppend);
      }
      expect(await log.head()).toBeNull();
    });

    it('gives bytes back as they were: unicode and 900 kB', async () => {
      const events = [event('u', 'Zoë 👩‍👧 \u0000 ş'), event('large', 'x'.repeat(900_000))];
      await log.append('fact-1', 'none', events);
      const read = await log.readStream('fact-1');
      expect(read.map(({ data }, at) => Buffer.compare(data, events[at]?.data ?? Buffer.alloc(0)))).toEqual([0, 0]);
    });

    it('reads a stream forward, backward, from and up to, and nothing beyond its end', async () => {
      await log.append('fact-1', 'none', [a, b, c]);
      expect(ids(await log.readStream('fact-1', { from: 1, limit: 1 }))).toEqual([b.id]);
      expect(ids(await log.readStream('fact-1', { backward: true, limit: 2 }))).toEqual([c.id, b.id]);
      expect(await log.readStream('fact-1', { from: 3 })).toEqual([]);
    });

    it('reads the families asked for in commit order, after a token exclusively', async () => {
      const first = await log.append('fact-1', 'none', [a]);
      await log.append('look-1', 'none', [b]);
      const last = await log.append('fact-2', 'none', [c]);
      const read: LoggedEvent[] = [];
      for await (const batch of log.readAll({ families: ['fact'], batch: 1 })) read.push(...batch);
      expect(ids(read)).toEqual([a.id, c.id]);
      expect(log.compare(first.token, last.token)).toBeLessThan(0);
      const after: LoggedEvent[] = [];
      for await (const batch of log.readAll({ families: ['fact', 'look'], after: first.token })) after.push(...batch);
      expect(ids(after)).toEqual([b.id, c.id]);
    });

    it('subscribes: what is there, caught up, then live, losing nothing to a slow reader', async () => {
      await log.append('fact-1', 'none', [a]);
      const stop = new AbortController();
      const seen: string[] = [];
      for await (const batch of log.subscribe({ families: ['fact'], batch: 1, signal: stop.signal })) {
        if (batch.kind === 'caught-up') {
          seen.push('caught-up');
          if (seen.length === 2) await log.append('fact-1', 0, [b, c]);
          else stop.abort();
        } else {
          await new Promise((resolve) => setTimeout(resolve, 5));
          seen.push(...ids(batch.events));
        }
      }
      expect(seen).toEqual([a.id, 'caught-up', b.id, c.id, 'caught-up']);
    });

    it('acknowledges what is in flight when closed, refuses more, and keeps it', async () => {
      const inFlight = log.append('fact-1', 'none', [a]);
      const closed = log.close();
      await expect(log.append('fact-2', 'none', [b])).rejects.toThrow();
      await closed;
      expect((await inFlight).revision).toBe(0);
      if (under.reopen !== undefined) {
        const again = await under.reopen();
        expect(ids(await again.readStream('fact-1'))).toEqual([a.id]);
        await again.close();
      }
    });
  });
}
