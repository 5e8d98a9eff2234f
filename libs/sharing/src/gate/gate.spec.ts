import { describe, expect, it } from '@jest/globals';
import type { ChildId, Instant, PlainDate } from '#kernel';
import type { SharingBasis } from '#contracts';
import type { Protection } from '../model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../protection/index.ts';
import { gate, type AtTheGate } from './gate.ts';

const definition: NonNullable<AtTheGate['definition']> = {
  category: 'health.therapy',
  bases: {
    lawful: ['public-task', 'consent'],
    condition: ['health-or-social-care', 'explicit-consent', 'none'],
    confidentiality: ['implied-consent-direct-care', 'explicit-consent'],
  },
};
const basis: SharingBasis = {
  lawful: 'public-task',
  condition: 'health-or-social-care',
  confidentiality: 'implied-consent-direct-care',
  purposes: ['sen-support', 'ehc-plan-review'],
};
const resting: SharingBasis = { ...basis, confidentiality: 'explicit-consent' };
const at = '2026-11-24T09:00:00.000Z' as Instant;
const protection = (...changes: readonly ProtectionChange[]): Protection =>
  changes.reduce(evolveProtection, emptyProtection('c' as ChildId));
const judge = (change: Partial<AtTheGate>) =>
  gate({ definition, category: 'health.therapy', basis, protections: [], at, ...change });
const consent = (
  purpose: 'sen-support' | 'ehc-plan-review' | 'transition',
  until: string | null = null,
): ProtectionChange => ({
  type: 'consent.given.v1',
  data: {
    consent: purpose,
    categories: ['health.therapy'],
    purposes: [purpose],
    authority: 'parental-responsibility',
    until: until as PlainDate | null,
  },
});
const refusal: ProtectionChange = {
  type: 'consent.refused.v1',
  data: {
    consent: 'no',
    categories: ['health.therapy'],
    purposes: ['sen-support'],
    authority: 'parental-responsibility',
  },
};

describe('the gate', () => {
  it('publishes what states all three tests, and needs no consent where none is relied on', () => {
    expect(judge({})).toEqual({ effect: 'publish', basis, reliesOnConsent: false });
    expect(judge({ protections: [protection(refusal)] })).toMatchObject({ effect: 'publish' });
  });

  it.each([
    ['TYPE_UNKNOWN', '/type', { definition: undefined }],
    ['CATEGORY_MISMATCH', '/category', { category: 'health.sexual' }],
    ['BASIS_MISSING', '/basis', { basis: undefined }],
    [
      'BASIS_INCOMPLETE',
      '/basis/lawful',
      { basis: { condition: basis.condition, confidentiality: basis.confidentiality, purposes: basis.purposes } },
    ],
    [
      'BASIS_INCOMPLETE',
      '/basis/condition',
      { basis: { lawful: basis.lawful, confidentiality: basis.confidentiality, purposes: basis.purposes } },
    ],
    ['BASIS_INCOMPLETE', '/basis/confidentiality', { basis: { ...basis, confidentiality: 'because' as 'statute' } }],
    ['BASIS_NOT_ALLOWED', '/basis/lawful', { basis: { ...basis, lawful: 'vital-interests' } }],
    ['BASIS_NOT_ALLOWED', '/basis/confidentiality', { basis: { ...basis, confidentiality: 'statute' } }],
    ['CONDITION_MISSING', '/basis/condition', { basis: { ...basis, condition: 'none' } }],
    ['PURPOSES_MISSING', '/basis/purposes', { basis: { ...basis, purposes: [] } }],
    ['PURPOSE_UNKNOWN', '/basis/purposes/1', { basis: { ...basis, purposes: ['audit', 'curiosity' as 'audit'] } }],
  ] as const)('quarantines with %s at %s', (code, pointer, change: Partial<AtTheGate>) => {
    expect(judge(change)).toEqual({ effect: 'quarantine', reasons: [{ code, pointer }] });
  });

  it('names everything that is wrong at once', () => {
    const found = judge({ category: 'voice', basis: {} });
    expect(found.effect === 'quarantine' ? found.reasons.map(({ code }) => code) : []).toEqual([
      'CATEGORY_MISMATCH',
      'BASIS_INCOMPLETE',
      'BASIS_INCOMPLETE',
      'BASIS_INCOMPLETE',
      'PURPOSES_MISSING',
    ]);
  });

  it('lets a standard category go without a special condition', () => {
    expect(
      judge({
        definition: { ...definition, category: 'voice' },
        category: 'voice',
        basis: { ...basis, condition: 'none' },
      }).effect,
    ).toBe('publish');
  });

  it('publishes on consent in force for at least one of its purposes', () => {
    expect(judge({ basis: resting, protections: [protection(consent('ehc-plan-review'))] })).toEqual({
      effect: 'publish',
      basis: resting,
      reliesOnConsent: true,
    });
    expect(judge({ basis: resting, protections: [protection(refusal, consent('ehc-plan-review'))] }).effect).toBe(
      'publish',
    );
    expect(judge({ basis: resting, protections: [protection(consent('sen-support', '2026-11-24'))] }).effect).toBe(
      'publish',
    );
  });

  it.each([
    ['CONSENT_NOT_GIVEN', []],
    ['CONSENT_NOT_GIVEN', [protection(consent('transition'))]],
    ['CONSENT_EXPIRED', [protection(consent('sen-support', '2026-11-23'))]],
    [
      'CONSENT_WITHDRAWN',
      [protection(consent('sen-support'), { type: 'consent.withdrawn.v1', data: { consent: 'sen-support' } })],
    ],
    ['CONSENT_REFUSED', [protection(consent('sen-support')), protection(refusal)]],
  ] as const)('withholds with %s where it relies on consent', (code, protections: readonly Protection[]) => {
    expect(judge({ basis: resting, protections })).toEqual({
      effect: 'withhold',
      reasons: [{ code, pointer: '/basis' }],
    });
    expect(judge({ basis: { ...basis, lawful: 'consent' }, protections }).effect).toBe('withhold');
    expect(judge({ basis: { ...basis, condition: 'explicit-consent' }, protections }).effect).toBe('withhold');
  });
});
