import { epochMs, parseInstant, toInstant, type Instant } from '#kernel';
import type { Sent } from './port.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Milliseconds between one attempt and the next; the first is at once. The example schedule of Standard Webhooks 1.0: 75 h 35 min in all. */
export const RETRY_DELAYS_MS: readonly number[] = [
  0,
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
];

/** The longest that a receiver can put the next attempt off. */
export const MOST_RETRY_AFTER_MS = 24 * HOUR;

/** A delay is up to a fifth shorter or longer, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * A signal that was not tried because one before it was not sent, or because its endpoint would answer nothing now. No attempt of its own:
 * the schedule does not move on.
 */
export const NOT_TRIED = { kind: 'retry', code: 'not-tried' } as const satisfies Sent;

/**
 * When to try again, after so many attempts; undefined when the schedule is over (the signal becomes a dead letter). `spread` is chance in
 * [0, 1). `retryAfter`: milliseconds the receiver asked for; never earlier than that, within {@link MOST_RETRY_AFTER_MS}, and a little later
 * than asked, because others were told the same. It makes no wait shorter.
 */
export function retryAt(attempts: number, now: Instant, spread: number, retryAfter?: number): Instant | undefined {
  const delay = RETRY_DELAYS_MS[attempts];
  if (delay === undefined) return undefined;
  const chance = Math.min(Math.max(spread, 0), 1);
  const planned = delay * (1 - JITTER + 2 * JITTER * chance);
  const asked = Math.min(Math.max(retryAfter ?? 0, 0), MOST_RETRY_AFTER_MS) * (1 + JITTER * chance);
  return toInstant(epochMs(now) + Math.round(Math.max(planned, asked)));
}

/**
 * Reads a `Retry-After` header (RFC 9110 §10.2.3) into milliseconds from now: seconds, or one of the three HTTP dates (§5.6.7), of which one
 * in the past is 0. Undefined for anything else.
 */
export function retryAfterMs(header: string | undefined, now: Instant): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,10}$/.test(text)) return Number(text) * SECOND;
  const date = httpDate(text, epochMs(now));
  return date === undefined ? undefined : Math.max(0, date - epochMs(now));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DATES = [
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  /^[A-Z][a-z]{2}, (?<day>\d{2}) (?<month>[A-Z][a-z]{2}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  /^[A-Z][a-z]{5,8}, (?<day>\d{2})-(?<month>[A-Z][a-z]{2})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/,
  // asctime: Sun Nov  6 08:49:37 1994
  /^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[\d ]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/,
];

function httpDate(text: string, now: number): number | undefined {
  for (const form of DATES) {
    const { day = '', month = '', year = '', time = '' } = form.exec(text)?.groups ?? {};
    const at = MONTHS.indexOf(month) + 1;
    if (at === 0) continue;
    const inYear = (full: number): number | undefined => {
      const date = [full, at, day.trim()].map((part) => String(part).padStart(2, '0')).join('-');
      const instant = parseInstant(`${date}T${time}Z`);
      return instant === undefined ? undefined : epochMs(instant);
    };
    if (year.length === 4) return inYear(Number(year));
    // §5.6.7: two digits that seem more than 50 years ahead are of the century before.
    const thisYear = new Date(now).getUTCFullYear();
    const full = thisYear - (thisYear % 100) + Number(year);
    return inYear(full > thisYear + 50 ? full - 100 : full);
  }
  return undefined;
}
