import { setTimeout as wait } from 'node:timers/promises';
import type { Follower } from './follow.ts';

/** Does something at the start and again every so many milliseconds until it is stopped; a failure is told and tried again the next time. */
export function repeatSurely(
  name: string,
  work: () => Promise<unknown>,
  alarm: (what: string, error: unknown) => void,
  everyMs: number,
): Follower {
  const stop = new AbortController();
  const { signal } = stop;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        alarm(name, error);
      }
      await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  })();
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
