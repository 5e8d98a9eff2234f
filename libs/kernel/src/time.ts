import { Temporal } from 'temporal-polyfill';
import type { Brand } from './ids.ts';

/** A moment: ISO 8601 in UTC with milliseconds, `2026-11-24T09:30:00.000Z`. Sorts as text. */
export type Instant = Brand<string, 'Instant'>;
/** A day without time or zone: `2026-11-24`. Sorts as text. */
export type PlainDate = Brand<string, 'PlainDate'>;
/** Where time comes from; the only clock is at the edge. */
export interface Clock {
  now(): Instant;
}

/** Days and deadlines of an English local area are days in this zone. */
export const AREA_ZONE = 'Europe/London';

/** Reads an RFC 3339 date-time with any offset into the hub's one form; undefined when it is not one. */
export function parseInstant(text: string): Instant | undefined {
  // Most are in our own form already; a day that does not exist comes back as another.
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/.test(text)) {
    const milliseconds = Date.parse(text);
    if (Number.isNaN(milliseconds)) return undefined;
    const instant = toInstant(milliseconds);
    return instant.slice(0, 19) === text.slice(0, 19) ? instant : undefined;
  }
  if (!/^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})$/.test(text)) return undefined;
  try {
    return toInstant(Temporal.Instant.from(text).epochMilliseconds);
  } catch {
    return undefined;
  }
}

/** The instant so many milliseconds after 1970-01-01T00:00Z. */
export function toInstant(epochMilliseconds: number): Instant {
  return new Date(epochMilliseconds).toISOString() as Instant;
}

/** Milliseconds since 1970-01-01T00:00Z. */
export function epochMs(instant: Instant): number {
  return Date.parse(instant);
}

/** Reads `YYYY-MM-DD`, a day that exists; undefined otherwise. */
export function parsePlainDate(text: string): PlainDate | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  try {
    return Temporal.PlainDate.from(text, { overflow: 'reject' }).toString() as PlainDate;
  } catch {
    return undefined;
  }
}

/** Canada writes days as ISO 8601 does; one formatter is thirty times as fast as a zoned date made for each. */
const DAYS = new Intl.DateTimeFormat('en-CA', {
  timeZone: AREA_ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** The day an instant falls on in the area. */
export function dayOf(instant: Instant): PlainDate {
  return DAYS.format(Date.parse(instant)) as PlainDate;
}

/** The last millisecond of a day in the area: what `asOf` includes (design §3.7). */
export function endOfDay(date: PlainDate): Instant {
  const next = Temporal.PlainDate.from(date).add({ days: 1 }).toZonedDateTime(AREA_ZONE);
  return toInstant(next.epochMilliseconds - 1);
}

/** The first millisecond of a day in the area. */
export function startOfDay(date: PlainDate): Instant {
  return toInstant(Temporal.PlainDate.from(date).toZonedDateTime(AREA_ZONE).epochMilliseconds);
}
