import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { enrolledAt, equipmentHeld, type ChildrenByValue, type CohortFact } from './standing.ts';

const plain = (found: ChildrenByValue) => Object.fromEntries([...found].map(([value, of]) => [value, [...of].sort()]));
const starts = (child: string, setting: string, startDate: string): CohortFact => ({
  type: 'education.enrolment-started.v1',
  child,
  index: { setting, startDate },
});
const ends = (child: string, setting: string, endDate: string): CohortFact => ({
  type: 'education.enrolment-ended.v1',
  child,
  index: { setting, endDate },
});

describe('on a roll', () => {
  const facts = [
    starts('a', 's1', '2025-09-01'),
    ends('a', 's1', '2026-07-17'),
    starts('a', 's2', '2026-09-01'),
    starts('b', 's1', '2026-09-01'),
    starts('b', 's1', '2026-09-02'),
  ];

  it.each([
    ['2025-08-31', {}],
    ['2025-09-01', { s1: ['a'] }],
    ['2026-07-17', { s1: ['a'] }],
    ['2026-07-18', {}],
    ['2026-09-30', { s2: ['a'], s1: ['b'] }],
  ])('on %s, whatever came first', (day, expected) => {
    fc.assert(
      fc.property(fc.shuffledSubarray(facts, { minLength: facts.length }), (shuffled) => {
        expect(plain(enrolledAt(shuffled, day))).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });
});

describe('equipment', () => {
  const issued = {
    type: 'equipment.issued.v1',
    child: 'a',
    index: { asset: 'x', kind: 'hoist', issuedOn: '2026-01-10' },
  };
  const moved = {
    type: 'equipment.transferred.v1',
    child: 'a',
    index: { asset: 'x', kind: 'hoist', transferredOn: '2026-02-10' },
  };
  const back = {
    type: 'equipment.returned.v1',
    child: 'a',
    index: { asset: 'x', kind: 'hoist', returnedOn: '2026-03-10' },
  };
  it.each([
    ['2026-01-09', {}],
    ['2026-01-10', { hoist: ['a'] }],
    ['2026-02-11', { hoist: ['a'] }],
    ['2026-03-10', {}],
  ])('is held on %s until it is back', (day, expected) => {
    for (const order of [
      [issued, moved, back],
      [back, moved, issued],
    ])
      expect(plain(equipmentHeld(order, day))).toEqual(expected);
  });
});
