import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { epochMs, toInstant, type Instant } from '#kernel';
import { MOST_RETRY_AFTER_MS, RETRY_DELAYS_MS, retryAfterMs, retryAt } from './retry.ts';

const now = '2026-11-24T09:30:00.000Z' as Instant;
const wait = (attempts: number, spread: number, retryAfter?: number): number | undefined => {
  const at = retryAt(attempts, now, spread, retryAfter);
  return at === undefined ? undefined : epochMs(at) - epochMs(now);
};
const HOUR = 3_600_000;

describe('when a failed attempt is repeated', () => {
  it('is the schedule of Standard Webhooks 1.0, in the middle of the spread', () => {
    const seconds = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
    expect(seconds.map((_, attempts) => wait(attempts, 0.5))).toEqual(seconds.map((each) => each * 1_000));
    // 75 h 35 min 5 s, as its table says.
    expect(RETRY_DELAYS_MS.reduce((sum, each) => sum + each, 0)).toBe(((75 * 60 + 35) * 60 + 5) * 1_000);
  });

  it('is never, after the tenth attempt', () => {
    expect([wait(9, 0.5) === undefined, wait(10, 0.5), wait(11, 0.5, 1), wait(1_000, 0)]).toEqual([
      false,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is spread by a fifth to either side, and the first is at once whatever chance says', () => {
    expect([wait(1, 0), wait(1, 0.999_999), wait(0, 0), wait(0, 0.99)]).toEqual([4_000, 6_000, 0, 0]);
  });

  it('is as late as the receiver asked, or later; a day later at most', () => {
    expect([wait(1, 0, 60_000), wait(1, 0.5, 60_000)]).toEqual([60_000, 66_000]);
    expect(wait(2, 0.5, 1_000)).toBe(300_000);
    expect(wait(1, 0, 1e15)).toBe(24 * HOUR);
    expect(wait(1, 0.5, -5)).toBe(5_000);
  });

  it('is between what was asked or planned and a fifth more, whatever goes in', () => {
    const spread = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.nat(9), spread, fc.nat(10 * 24 * HOUR), (attempts, chance, asked) => {
        const waited = wait(attempts, chance, asked) ?? -1;
        const honoured = Math.min(asked, MOST_RETRY_AFTER_MS);
        const planned = RETRY_DELAYS_MS[attempts] ?? 0;
        expect(waited).toBeGreaterThanOrEqual(honoured);
        expect(waited).toBeGreaterThanOrEqual(planned * 0.8 - 1);
        expect(waited).toBeLessThanOrEqual(Math.max(planned, honoured) * 1.2 + 1);
      }),
    );
  });
});

describe('Retry-After', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['seconds with spaces around', ' 0 ', 0],
    ['a date', 'Tue, 24 Nov 2026 09:31:00 GMT', 60_000],
    ['a date of the past', 'Tue, 24 Nov 2026 09:00:00 GMT', 0],
    ['a date as RFC 850 wrote it', 'Tuesday, 24-Nov-26 09:31:00 GMT', 60_000],
    ['two digits of the century before', 'Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['a date as asctime writes it', 'Tue Nov 24 09:31:00 2026', 60_000],
    ['the same with one digit', 'Wed Dec  2 09:30:00 2026', 8 * 24 * HOUR],
  ])('%s', (_what, header, milliseconds) => {
    expect(retryAfterMs(header, now)).toBe(milliseconds);
  });

  it.each([
    undefined,
    '',
    'soon',
    '-1',
    '1.5',
    '1e9',
    '99999999999',
    '0x10',
    'Tue, 24 Nov 2026 09:31:00 CET',
    'Tue, 31 Nov 2026 09:31:00 GMT',
    'Tue, 24 Now 2026 09:31:00 GMT',
    '2026-11-24T09:31:00Z',
    'Tue, 24 Nov 2026 25:31:00 GMT',
  ])('is nothing for %j', (header) => {
    expect(retryAfterMs(header, now)).toBeUndefined();
  });

  it('reads back every date as it is written today', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e9 }), (seconds) => {
        const date = new Date(seconds * 1_000);
        expect(retryAfterMs(date.toUTCString(), toInstant(0))).toBe(seconds * 1_000);
      }),
    );
  });
});
