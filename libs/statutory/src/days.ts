import { Temporal } from 'temporal-polyfill';
import type { PlainDate } from '#kernel';

/** The day so many days later; earlier for a negative number. */
export function addDays(day: PlainDate, days: number): PlainDate {
  return Temporal.PlainDate.from(day).add({ days }).toString() as PlainDate;
}

/** The same day so many months later; the month's last day where it has no such day (31 January + 1 month: 28 or 29 February). */
export function addMonths(day: PlainDate, months: number): PlainDate {
  return Temporal.PlainDate.from(day).add({ months }).toString() as PlainDate;
}

/** The same day so many years later; 28 February for a 29th that is not there. */
export function addYears(day: PlainDate, years: number): PlainDate {
  return Temporal.PlainDate.from(day).add({ years }).toString() as PlainDate;
}

/** Whole days from one day to another; negative where `to` is earlier. */
export function daysBetween(from: PlainDate, to: PlainDate): number {
  return Temporal.PlainDate.from(from).until(Temporal.PlainDate.from(to)).days;
}

/** Completed years of age on a day: somebody born on 29 February is a year older on 1 March of a common year. */
export function ageOn(birthDate: PlainDate, day: PlainDate): number {
  const years = Number(day.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return day.slice(5) >= birthDate.slice(5) ? years : years - 1;
}

/** Monday is 1, Sunday 7 (ISO 8601). */
export function weekdayOf(day: PlainDate): number {
  return Temporal.PlainDate.from(day).dayOfWeek;
}
