import { fail, ok, type Outcome, type PlainDate } from '#kernel';
import type { BankHolidays } from './bank-holidays-england.ts';
import { addDays, addMonths, daysBetween } from './days.ts';
import { workingDayOnOrAfter, type CalendarRefusal } from './working-days.ts';

/** Why the clock of a request stands still (UK GDPR art. 12(6), art. 12A as inserted by the Data (Use and Access) Act 2025 s.76). */
export const PAUSE_REASONS = ['clarification', 'identity'] as const;
/** One reason. */
export type PauseReason = (typeof PAUSE_REASONS)[number];

/** The clock stood still from `from` (asked) until `until` (answered); null while no answer came. */
export interface Pause {
  readonly reason: PauseReason;
  readonly from: PlainDate;
  readonly until: PlainDate | null;
}

/** What the clock of a subject access request goes by. */
export interface SubjectAccessClock {
  /** The day on which the request came, a working day or not. */
  readonly received: PlainDate;
  /** In the order they began; none overlaps another. */
  readonly pauses: readonly Pause[];
  /** Two further months, for complexity or the number of requests, told within the first (art. 12(3)). */
  readonly extended: boolean;
}

/** When the answer is due: a day, or that the clock stands. */
export type SubjectAccessDue =
  | { readonly state: 'running'; readonly due: PlainDate }
  /** `earliest` is the last day if the answer to our question came on `on`. */
  | { readonly state: 'paused'; readonly reason: PauseReason; readonly since: PlainDate; readonly earliest: PlainDate };

/**
 * The last day for answering (UK GDPR art. 12(3)): the corresponding date of the next month (art. 12A(5)), two months more where extended. A month
 * without that date ends it on its last day; a weekend or bank holiday moves it to the next working day (ICO, "How long do we have to comply?").
 * Days for which the clock stood still are added: a request paused from 3 to 10 March ends seven days later.
 */
export function subjectAccessDue(
  clock: SubjectAccessClock,
  on: PlainDate,
  calendar: BankHolidays,
): Outcome<SubjectAccessDue, CalendarRefusal> {
  const { received, pauses, extended } = clock;
  const open = pauses.find(({ until }) => until === null);
  const stood = pauses.reduce((days, { from, until }) => days + Math.max(0, daysBetween(from, until ?? on)), 0);
  const last = workingDayOnOrAfter(addDays(addMonths(received, extended ? 3 : 1), stood), calendar);
  if (!last.ok) return fail(last.error);
  if (open === undefined) return ok({ state: 'running', due: last.value });
  return ok({ state: 'paused', reason: open.reason, since: open.from, earliest: last.value });
}

/** The last day on which the two further months may be told: the end of the first month, pauses counted (art. 12(3)). */
export function extensionUntil(
  clock: SubjectAccessClock,
  on: PlainDate,
  calendar: BankHolidays,
): Outcome<PlainDate, CalendarRefusal> {
  const due = subjectAccessDue({ ...clock, extended: false }, on, calendar);
  if (!due.ok) return due;
  return ok(due.value.state === 'running' ? due.value.due : due.value.earliest);
}
