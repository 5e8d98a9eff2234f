import { expect, it } from '@jest/globals';
import type { EventLog, LoggedEvent, LogToken, SubscriptionBatch } from '../src/port.ts';
import { resuming } from '../src/subscription.ts';
import { ids, type Setting } from './setting.ts';

/** The same log on a server that drops every subscription after one batch. */
function dropping(log: EventLog): EventLog {
  const subscribe: EventLog['subscribe'] = async function* (read) {
    for await (const batch of log.subscribe(read)) {
      yield batch;
      throw new Error('dropped');
    }
  };
  return Object.assign(Object.create(log) as EventLog, { subscribe });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const eventsOf = (batch: SubscriptionBatch): readonly LoggedEvent[] => (batch.kind === 'events' ? batch.events : []);

/** Catching up, live, dropped. */
export function subscriptionContract({ log, event, start, stream }: Setting): void {
  it('subscribes: what is there, caught up, then live, losing nothing to a slow reader', async () => {
    const [a, b, c, name] = [event('a'), event('b'), event('c'), stream('fact', '1')];
    await log().append(name, 'none', [a]);
    const stop = new AbortController();
    const seen: string[] = [];
    const read = { families: ['fact'], after: start(), batch: 1, signal: stop.signal } as const;
    for await (const batch of log().subscribe(read)) {
      if (batch.kind === 'caught-up') {
        seen.push('caught-up');
        if (seen.length === 2) await log().append(name, 0, [b, c]);
        else stop.abort();
      } else {
        await pause(5);
        seen.push(...ids(batch.events));
      }
    }
    expect(seen).toEqual([a.id, 'caught-up', b.id, c.id, 'caught-up']);
  });

  it('tells a reader at the head that there is nothing, and where that is', async () => {
    const { token } = await log().append(stream('fact', '1'), 'none', [event('a')]);
    const stop = new AbortController();
    for await (const batch of log().subscribe({ families: ['fact'], after: token, signal: stop.signal })) {
      expect(batch.kind).toBe('caught-up');
      expect(batch.token === null ? -1 : log().compare(batch.token, token)).toBeGreaterThanOrEqual(0);
      stop.abort();
    }
  });

  it('brings a reader whose families are quiet to the head all the same', async () => {
    await log().append(stream('fact', '1'), 'none', [event('a')]);
    const stop = new AbortController();
    let last: LogToken | undefined;
    const reached = (token: LogToken | null) => last !== undefined && token !== null && log().compare(token, last) >= 0;
    for await (const batch of log().subscribe({ families: ['fact'], after: start(), signal: stop.signal })) {
      if (batch.kind === 'events') continue;
      if (reached(batch.token)) stop.abort();
      // Fewer and more than a server looks at at a time.
      for (let n = 0; last === undefined && n < 40; n++) {
        const appended = await log().append(stream('look', `${n}`), 'none', [event(`look ${n}`)]);
        if (n === 39) last = appended.token;
      }
    }
    expect(last).toBeDefined();
  });

  it('loses nothing, and no order, where every subscription drops after one batch', async () => {
    const all: string[] = [];
    const append = async (n: number) => {
      const events = [event(`${n} a`), event(`${n} b`), event(`${n} c`)];
      await log().append(stream(n % 2 === 0 ? 'fact' : 'look', `${n}`), 'none', events);
      if (n % 2 === 0) all.push(...ids(events));
    };
    for (let n = 0; n < 6; n++) await append(n);
    const stop = new AbortController();
    const seen: LoggedEvent[] = [];
    let writing: Promise<unknown> = Promise.resolve();
    const batches = resuming({
      log: dropping(log()),
      read: { families: ['fact'], after: start(), batch: 2 },
      signal: stop.signal,
      backOff: () => 0,
      sleep: () => Promise.resolve(),
    });
    for await (const batch of batches) {
      seen.push(...eventsOf(batch));
      if (seen.length === 2) for (let n = 6; n < 12; n++) writing = writing.then(() => append(n));
      await writing;
      if (seen.length >= all.length && all.length === 18) stop.abort();
    }
    expect(ids(seen)).toEqual(all);
    expect(new Set(seen.map(({ token }) => token)).size).toBe(18);
  });

  it('goes on after every token a subscription gave out', async () => {
    for (let n = 0; n < 4; n++) {
      await log().append(stream(n % 2 === 0 ? 'fact' : 'look', `${n}`), 'none', [event(`${n} a`), event(`${n} b`)]);
    }
    /** Up to the first time it caught up: what was seen, and for each token how much of it lay before. */
    const read = async (after: LogToken | null) => {
      const stop = new AbortController();
      const [seen, tokens]: [LoggedEvent[], [LogToken, number][]] = [[], []];
      for await (const batch of log().subscribe({ families: ['fact'], after, batch: 1, signal: stop.signal })) {
        seen.push(...eventsOf(batch));
        if (batch.token !== null) tokens.push([batch.token, seen.length]);
        if (batch.kind === 'caught-up') stop.abort();
      }
      return { seen, tokens };
    };
    const { seen, tokens } = await read(start());
    expect(seen).toHaveLength(4);
    for (const [token, before] of tokens) expect(ids((await read(token)).seen)).toEqual(ids(seen.slice(before)));
  });

  it('ends without an error when it is aborted or the log is closed, whatever it waits for', async () => {
    const stop = new AbortController();
    const reading = (signal: AbortSignal) =>
      (async () => {
        for await (const batch of log().subscribe({ families: ['cohort'], after: start(), signal })) {
          if (batch.kind === 'caught-up') heard += 1;
        }
      })();
    let heard = 0;
    const [aborted, closed] = [reading(stop.signal), reading(new AbortController().signal)];
    while (heard < 2) await pause(5);
    stop.abort();
    await aborted;
    await log().close();
    await closed;
  });
}
