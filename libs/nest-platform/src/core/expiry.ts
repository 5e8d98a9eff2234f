import { setTimeout as wait } from 'node:timers/promises';
import type { Clock } from '#kernel';
import type { Publishing } from '#sharing';
import type { Follower } from './follow.ts';

const HOUR = 3_600_000;

/**
 * Ends quarantined items whose 30 days are over (design §3.2): at the start, so that a hub that was down keeps nothing longer, and every hour.
 * A failure is told and tried again an hour later.
 */
export function expireSurely(
  publishing: Pick<Publishing, 'expireQuarantine'>,
  clock: Clock,
  alarm: (what: string, error: unknown) => void,
  everyMs: number = HOUR,
): Follower {
  const stop = new AbortController();
  const { signal } = stop;
  const running = (async () => {
    while (!signal.aborted) {
      try {
        await publishing.expireQuarantine(clock.now(), { correlationId: 'quarantine-expiry' });
      } catch (error) {
        alarm('quarantine-expiry', error);
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
