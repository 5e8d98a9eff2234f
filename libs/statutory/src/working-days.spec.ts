import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlainDate } from '#kernel';
import { BANK_HOLIDAYS_ENGLAND as ENGLAND } from './bank-holidays-england.ts';
import { addDays, addMonths, addYears, ageOn, daysBetween, weekdayOf } from './days.ts';
import { addWorkingDays, isWorkingDay, workingDayOnOrAfter } from './working-days.ts';

const day = (text: string) => text as PlainDate;
const someDay = fc.integer({ min: 0, max: 5 * 365 }).map((days) => addDays(ENGLAND.from, days));

/** Easter Sunday (Meeus, Jones, Butcher), the one thing in the calendar that can be computed apart. */
function easter(year: number): PlainDate {
  const [a, b, c] = [year % 19, Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const [month, date] = [Math.floor((h + l - 7 * m + 114) / 31), ((h + l - 7 * m + 114) % 31) + 1];
  return day(`${String(year)}-0${String(month)}-${String(date).padStart(2, '0')}`);
}

describe('the bank holidays of England', () => {
  it('are eight a year, nine with the coronation, all on weekdays, Good Friday and Easter Monday among them', () => {
    for (let year = 2023; year <= 2028; year++) {
      const days = [...ENGLAND.days].filter((each) => each.startsWith(String(year)));
      expect([year, days.length]).toEqual([year, year === 2023 ? 9 : 8]);
      for (const each of days) expect([each, weekdayOf(each) <= 5]).toEqual([each, true]);
      expect(days).toEqual(expect.arrayContaining([addDays(easter(year), -2), addDays(easter(year), 1)]));
    }
  });

  it('say so where they do not reach', () => {
    const beyond = { ok: false, error: 'calendar-does-not-reach' };
    expect([isWorkingDay(day('2029-01-01'), ENGLAND), isWorkingDay(day('2022-12-30'), ENGLAND)]).toEqual([
      beyond,
      beyond,
    ]);
    expect(addWorkingDays(day('2028-12-20'), 10, ENGLAND)).toEqual(beyond);
    expect(workingDayOnOrAfter(day('2028-12-30'), ENGLAND)).toEqual(beyond);
  });
});

describe('working days', () => {
  it.each([
    ['2026-04-02', 1, '2026-04-07'],
    ['2026-12-24', 2, '2026-12-30'],
    ['2026-08-28', 15, '2026-09-21'],
    ['2026-08-29', 0, '2026-08-29'],
  ])('%s and %i more is %s', (from, count, to) => {
    expect(addWorkingDays(day(from), count, ENGLAND)).toEqual({ ok: true, value: to });
  });

  it('are counted alike in one step and in many', () => {
    fc.assert(
      fc.property(someDay, fc.nat(20), fc.nat(20), (from, a, b) => {
        const once = addWorkingDays(from, a + b, ENGLAND);
        const first = addWorkingDays(from, a, ENGLAND);
        expect(first.ok ? addWorkingDays(first.value, b, ENGLAND) : first).toEqual(once);
      }),
    );
  });
});

describe('plain days', () => {
  it('keep to the end of a shorter month and go there and back', () => {
    expect([addMonths(day('2026-01-31'), 1), addMonths(day('2028-01-31'), 1)]).toEqual(['2026-02-28', '2028-02-29']);
    expect(addYears(day('2008-02-29'), 25)).toBe('2033-02-28');
    fc.assert(
      fc.property(someDay, fc.integer({ min: -800, max: 800 }), (from, days) => {
        expect(daysBetween(from, addDays(from, days))).toBe(days);
      }),
    );
  });

  it('give an age in completed years', () => {
    expect([
      ageOn(day('2008-02-29'), day('2026-02-28')),
      ageOn(day('2008-02-29'), day('2026-03-01')),
      ageOn(day('2008-11-24'), day('2026-11-24')),
    ]).toEqual([17, 18, 18]);
  });
});
