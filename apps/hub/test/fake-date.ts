import { jest } from '@jest/globals';

/** Everything that tells time but `Date`. */
const TIMERS = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;

/** `Date`, which tokens are dated by, stands still at a moment; timers go on. `jest.useRealTimers()` is the caller's. */
export function standingDate(now: number): void {
  jest.useFakeTimers({ now, doNotFake: [...TIMERS] });
}
