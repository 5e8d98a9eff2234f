import { expect, it } from '@jest/globals';
import type { LogToken } from '../src/port.ts';
import { resuming } from '../src/subscription.ts';
import type { Drop } from './double/index.ts';
import { doubles, record } from './test/on-double.ts';
import { foreign } from './test/seeding.ts';

const { both } = doubles();
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

it('delivers everything once and in order over 100 drops of every kind while others write', async () => {
  const { double, log } = await both({ quietMs: 20, idleMs: 40, silentMs: 100 });
  const kinds: readonly Drop[] = ['error', 'end', 'too-slow', 'silence'];
  const written: string[] = [];
  const state = { writing: true };
  const writer = (async () => {
    for (let n = 0; state.writing; n++) {
      const stream = `fact-${n}`;
      await log.append(stream, 'none', [record(stream)]);
      written.push(stream);
      if (n % 10 === 0) await double.seed(foreign(n % 40));
    }
  })();
  const stop = new AbortController();
  const seen = new Map<LogToken, string>();
  let [drops, deliveries] = [0, 0];
  const batches = resuming({
    log,
    read: { families: ['fact'], batch: 20 },
    signal: stop.signal,
    backOff: () => 1,
    sleep: pause,
    onDrop: () => {
      drops += 1;
      if (drops === 100) state.writing = false;
    },
  });
  for await (const batch of batches) {
    if (batch.kind === 'events') {
      deliveries += batch.events.length;
      for (const { token, stream } of batch.events) seen.set(token, stream);
    }
    if (drops < 100) double.drop(kinds[drops % kinds.length] ?? 'error');
    else if (!state.writing && seen.size === written.length) stop.abort();
  }
  await writer;
  expect([...seen.values()]).toEqual(written);
  // What was handed out before a drop is not handed out again: tokens are exact.
  expect(deliveries).toBe(seen.size);
});
