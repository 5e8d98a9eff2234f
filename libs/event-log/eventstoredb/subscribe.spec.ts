import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { LogUnavailable, type EventLog, type LogToken, type SubscriptionBatch } from '../src/port.ts';
import { resuming } from '../src/subscription.ts';
import type { Drop, EventStoreDouble } from './double/index.ts';
import { StreamDeleted, SubscriptionDropped, TokenBeyondLog } from './index.ts';
import { doubles, record, until } from './test/on-double.ts';
import { binary, foreign } from './test/seeding.ts';

const { both, open, start } = doubles();
const QUICK = { quietMs: 20, idleMs: 40 };
/** What a reader is told whose server is gone, whether it was listening or looking how far the log is. */
const GONE = expect.objectContaining({
  name: expect.stringMatching(/^(SubscriptionDropped|LogUnavailable)$/) as unknown,
});
/** Dropped sooner than a busy machine may take for an answer: only where being dropped is what is looked for. */
const NERVOUS = { ...QUICK, silentMs: 300 };

const streamsOf = (batch: SubscriptionBatch) =>
  batch.kind === 'events' ? batch.events.map(({ stream }) => stream) : [];

/** Reads until `enough`; answers with what came, or rejects with what the reading ended in. */
async function reading(
  log: EventLog,
  each: (batch: SubscriptionBatch, seen: readonly string[]) => boolean | Promise<boolean>,
  after: LogToken | null = null,
  batch = 500,
): Promise<string[]> {
  const stop = new AbortController();
  const seen: string[] = [];
  for await (const next of log.subscribe({ families: ['fact'], after, batch, signal: stop.signal })) {
    seen.push(...streamsOf(next));
    if (await each(next, seen)) stop.abort();
  }
  return seen;
}

const append = (log: EventLog, n: number) => log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
const facts = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => `fact-${from + n}`);

describe('a subscription that is let go', () => {
  const drops: readonly [Drop, unknown][] = [
    ['error', GONE],
    ['end', expect.any(SubscriptionDropped)],
    ['too-slow', GONE],
    ['silence', expect.any(SubscriptionDropped)],
  ];
  it.each(drops)('throws (%s) whatever way it goes, live', async (how, expected) => {
    const { double, log } = await both(how === 'silence' ? NERVOUS : QUICK);
    await append(log, 0);
    const ended = reading(log, (batch) => {
      if (batch.kind === 'caught-up') {
        double.drop(how);
        void append(log, 1);
      }
      return false;
    });
    await expect(ended).rejects.toEqual(expected);
  });

  it('throws where its server is gone', async () => {
    const { double, log } = await both(QUICK);
    await expect(
      reading(log, () => {
        double.kill();
        return false;
      }),
    ).rejects.toEqual(GONE);
  });

  it('throws where the server does not answer any more and nobody closed the connection', async () => {
    const { double, log } = await both({ ...QUICK, answerMs: 500 });
    await expect(
      reading(log, () => {
        double.drop('silence');
        double.faults.delayMs = 3000;
        return false;
      }),
    ).rejects.toBeInstanceOf(LogUnavailable);
    double.faults.delayMs = 0;
  });

  it('throws where the server takes it and brings nothing while there is something', async () => {
    const { double, log } = await both(NERVOUS);
    await append(log, 0);
    double.faults.silent = true;
    await expect(reading(log, () => false)).rejects.toBeInstanceOf(SubscriptionDropped);
  });

  it('throws where a stream it is to read was deleted for ever, only for who reads that stream', async () => {
    const { double, log } = await both(QUICK);
    await append(log, 0);
    const { clientAt } = await import('./test/observed.ts');
    const client = clientAt(double.port);
    await client.tombstoneStream('fact-0');
    await expect(log.readStream('fact-0')).rejects.toBeInstanceOf(StreamDeleted);
    expect(await reading(log, (batch) => batch.kind === 'caught-up')).toEqual(['fact-0']);
    await client.dispose();
  });

  it('goes on with `resuming` after the last token, through every kind of drop and two restarts', async () => {
    const { double, log } = await both(NERVOUS);
    const kinds: readonly Drop[] = ['error', 'end', 'too-slow', 'silence', 'error'];
    const stop = new AbortController();
    const [seen, tokens]: [string[], LogToken[]] = [[], []];
    let n = 0;
    for (; n < 20; n++) await append(log, n);
    const batches = resuming({
      log,
      read: { families: ['fact'], batch: 7 },
      signal: stop.signal,
      backOff: () => 1,
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    });
    for await (const batch of batches) {
      seen.push(...streamsOf(batch));
      if (batch.kind === 'events') tokens.push(...batch.events.map(({ token }) => token));
      if (batch.kind === 'events') continue;
      if (n === 60) stop.abort();
      else {
        double.drop(kinds[(n / 5) % kinds.length] ?? 'error');
        if (n === 30 || n === 45) {
          double.kill();
          await double.restart();
        }
        for (const next = n + 5; n < next; n++) await append(log, n);
      }
    }
    expect(seen).toEqual(facts(0, 60));
    expect(new Set(tokens).size).toBe(60);
  });
});

