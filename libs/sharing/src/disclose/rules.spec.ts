import { describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import type { Purpose, Role } from '#contracts';
import type { Reader } from '../model.ts';
import { emptyProtection, evolveProtection } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import type { CompleteQuestion } from './disclose.ts';
import { consentsRule, emergencyReviewsRule, emergencyRule, existenceRule, HUB, looksRule } from './rules.ts';

const [SCHOOL, FAMILY] = ['oakfield', 'family'] as OrganisationId[] as [OrganisationId, OrganisationId];
const CHILD = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;

const registry = [SCHOOL, FAMILY].reduce(
  (folded, organisation) =>
    evolveRegistry(folded, {
      type: 'organisation.registered.v1',
      data: { organisation, name: organisation, sector: 'education', codes: {}, keys: [], profile: {} },
    }),
  emptyRegistry(),
);
const withParent = evolveProtection(emptyProtection(CHILD), {
  type: 'relationship.started.v1',
  data: {
    fact: 'f' as FactId,
    organisation: FAMILY,
    kind: 'family',
    name: 'parent',
    person: 'parent-1',
    from: '2020-01-01' as PlainDate,
  },
});

function asking(role: Role, organisation: OrganisationId, purpose: Purpose, sub = 'somebody'): CompleteQuestion {
  const reader: Reader = { sub, organisation, role, acr: '1', client: 'c' };
  return { reader, purpose, at: '2026-09-01T09:00:00.000Z' as Instant, registry, protections: [withParent] };
}

describe('who may know that a child is known', () => {
  it.each([
    ['an organisation that has told of the child', asking('senco', SCHOOL, 'sen-support'), [SCHOOL], 'permit'],
    ['an organisation that has not', asking('senco', SCHOOL, 'sen-support'), [FAMILY], 'deny'],
    ['a parent of the child', asking('parent', FAMILY, 'subject-access', 'parent-1'), [FAMILY], 'permit'],
    [
      'a parent of another child, though all families are one organisation',
      asking('parent', FAMILY, 'subject-access', 'parent-2'),
      [FAMILY],
      'deny',
    ],
    ["the area's data-protection officer", asking('data-protection-officer', HUB, 'audit'), [], 'permit'],
    ["an organisation's own officer", asking('data-protection-officer', SCHOOL, 'audit'), [], 'deny'],
    [
      'an organisation nobody registered',
      asking('senco', 'elsewhere' as OrganisationId, 'sen-support'),
      ['elsewhere' as OrganisationId],
      'deny',
    ],
  ] as const)('%s: %#', (_who, question, tellers, effect) => {
    expect(existenceRule(question, [...tellers]).effect).toBe(effect);
  });
});

describe('who sees looks and consents', () => {
  it('the family of the child, for its own purpose', () => {
    const parent = asking('parent', FAMILY, 'subject-access', 'parent-1');
    expect([looksRule(parent), consentsRule(parent)]).toMatchObject([
      { scope: { of: 'family' } },
      { effect: 'permit' },
    ]);
    const other = asking('parent', FAMILY, 'subject-access', 'parent-2');
    expect([looksRule(other).effect, consentsRule(other).effect]).toEqual(['deny', 'deny']);
  });

  it("officers: the area's everything, an organisation's its own, and nobody else", () => {
    expect(looksRule(asking('data-protection-officer', HUB, 'audit'))).toMatchObject({ scope: { of: 'everybody' } });
    expect(looksRule(asking('data-protection-officer', SCHOOL, 'audit'))).toMatchObject({
      scope: { of: 'organisation', organisation: SCHOOL },
    });
    expect(looksRule(asking('data-protection-officer', HUB, 'subject-access')).effect).toBe('deny');
    expect(looksRule(asking('senco', SCHOOL, 'sen-support')).effect).toBe('deny');
  });
});

describe('emergency access', () => {
  it('is to any child but one’s own, in whatever role', () => {
    expect(emergencyRule(asking('social-worker', SCHOOL, 'safeguarding')).effect).toBe('permit');
    expect(emergencyRule(asking('social-worker', SCHOOL, 'safeguarding', 'parent-1'))).toEqual({
      effect: 'deny',
      reasons: ['own-family'],
    });
  });

  const officer = 'data-protection-officer';
  it.each([
    ['the area’s officer', asking(officer, HUB, 'audit'), [], 'permit'],
    ['the officer of the user’s organisation', asking(officer, SCHOOL, 'audit'), [], 'permit'],
    ['the officer of one that has told of the child', asking(officer, FAMILY, 'audit'), [FAMILY], 'permit'],
    ['the officer of another', asking(officer, FAMILY, 'audit'), [], 'deny'],
    ['the officer of one that is not registered', asking(officer, 'gone' as OrganisationId, 'audit'), ['gone'], 'deny'],
    ['an officer for another purpose', asking(officer, HUB, 'subject-access'), [], 'deny'],
    ['a colleague', asking('senco', SCHOOL, 'sen-support'), [SCHOOL], 'deny'],
  ])('is reviewed: %s', (_who, question, tellers, effect) => {
    const concern = { organisation: SCHOOL, tellers: tellers as OrganisationId[] };
    expect(emergencyReviewsRule(question, concern).effect).toBe(effect);
  });
});
