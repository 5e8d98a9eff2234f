import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PlainDate } from '#kernel';
import {
  ALL_FACTS,
  CATEGORIES,
  OBLIGATIONS,
  PURPOSES,
  ROLE_PURPOSES,
  type AgreementContent,
  type Category,
  type Role,
} from '#contracts';
import { CONTENT } from './agreement.spec-help.ts';
import { agreedAccess, agreementChanges, weakens } from './index.ts';

const some = <T>(from: readonly T[], minLength = 0) =>
  fc.subarray([...from], { minLength, maxLength: Math.min(6, from.length) });
const day = fc.constantFrom('2026-01-01', '2026-06-01', '2027-01-01') as fc.Arbitrary<PlainDate>;
const minimum = fc.constantFrom(
  ...ALL_FACTS.map(({ type, data }) => ({ [type]: Object.keys(data.properties).slice(0, 1) })),
  {},
);

/** Any version of one agreement, in order or not: what is compared need not be approved. */
const versions: fc.Arbitrary<AgreementContent> = fc
  .record({
    categories: some(Object.keys(CATEGORIES) as Category[]),
    existenceOnly: some(Object.keys(CATEGORIES) as Category[]),
    purposes: some(PURPOSES, 1),
    roles: some(Object.keys(ROLE_PURPOSES) as Role[], 1),
    obligations: some(OBLIGATIONS),
    retentionDays: fc.constantFrom(null, 30, 365),
    from: day,
    until: fc.option(day),
    minimum,
  })
  .map(({ existenceOnly, obligations, retentionDays, minimum: shown, ...scope }) => ({
    ...CONTENT,
    ...scope,
    terms: { ...CONTENT.terms, existenceOnly, obligations, retentionDays, minimum: shown },
  }));

const sorted = (list: readonly unknown[]) => list.map((each) => JSON.stringify(each)).sort();

describe('what changes between two versions', () => {
  it('is nothing between a version and itself', () => {
    fc.assert(
      fc.property(versions, (version) => {
        const { before, after, ...changes } = agreementChanges(version, structuredClone(version));
        expect(Object.values(changes).flat()).toEqual([]);
        expect(before).toEqual(after);
        expect(weakens(version, version)).toBe(false);
      }),
    );
  });

  it('is the opposite the other way round', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        const [there, back] = [agreementChanges(a, b), agreementChanges(b, a)];
        for (const [one, other] of [
          ['newly', 'noLonger'],
          ['fieldsNewly', 'fieldsNoLonger'],
          ['obligationsNewly', 'obligationsNoLonger'],
        ] as const) {
          expect(sorted(there[one])).toEqual(sorted(back[other]));
          expect(sorted(there[other])).toEqual(sorted(back[one]));
        }
        expect([there.before, there.after]).toEqual([back.after, back.before]);
      }),
    );
  });

  it('leads from what the first allows to what the second allows, and nowhere else', () => {
    fc.assert(
      fc.property(fc.option(versions, { nil: undefined }), versions, (a, b) => {
        const { newly, noLonger } = agreementChanges(a, b);
        const gone = new Set(sorted(noLonger));
        const kept = sorted(a === undefined ? [] : agreedAccess(a)).filter((each) => !gone.has(each));
        expect([...kept, ...sorted(newly)].sort()).toEqual(sorted(agreedAccess(b)));
      }),
    );
  });

  it('weakens in at least one direction unless nothing changes but the day of review', () => {
    fc.assert(
      fc.property(versions, versions, (a, b) => {
        const { before, after, ...changes } = agreementChanges(a, b);
        const same = Object.values(changes).flat().length === 0 && JSON.stringify(before) === JSON.stringify(after);
        expect(weakens(a, b) || weakens(b, a)).toBe(!same);
      }),
    );
  });

  it('never weakens by one more step in the same direction than by both', () => {
    fc.assert(
      fc.property(versions, versions, versions, (a, b, c) => {
        // Narrowing twice is narrowing.
        if (!weakens(a, b) && !weakens(b, c))
          expect(agreedAccess(c).length).toBeLessThanOrEqual(agreedAccess(a).length);
      }),
    );
  });
});