describe('a reader that caught up', () => {
  it('is told once, and again after each time something came', async () => {
    const { log } = await both(QUICK);
    await append(log, 0);
    const kinds: string[] = [];
    await reading(log, async (batch) => {
      kinds.push(batch.kind);
      if (kinds.length === 2) await append(log, 1);
      if (kinds.length === 4) await log.append('fact-2', 'none', [record('fact-2'), record('fact-2', 1)]);
      return kinds.length > 5 && batch.kind === 'caught-up';
    });
    expect(kinds.filter((kind) => kind === 'caught-up')).toHaveLength(3);
    expect(kinds.slice(0, 4)).toEqual(['events', 'caught-up', 'events', 'caught-up']);
  });

  it('is not told while something for it is in the log and has not come', async () => {
    const { double, log } = await both(QUICK);
    await append(log, 0);
    let dark = false;
    double.faults.blindTo = () => dark;
    const kinds: string[] = [];
    const stop = new AbortController();
    for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) {
      kinds.push(batch.kind);
      if (kinds.length === 1) {
        dark = true;
        await append(log, 1);
        setTimeout(() => stop.abort(), 300);
      }
    }
    expect(kinds).toEqual(['events']);
  });

  it('hears how far the log went without it: by others on the server too', async () => {
    const { double, log } = await both(QUICK);
    const { token } = await append(log, 0);
    const other = await open(double);
    let heard = 0;
    let last: LogToken | undefined;
    await reading(log, async (batch) => {
      if (batch.kind === 'events') return false;
      heard += 1;
      if (heard === 1) last = (await other.append('look-1', 'none', [record('look-1')])).token;
      return batch.token !== null && last !== undefined && log.compare(batch.token, last) >= 0;
    });
    expect(heard).toBe(2);
    expect(last === undefined ? 0 : log.compare(last, token)).toBeGreaterThan(0);
  });

  it('hears it soon where this process writes what is not for it', async () => {
    // Long enough that only being woken explains it.
    const { log } = await both({ quietMs: 20, idleMs: 600_000 });
    await append(log, 0);
    const told: (LogToken | null)[] = [];
    await reading(log, async (batch) => {
      if (batch.kind !== 'caught-up') return false;
      told.push(batch.token);
      if (told.length === 1)
        setTimeout(() => void log.append('registry', 'none', [record('registry')]).catch(() => undefined), 100);
      return told.length === 2;
    });
    expect(told[1]).toBe(await log.head());
  }, 30_000);

  it('hears it after every number of events of other families, also where a checkpoint had moved its place there already', async () => {
    const { log } = await both(QUICK);
    const stop = new AbortController();
    let token: LogToken | null = null;
    const following = (async () => {
      for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) token = batch.token;
    })();
    for (let n = 0; n < 80; n++) {
      const { token: last } = await log.append(`look-${String(n)}`, 'none', [record(`look-${String(n)}`)]);
      await until(() => token !== null && log.compare(token, last) >= 0);
    }
    stop.abort();
    await following;
  });

  it('hears it from the server’s checkpoints while others write much, and seldom', async () => {
    const { double, log } = await both(QUICK);
    await append(log, 0);
    let [heard, done] = [0, false];
    const told = reading(log, (batch) => {
      if (batch.kind === 'caught-up') heard += 1;
      return done && batch.kind === 'caught-up';
    });
    for (let n = 0; n < 30; n++) await double.seed(foreign(40));
    done = true;
    await append(log, 1);
    expect(await told).toEqual(['fact-0', 'fact-1']);
    // 1,200 events of others.
    expect(heard).toBeLessThan(120);
  });

  it('asks for all who hear nothing at once how far the log is', async () => {
    const { double, log } = await both({ ...QUICK, idleMs: 100 });
    const stop = new AbortController();
    let caughtUp = 0;
    const readers = Array.from({ length: 10 }, async () => {
      for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) {
        if (batch.kind === 'caught-up') caughtUp += 1;
      }
    });
    await until(() => caughtUp === 10);
    const [reads, began] = [double.tally.of('Read'), performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 600));
    stop.abort();
    await Promise.all(readers);
    expect(double.tally.of('Read') - reads).toBeLessThanOrEqual((performance.now() - began) / 100 + 2);
  });
});

