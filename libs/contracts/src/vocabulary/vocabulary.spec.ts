import { describe, expect, it } from '@jest/globals';
import { reliesOnConsent, type SharingBasis } from './basis.ts';
import { CATEGORIES, isCategory, isHidden, sensitivityOf, type Category } from './categories.ts';
import { isPurpose, PURPOSE_OF_USE, purposeBits, PURPOSES } from './purposes.ts';
import { isRole, ROLE_PURPOSES, roleMayState, type Role } from './roles.ts';

const NEVER = ['toString', '__proto__', 'constructor', '', ' audit', 'AUDIT', null, undefined, 0, ['audit']];

describe('the vocabulary', () => {
  it('takes exact spellings only', () => {
    expect([isPurpose('audit'), isCategory('voice'), isRole('senco')]).toEqual([true, true, true]);
    for (const word of NEVER)
      expect([word, isPurpose(word), isCategory(word), isRole(word)]).toEqual([word, false, false, false]);
  });

  it('keeps the order of purposes, because it is stored', () => {
    expect(purposeBits(['direct-care'])).toBe(1);
    expect(purposeBits(['sen-support', 'safeguarding', 'sen-support'])).toBe(0b100010);
    expect(purposeBits(['system-support'])).toBe(1 << 12);
    expect(purposeBits(PURPOSES)).toBe(2 ** PURPOSES.length - 1);
    expect(Object.keys(PURPOSE_OF_USE)).toEqual([...PURPOSES]);
  });

  it('hides what is restricted or sealed and nothing else', () => {
    const hidden = (Object.keys(CATEGORIES) as Category[]).filter(isHidden);
    expect(hidden.toSorted()).toEqual([
      'health.sexual',
      'identity.adoption',
      'identity.refuge-address',
      'social.child-in-need',
      'social.child-protection',
      'social.looked-after',
      'youth-justice',
    ]);
    expect([sensitivityOf('voice'), sensitivityOf('health.screening')]).toEqual(['standard', 'sensitive']);
  });

  it('lets each role state its purposes and no other', () => {
    for (const role of Object.keys(ROLE_PURPOSES) as Role[]) {
      const stated = PURPOSES.filter((purpose) => roleMayState(role, purpose));
      expect(stated.toSorted()).toEqual([...ROLE_PURPOSES[role]].toSorted());
    }
    expect(roleMayState('senco', 'safeguarding')).toBe(false);
    expect(roleMayState('system-administrator', 'direct-care')).toBe(false);
  });

  it('knows consent in any of the three tests', () => {
    const statute: SharingBasis = {
      lawful: 'public-task',
      condition: 'health-or-social-care',
      confidentiality: 'implied-consent-direct-care',
      purposes: ['direct-care'],
    };
    expect(reliesOnConsent(statute)).toBe(false);
    expect(reliesOnConsent({ ...statute, lawful: 'consent' })).toBe(true);
    expect(reliesOnConsent({ ...statute, condition: 'explicit-consent' })).toBe(true);
    expect(reliesOnConsent({ ...statute, confidentiality: 'explicit-consent' })).toBe(true);
  });
});
