import { fail, ok, type Outcome, type PlainDate } from '#kernel';
import type { BankHolidays } from './bank-holidays-england.ts';
import { addDays, weekdayOf } from './days.ts';

/** The data does not say whether some day of the answer is a bank holiday; a newer calendar is needed, nothing is guessed. */
export type CalendarRefusal = 'calendar-does-not-reach';

/** Monday to Friday and no bank holiday. */
export function isWorkingDay(day: PlainDate, calendar: BankHolidays): Outcome<boolean, CalendarRefusal> {
  if (day < calendar.from || day > calendar.until) return fail('calendar-does-not-reach');
  return ok(weekdayOf(day) <= 5 && !calendar.days.has(day));
}

/** This day, or the first working day after it: where a last day falls on a weekend or bank holiday. */
export function workingDayOnOrAfter(day: PlainDate, calendar: BankHolidays): Outcome<PlainDate, CalendarRefusal> {
  for (let at = day; ; at = addDays(at, 1)) {
    const working = isWorkingDay(at, calendar);
    if (!working.ok) return working;
    if (working.value) return ok(at);
  }
}

/** The day that lies so many working days (0 or more) after `day`, which itself is not counted. */
export function addWorkingDays(
  day: PlainDate,
  count: number,
  calendar: BankHolidays,
): Outcome<PlainDate, CalendarRefusal> {
  let at = day;
  for (let left = count; left > 0;) {
    at = addDays(at, 1);
    const working = isWorkingDay(at, calendar);
    if (!working.ok) return working;
    if (working.value) left -= 1;
  }
  return ok(at);
}
