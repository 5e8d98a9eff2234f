import type { Purpose } from './purposes.ts';

/** UK GDPR article 6(1) basis. */
export const LAWFUL_BASES = ['consent', 'legal-obligation', 'vital-interests', 'public-task'] as const;
/** UK GDPR article 9(2) condition, with its DPA 2018 schedule 1 paragraph where one is needed; `none` for data that is not special category. */
export const SPECIAL_CONDITIONS = [
  'none',
  'explicit-consent',
  'vital-interests',
  'health-or-social-care',
  'safeguarding-of-children',
  'statutory-purposes',
] as const;
/** The common-law duty of confidentiality, a separate test that must pass too. */
export const CONFIDENTIALITY_BASES = [
  'not-confidential',
  'implied-consent-direct-care',
  'explicit-consent',
  'statute',
  'overriding-public-interest',
] as const;

/** Why a fact may be in the hub: each submission states all of it, or its organisation's publication profile does (design §4.4). */
export interface SharingBasis {
  readonly lawful: (typeof LAWFUL_BASES)[number];
  readonly condition: (typeof SPECIAL_CONDITIONS)[number];
  readonly confidentiality: (typeof CONFIDENTIALITY_BASES)[number];
  readonly purposes: readonly Purpose[];
  /** The statute or regulation relied on, `Children and Families Act 2014 s.25`. */
  readonly statute?: string;
}

/** True where any of the three tests rests on consent, so that withdrawing it stops the sharing of this fact and of nothing else. */
export function reliesOnConsent(basis: SharingBasis): boolean {
  return (
    basis.lawful === 'consent' || basis.condition === 'explicit-consent' || basis.confidentiality === 'explicit-consent'
  );
}
