import { createHash } from 'node:crypto';
import { toInstant, type Chance, type Clock, type Instant } from '#kernel';

/** A clock that stands still until told: `advance` in milliseconds, `set` to an instant. */
export interface FakeClock extends Clock {
  advance(milliseconds: number): void;
  set(instant: Instant): void;
}

/** A clock that stands at the given time (default 2026-09-01T09:00Z). */
export function fakeClock(start = '2026-09-01T09:00:00.000Z'): FakeClock {
  let now = Date.parse(start);
  return {
    now: () => toInstant(now),
    advance: (milliseconds) => {
      now += milliseconds;
    },
    set: (instant) => {
      now = Date.parse(instant);
    },
  };
}

/** Chance that repeats: the same seed gives the same bytes in the same order. */
export function fakeChance(seed = 'chance'): Chance {
  let counter = 0;
  return {
    bytes: (count) => {
      const out = Buffer.alloc(count);
      for (let at = 0; at < count; at += 32) {
        createHash('sha256').update(`${seed}:${counter++}`).digest().copy(out, at);
      }
      return out;
    },
  };
}
