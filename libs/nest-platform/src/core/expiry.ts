import type { Clock } from '#kernel';
import type { Publishing } from '#sharing';
import type { Follower } from './follow.ts';
import { repeatSurely } from './repeat.ts';

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
  const expire = () => publishing.expireQuarantine(clock.now(), { correlationId: 'quarantine-expiry' });
  return repeatSurely('quarantine-expiry', expire, alarm, everyMs);
}
