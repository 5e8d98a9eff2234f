import { endOfDay, fail, ok, parseInstant, parsePlainDate, startOfDay, type Instant, type Outcome } from '#kernel';
import type { AuditFilters } from '#contracts';
import type { ProblemPlace } from '#nest-platform';

/** Filters as they come, their members checked one by one. */
export type GivenFilters = Partial<Record<keyof AuditFilters, unknown>> & {
  readonly from?: string;
  readonly to?: string;
};

/** Filters with their times read: a day is the whole day in the area. Members that are not there are left out. */
export function filtersOf(given: GivenFilters): Outcome<AuditFilters, readonly ProblemPlace[]> {
  const { from, to, ...rest } = given;
  const [first, last] = [
    from === undefined ? null : timeOf(from, startOfDay),
    to === undefined ? null : timeOf(to, endOfDay),
  ];
  const wrong = [
    ...(first === undefined ? [{ code: 'TIME_INVALID', pointer: '/filters/from' }] : []),
    ...(last === undefined ? [{ code: 'TIME_INVALID', pointer: '/filters/to' }] : []),
  ];
  if (wrong.length > 0) return fail(wrong);
  const members = Object.entries({ ...rest, from: first, to: last }).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  return ok(Object.fromEntries(members) as AuditFilters);
}

function timeOf(text: string, ofDay: typeof startOfDay): Instant | undefined {
  const day = parsePlainDate(text);
  return day === undefined ? parseInstant(text) : ofDay(day);
}
