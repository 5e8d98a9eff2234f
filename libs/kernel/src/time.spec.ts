import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  dayOf,
  endOfDay,
  epochMs,
  parseInstant,
  parsePlainDate,
  startOfDay,
  toInstant,
  type PlainDate,
} from './time.ts';

const day = (text: string) => text as PlainDate;
const hours = (date: string) => (epochMs(endOfDay(day(date))) + 1 - epochMs(startOfDay(day(date)))) / 3_600_000;

describe('instants', () => {
  it.each([
    ['2026-11-24T09:30:00Z', '2026-11-24T09:30:00.000Z'],
    ['2026-11-24t09:30:00z', '2026-11-24T09:30:00.000Z'],
    ['2026-06-24T09:30:00.1234567+01:00', '2026-06-24T08:30:00.123Z'],
    ['2024-02-29T23:59:59.999-00:30', '2024-03-01T00:29:59.999Z'],
    ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000Z'],
  ])('%s is %s', (text, instant) => expect(parseInstant(text)).toBe(instant));

  it.each([
    '2026-11-24',
    '2026-11-24T09:30:00',
    '2026-02-29T09:30:00Z',
    '2026-13-01T09:30:00Z',
    '2026-11-24T25:00:00Z',
    '2026-11-24T09:30:00Z[Europe/London]',
    ' 2026-11-24T09:30:00Z',
    '',
  ])('%j is none', (text) => expect(parseInstant(text)).toBeUndefined());

  it('sort as text as they do as time', () => {
    const ms = fc.integer({ min: 0, max: 4_102_444_800_000 });
    fc.assert(fc.property(ms, ms, (a, b) => toInstant(a) < toInstant(b) === a < b && epochMs(toInstant(a)) === a));
  });
});

describe('days of the area', () => {
  it.each(['2024-02-29', '2000-02-29', '2026-12-31'])('%s exists', (text) => expect(parsePlainDate(text)).toBe(text));
  it.each(['2026-02-29', '1900-02-29', '2026-04-31', '2026-00-10', '26-01-01', '2026-1-1', '2026-01-01T00:00:00Z', ''])(
    '%j does not',
    (text) => expect(parsePlainDate(text)).toBeUndefined(),
  );

  it('are 23 hours long when summer time begins and 25 when it ends', () => {
    expect(['2026-03-29', '2026-10-25', '2026-03-28', '2024-02-29'].map(hours)).toEqual([23, 25, 24, 24]);
  });

  it('end at the last millisecond in London', () => {
    expect(endOfDay(day('2026-01-15'))).toBe('2026-01-15T23:59:59.999Z');
    expect(endOfDay(day('2026-07-15'))).toBe('2026-07-15T22:59:59.999Z');
    expect(endOfDay(day('2026-03-29'))).toBe('2026-03-29T22:59:59.999Z');
    expect(endOfDay(day('2026-10-25'))).toBe('2026-10-25T23:59:59.999Z');
    expect(startOfDay(day('2026-10-25'))).toBe('2026-10-24T23:00:00.000Z');
  });

  it('follow each other without a gap', () => {
    fc.assert(
      fc.property(fc.integer({ min: 631_152_000_000, max: 4_102_444_800_000 }), (ms) => {
        const date = dayOf(toInstant(ms));
        const next = toInstant(epochMs(endOfDay(date)) + 1);
        return epochMs(startOfDay(date)) <= ms && ms <= epochMs(endOfDay(date)) && startOfDay(dayOf(next)) === next;
      }),
      { numRuns: 60 },
    );
  });
});
