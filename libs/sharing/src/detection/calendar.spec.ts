import { describe, expect, it } from '@jest/globals';
import type { Instant, PlainDate } from '#kernel';
import { daysAfter, hourOf, isRestDay, lastDayOfWeek, weekOf } from './calendar.ts';

const day = (text: string) => text as PlainDate;

describe('the calendar of the area', () => {
  it('knows weekends and bank holidays, substitute days included', () => {
    const rest = ['2026-11-28', '2026-11-29', '2026-12-25', '2026-12-28', '2027-03-26', '2028-01-03'];
    expect(rest.filter((each) => !isRestDay(day(each)))).toEqual([]);
    expect(['2026-11-27', '2026-12-24', '2026-12-29', '2027-12-29'].filter((each) => isRestDay(day(each)))).toEqual([]);
  });

  it('reads the clock of the area in winter and summer', () => {
    expect(hourOf('2026-01-15T19:59:00.000Z' as Instant)).toBe(19);
    expect(hourOf('2026-07-15T19:59:00.000Z' as Instant)).toBe(20);
    expect(hourOf('2026-07-15T23:10:00.000Z' as Instant)).toBe(0);
  });

  it('counts ISO weeks over the turn of the year, and names no week that is not there', () => {
    expect([weekOf(day('2026-11-24')), weekOf(day('2027-01-03')), weekOf(day('2027-01-04'))]).toEqual([
      '2026-W48',
      '2026-W53',
      '2027-W01',
    ]);
    expect([lastDayOfWeek('2026-W48'), lastDayOfWeek('2026-W53'), lastDayOfWeek('2027-W53')]).toEqual([
      '2026-11-29',
      '2027-01-03',
      undefined,
    ]);
    expect(daysAfter(day('2027-01-01'), -1)).toBe('2026-12-31');
  });
});
