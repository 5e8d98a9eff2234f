import { describe, expect, it } from '@jest/globals';
import type { Instant } from '#kernel';
import { ALL_FACTS, CATEGORIES, isHidden, reliesOnConsent, type Category, type SharingBasis } from '#contracts';
import { CATEGORY_BASES } from './category-bases.ts';
import { gate } from './gate.ts';

const categories = Object.keys(CATEGORIES) as Category[];
const TESTS = ['lawful', 'condition', 'confidentiality'] as const;
const at = '2026-11-24T09:00:00.000Z' as Instant;
/** A type of this category that would carry anything: only the category stands in the way. */
const anything = (category: Category) => ({
  category,
  bases: {
    lawful: ['consent', 'legal-obligation', 'vital-interests', 'public-task'] as const,
    condition: [
      'none',
      'explicit-consent',
      'health-or-social-care',
      'safeguarding-of-children',
      'statutory-purposes',
    ] as const,
    confidentiality: ['not-confidential', 'implied-consent-direct-care', 'explicit-consent', 'statute'] as const,
  },
});
const basis: SharingBasis = {
  lawful: 'public-task',
  condition: 'health-or-social-care',
  confidentiality: 'statute',
  purposes: ['safeguarding'],
};
const judged = (category: Category, change: Partial<SharingBasis>) => {
  const definition = anything(category);
  const found = gate({ definition, category, basis: { ...basis, ...change }, protections: [], at });
  return found.effect === 'quarantine'
    ? found.reasons.map(({ code, pointer }) => `${code} ${pointer ?? ''}`)
    : found.effect;
};

describe('what facts of a category may rest on', () => {
  it('is said for every category, with its law', () => {
    expect(Object.keys(CATEGORY_BASES).toSorted()).toEqual(categories.toSorted());
    for (const category of categories) expect(CATEGORY_BASES[category].source).toMatch(/\d{4}|art\. \d/);
  });

  it.each(ALL_FACTS.map((fact) => [fact.type, fact] as const))('lets %s be published on something', (_type, fact) => {
    for (const test of TESTS) {
      const allowed: readonly string[] = CATEGORY_BASES[fact.category][test];
      expect([test, fact.bases[test].filter((each) => allowed.includes(each))]).not.toEqual([test, []]);
    }
  });

  it('is never consent for what protects a child: it could be refused by whoever the child is protected from', () => {
    const hidden = categories.filter((category) => isHidden(category) && category !== 'health.sexual');
    expect(hidden).toHaveLength(6);
    for (const category of hidden) {
      expect(judged(category, {})).toBe('publish');
      for (const change of [
        { lawful: 'consent' },
        { condition: 'explicit-consent' },
        { confidentiality: 'explicit-consent' },
      ] as const) {
        expect(reliesOnConsent({ ...basis, ...change })).toBe(true);
        expect(judged(category, change)).toEqual([expect.stringMatching(/_NOT_OF_CATEGORY \/basis\//)]);
      }
    }
  });

  it.each<[Category, Partial<SharingBasis>, string | string[]]>([
    ['health.therapy', { confidentiality: 'implied-consent-direct-care' }, 'publish'],
    [
      'health.sexual',
      { confidentiality: 'implied-consent-direct-care' },
      ['CONFIDENTIALITY_NOT_OF_CATEGORY /basis/confidentiality'],
    ],
    [
      'health.mental',
      { confidentiality: 'not-confidential' },
      ['CONFIDENTIALITY_NOT_OF_CATEGORY /basis/confidentiality'],
    ],
    ['health.mental', { condition: 'none' }, ['CONDITION_MISSING /basis/condition']],
    ['education.attendance', { condition: 'none', confidentiality: 'not-confidential' }, 'publish'],
    ['education.attendance', { lawful: 'vital-interests' }, ['LAWFUL_BASIS_NOT_OF_CATEGORY /basis/lawful']],
    ['social.short-breaks', { condition: 'none' }, ['CONDITION_NOT_OF_CATEGORY /basis/condition']],
    [
      'youth-justice',
      { lawful: 'consent', condition: 'explicit-consent' },
      ['LAWFUL_BASIS_NOT_OF_CATEGORY /basis/lawful', 'CONDITION_NOT_OF_CATEGORY /basis/condition'],
    ],
  ])('%s with %j: %s', (category, change, expected) => {
    expect(judged(category, change)).toEqual(expected);
  });
});
