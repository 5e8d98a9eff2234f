import { describe, expect, it } from '@jest/globals';
import type { OrganisationId, PlainDate } from '#kernel';
import {
  CATEGORIES,
  CONFIDENTIALITY_BASES,
  isHidden,
  LAWFUL_BASES,
  OBLIGATIONS,
  PURPOSES,
  ROLE_PURPOSES,
  SPECIAL_CONDITIONS,
  type AgreementContent,
  type Category,
  type Role,
} from '#contracts';
import { CONTENT } from './agreement.spec-help.ts';
import { agreementChanges, agreementInWords, changesInWords, type WordedSection } from './index.ts';

const NAMES: Readonly<Record<string, string>> = { trust: 'Bridgewater Health', school: 'Oakfield Primary School' };
const nameOf = (id: OrganisationId) => NAMES[id] ?? '';
const names = { source: nameOf(CONTENT.source), recipient: nameOf(CONTENT.recipient) };

/** Everything that can be agreed at once: every word of the vocabulary comes up. */
const EVERYTHING: AgreementContent = {
  ...CONTENT,
  categories: (Object.keys(CATEGORIES) as Category[]).filter((category) => !isHidden(category)),
  purposes: PURPOSES,
  roles: Object.keys(ROLE_PURPOSES) as Role[],
  until: '2028-02-29' as PlainDate,
  terms: {
    bases: {
      lawful: LAWFUL_BASES,
      condition: SPECIAL_CONDITIONS,
      schedule1: 'Part 1 paragraph 2; Part 2 paragraph 18',
      confidentiality: CONFIDENTIALITY_BASES,
    },
    obligations: OBLIGATIONS,
    existenceOnly: (Object.keys(CATEGORIES) as Category[]).filter(isHidden),
    minimum: { 'health.newborn-hearing-outcome.v1': ['screenedOn', 'outcome'] },
    retentionDays: 1,
    reviewBy: '2027-01-01' as PlainDate,
  },
};
const lines = (sections: readonly WordedSection[]) =>
  sections.flatMap(({ heading, sentences, list }) => [heading, ...sentences, ...list]);
const CODES = [
  ...Object.keys(CATEGORIES),
  ...PURPOSES,
  ...Object.keys(ROLE_PURPOSES),
  ...OBLIGATIONS,
  ...LAWFUL_BASES,
  ...SPECIAL_CONDITIONS,
  ...CONFIDENTIALITY_BASES,
].filter((code) => /[.-]/.test(code));

describe('an agreement in words', () => {
  it('says who, what, why, since when and how long', () => {
    const text = lines(agreementInWords(CONTENT, nameOf)).join('\n');
    for (const said of [
      'between Bridgewater Health and Oakfield Primary School',
      'special needs coordinators (SENCOs)',
      'therapy, like speech and language',
      'to support the child’s learning',
      'It starts on 1 January 2026 and has no end date.',
      'They are told only that there is a record about:',
      'mental health',
      'day of the screening; the outcome in words',
      'The family is told when somebody looks.',
      'for 365 days',
      'by 1 January 2027',
    ])
      expect(text).toContain(said);
  });

  it.each([
    ['one agreement', CONTENT],
    ['everything that can be agreed', EVERYTHING],
  ])('is readable: %s', (_what, content) => {
    const all = lines(agreementInWords(content, nameOf));
    const words = all.map((line) => line.split(/\s+/).length);
    expect(Math.max(...words)).toBeLessThanOrEqual(20);
    expect(words.reduce((sum, count) => sum + count, 0) / words.length).toBeLessThan(12);
    const text = all.join('\n');
    expect(text.replace(/[^\p{Letter}]/gu, '').length / text.split(/\s+/).length).toBeLessThan(6);
    // Codes and days are for machines.
    expect(CODES.filter((code) => text.includes(code))).toEqual([]);
    expect(text).not.toMatch(/\d{4}-\d{2}|undefined|null|\bv\d/);
  });

  it('does not say what the rules refuse anyway', () => {
    const content: AgreementContent = {
      ...EVERYTHING,
      categories: ['social.child-protection'],
      roles: ['senco', 'social-worker'],
      terms: { ...EVERYTHING.terms, existenceOnly: [], minimum: {} },
    };
    const text = lines(agreementInWords(content, nameOf)).join('\n');
    expect(text).toContain('social workers');
    expect(text).not.toContain('SENCO');
  });
});

describe('changes in words', () => {
  const changed = (change: Partial<AgreementContent>) =>
    changesInWords(agreementChanges(CONTENT, { ...CONTENT, ...change }), names);
  const { terms } = CONTENT;

  it('name who may newly see what, and who no longer', () => {
    expect(changed({ roles: ['class-teacher'] })).toEqual([
      'Class teachers at Oakfield Primary School may newly read records of Bridgewater Health about therapy, like speech and language and results of health checks, like hearing tests, to support the child’s learning.',
      'Class teachers at Oakfield Primary School may newly know that there are records of Bridgewater Health about mental health, to support the child’s learning.',
      'Special needs coordinators (SENCOs) at Oakfield Primary School may no longer read records of Bridgewater Health about therapy, like speech and language and results of health checks, like hearing tests, to support the child’s learning or to review the child’s education, health and care plan.',
      'Special needs coordinators (SENCOs) at Oakfield Primary School may no longer know that there are records of Bridgewater Health about mental health, to support the child’s learning or to review the child’s education, health and care plan.',
    ]);
  });

  it.each([
    ['an end', { until: '2027-12-31' as PlainDate }, 'It holds until 31 December 2027, not without an end.'],
    ['a start', { from: '2026-02-01' as PlainDate }, 'It starts on 1 February 2026, not on 1 January 2026.'],
    [
      'keeping',
      { terms: { ...terms, retentionDays: null } },
      'What was seen may be kept as long as its own record, not for 365 days.',
    ],
    [
      'a review',
      { terms: { ...terms, reviewBy: '2028-01-01' as PlainDate } },
      'It is looked at again by 1 January 2028, not by 1 January 2027.',
    ],
    [
      'a promise less',
      { terms: { ...terms, obligations: [] } },
      'No longer promised: The family is told when somebody looks.',
    ],
    [
      'a field more',
      { terms: { ...terms, minimum: {} } },
      'Of results of health checks, like hearing tests, SNOMED CT code of the outcome is newly shown.',
    ],
  ])('name %s', (_what, change, sentence) => {
    expect(changed(change)).toEqual([sentence]);
  });

  it('say that nothing changes where nothing does, and everything where nothing was agreed', () => {
    expect(changed({})).toEqual(['Nothing changes.']);
    expect(changesInWords(agreementChanges(undefined, CONTENT), names)).toHaveLength(3);
  });
});
