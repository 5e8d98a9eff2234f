import { setTimeout as wait } from 'node:timers/promises';

/** Something that follows the log until it is stopped. */
export interface Follower {
  stop(): Promise<void>;
}

/** Keeps a follower going: what drops is told and begins again a little later; what it follows is idempotent. */
export function followSurely(
  name: string,
  follow: (signal: AbortSignal) => Promise<void>,
  alarm: (what: string, error: unknown) => void,
): Follower {
  const stop = new AbortController();
  const running = (async () => {
    for (let drops = 0; !stop.signal.aborted;) {
      try {
        await follow(stop.signal);
        drops = 0;
      } catch (error) {
        drops += 1;
        // Stopped by us while it was reading is no drop.
        if ((stop.signal as { readonly aborted: boolean }).aborted) return;
        alarm(`follow-${name}`, error);
        await wait(Math.min(100 * 2 ** Math.min(drops, 7), 10_000), undefined, { signal: stop.signal }).catch(
          () => undefined,
        );
      }
    }
  })();
  return {
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