describe('a slow reader', () => {
  it('leaves what it has not taken at the server', async () => {
    const { double, log } = await both();
    const words = 'x'.repeat(2000);
    await double.seed(Array.from({ length: 20_000 }, (_, n) => ({ stream: `fact-${n}`, event: binary(words) })));
    let most = 0;
    let batches = 0;
    const seen = await reading(
      log,
      async () => {
        batches += 1;
        const before = double.tally.sent;
        await new Promise((resolve) => setTimeout(resolve, 60));
        most = Math.max(most, double.tally.sent - before);
        return batches === 8;
      },
      null,
      100,
    );
    expect(seen.length).toBeGreaterThan(0);
    expect(double.tally.sent).toBeLessThan(20_000);
    // Behind a batch there are the client's and the connection's buffers, which do not grow with the log.
    expect(double.tally.sent - seen.length).toBeLessThan(400);
    expect(most).toBeLessThan(400);
  });

  it('catches up again when it fell behind while it was live', async () => {
    const { double, log } = await both(QUICK);
    let filled = false;
    const seen = await reading(log, async (batch, so) => {
      if (batch.kind === 'caught-up' && !filled) {
        filled = true;
        await double.seed(facts(0, 200).map((stream) => ({ stream, event: binary('x') })));
      }
      return so.length === 200 && batch.kind === 'caught-up';
    });
    expect(seen).toEqual(facts(0, 200));
  });
});

describe('a place to go on after', () => {
  const seeded = async (double: EventStoreDouble): Promise<void> => {
    // With the three events of a new server: full pages of 32, so that the last one looked at is empty.
    await double.seed([...foreign(70), { stream: 'fact-0', event: binary('x') }, ...foreign(86)]);
  };

  it('is never one that nothing stands at yet', async () => {
    const { double, log } = await both(QUICK);
    await seeded(double);
    const tokens: (LogToken | null)[] = [];
    await reading(log, (batch) => {
      tokens.push(batch.token);
      return batch.kind === 'caught-up';
    });
    for (const token of tokens) {
      const again = await reading(log, (batch) => batch.kind === 'caught-up', token);
      expect(again).toEqual([]);
    }
    await append(log, 1);
    for (const token of tokens)
      expect(await reading(log, (batch) => batch.kind === 'caught-up', token)).toEqual(['fact-1']);
  });

  it('loses nothing where the event of the place is gone, also at servers that leave one event out', async () => {
    for (const leavesOneOut of [false, true]) {
      const { double, log } = await both(QUICK);
      double.faults.leavesOneOut = leavesOneOut;
      await append(log, 0);
      await double.seed(foreign(3));
      let token: LogToken | null = null;
      await reading(log, (batch) => {
        token = batch.token;
        return batch.kind === 'caught-up';
      });
      for (let n = 1; n < 4; n++) await append(log, n);
      await double.scavenge('other-');
      expect(await reading(log, (batch) => batch.kind === 'caught-up', token)).toEqual(facts(1, 4));
    }
  });

  it('is refused beyond the end of the log: what is written up to there would be left out', async () => {
    const { double, log } = await both(QUICK);
    const { token } = await append(log, 0);
    const restored = await start();
    const other = await open(restored, QUICK);
    await expect(reading(other, () => false, token)).rejects.toBeInstanceOf(TokenBeyondLog);
    expect(double.port).not.toBe(restored.port);
  });
});

it('leaves nothing behind: no listener on its signal, no call at the server', async () => {
  const { double, log } = await both(QUICK);
  const stop = new AbortController();
  let most = 0;
  const running = (async () => {
    for await (const batch of log.subscribe({ families: ['fact'], signal: stop.signal })) {
      if (batch.kind === 'events') most = Math.max(most, getEventListeners(stop.signal, 'abort').length);
    }
  })();
  for (let n = 0; n < 20; n++) await append(log, n);
  await until(() => most > 0);
  stop.abort();
  await running;
  expect(most).toBe(1);
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  await until(() => double.subscriptions === 0);
});
