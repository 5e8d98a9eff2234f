import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { looksPersonal } from './personal.ts';

describe('an id that holds a number of a person', () => {
  it.each([
    '9434765870',
    'child-9434765870',
    '943 476 5870',
    '943-476-5870',
    '943.476_5870',
    'pupil:9434765870:1',
    '09434765870',
    '943476587001',
    'a009434765870b',
    'X876200118001',
    'enrol-x876200118001',
  ])('%s is refused', (id) => expect(looksPersonal(id)).toBe(true));

  it.each([
    'enrol-oak-2201',
    'rel-maya-parent',
    'issue-radio-aid-17',
    'radio-aid-0017',
    'newborn-hearing-1:https://supplierABC/identifiers|abc1111',
    'class-list:100101:1234:2026-09-03T08:00:00.000Z',
    '9434765871',
    '2026-09-03',
    '202609030815',
    '1732441234567',
    '94347658700000',
    'X876200118002',
    '',
  ])('%s is taken', (id) => expect(looksPersonal(id)).toBe(false));

  it('takes every UUID', () => {
    fc.assert(
      fc.property(fc.uuid(), (id) => !looksPersonal(id) && !looksPersonal(`urn:uuid:${id.toUpperCase()}`)),
      { numRuns: 1000 },
    );
    expect(looksPersonal('94347658-7094-4347-8943-009434765870')).toBe(false);
  });
});
