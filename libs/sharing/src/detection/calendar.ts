import { Temporal } from 'temporal-polyfill';
import { AREA_ZONE, type Instant, type PlainDate } from '#kernel';

/** Bank holidays of England and Wales, substitute days included (Banking and Financial Dealings Act 1971; gov.uk/bank-holidays). */
export const BANK_HOLIDAYS: ReadonlySet<string> = new Set([
  ...['2026-01-01', '2026-04-03', '2026-04-06', '2026-05-04', '2026-05-25', '2026-08-31', '2026-12-25', '2026-12-28'],
  ...['2027-01-01', '2027-03-26', '2027-03-29', '2027-05-03', '2027-05-31', '2027-08-30', '2027-12-27', '2027-12-28'],
  ...['2028-01-03', '2028-04-14', '2028-04-17', '2028-05-01', '2028-05-29', '2028-08-28', '2028-12-25', '2028-12-26'],
]);

/** True on Saturdays, Sundays and bank holidays. */
export function isRestDay(day: PlainDate): boolean {
  // Asked after every look: counting days is a hundred times as fast as a date of the calendar. 1 January 1970 was a Thursday.
  const weekday = (Date.parse(day) / 86_400_000 + 4) % 7;
  return weekday === 0 || weekday === 6 || BANK_HOLIDAYS.has(day);
}

const HOURS = new Intl.DateTimeFormat('en-GB', { timeZone: AREA_ZONE, hour: '2-digit', hourCycle: 'h23' });

/** The hour of the clock in the area, 0 to 23; whatever the season. */
export function hourOf(instant: Instant): number {
  return Number(HOURS.format(Date.parse(instant)));
}

/** The ISO 8601 week a day lies in, `2026-W47`; weeks begin on Monday. */
export function weekOf(day: PlainDate): string {
  const { yearOfWeek, weekOfYear } = Temporal.PlainDate.from(day);
  return `${String(yearOfWeek)}-W${String(weekOfYear).padStart(2, '0')}`;
}

/** So many days later; earlier for a negative number. */
export function daysAfter(day: PlainDate, days: number): PlainDate {
  return Temporal.PlainDate.from(day).add({ days }).toString() as PlainDate;
}

/** The Sunday of an ISO 8601 week `2026-W47`; undefined where the year has no such week. */
export function lastDayOfWeek(week: string): PlainDate | undefined {
  const [year = '', number = ''] = week.split('-W');
  // 4 January always lies in the first week.
  const first = Temporal.PlainDate.from({ year: Number(year), month: 1, day: 4 });
  const monday = first.subtract({ days: first.dayOfWeek - 1 }).add({ days: (Number(number) - 1) * 7 });
  const sunday = monday.add({ days: 6 }).toString() as PlainDate;
  return weekOf(sunday) === week ? sunday : undefined;
}
