import { describe, expect, it } from '@jest/globals';
import type { PlainDate } from '#kernel';
import { BANK_HOLIDAYS_ENGLAND } from './bank-holidays-england.ts';
import { extensionUntil, subjectAccessDue, type Pause } from './subject-access-clock.ts';

const day = (text: string) => text as PlainDate;
const due = (received: string, pauses: readonly Pause[] = [], extended = false, on = '2026-12-31') =>
  subjectAccessDue({ received: day(received), pauses, extended }, day(on), BANK_HOLIDAYS_ENGLAND);
const pause = (from: string, until: string | null): Pause => ({
  reason: 'clarification',
  from: day(from),
  until: until === null ? null : day(until),
});

describe('the clock of a subject access request', () => {
  it.each([
    // Examples of the ICO: 3 September to 3 October; 31 March to 30 April; a weekend or bank holiday moves the end.
    ['2025-09-03', '2025-10-03', 'the corresponding date of the next month'],
    ['2026-03-31', '2026-04-30', 'no 31 April: the last day of the month'],
    ['2024-01-31', '2024-02-29', 'a leap year'],
    ['2028-01-30', '2028-02-29', 'a leap year, from the 30th'],
    ['2025-01-31', '2025-02-28', 'a common year'],
    ['2026-01-31', '2026-03-02', '28 February 2026 is a Saturday: the next Monday'],
    ['2026-11-25', '2026-12-29', 'Christmas, a weekend and Boxing Day’s substitute'],
    ['2026-03-03', '2026-04-07', 'Good Friday to Easter Monday'],
    ['2026-05-17', '2026-06-17', 'received on a Sunday: that day counts'],
  ])('received on %s is due on %s: %s', (received, last) => {
    expect(due(received)).toEqual({ ok: true, value: { state: 'running', due: last } });
  });

  it('has two months more where it was extended', () => {
    expect(due('2025-09-03', [], true)).toEqual({ ok: true, value: { state: 'running', due: '2025-12-03' } });
    expect(due('2025-11-30', [], true)).toEqual({ ok: true, value: { state: 'running', due: '2026-03-02' } });
  });

  it('adds the days for which it stood still', () => {
    const twice = [pause('2025-09-05', '2025-09-12'), pause('2025-09-20', '2025-09-21')];
    expect(due('2025-09-03', twice)).toEqual({ ok: true, value: { state: 'running', due: '2025-10-13' } });
    expect(due('2025-09-03', [pause('2025-09-05', '2025-09-05')])).toEqual(due('2025-09-03'));
  });

  it('stands while an answer is waited for, and says when it would be due', () => {
    const open = due('2025-09-03', [pause('2025-09-05', null)], false, '2025-09-15');
    const since = { reason: 'clarification', since: '2025-09-05', earliest: '2025-10-13' };
    expect(open).toEqual({ ok: true, value: { state: 'paused', ...since } });
  });

  it('may be extended within the first month, pauses counted', () => {
    const clock = { received: day('2025-09-03'), pauses: [pause('2025-09-05', '2025-09-12')], extended: true };
    expect(extensionUntil(clock, day('2025-09-20'), BANK_HOLIDAYS_ENGLAND)).toEqual({ ok: true, value: '2025-10-10' });
  });

  it('guesses nothing beyond its calendar', () => {
    expect(due('2028-12-05')).toEqual({ ok: false, error: 'calendar-does-not-reach' });
  });
});
