/** Why somebody looks (domain vocabulary, exact spelling; anything else is refused). Order is storage: a fact's purposes are stored as bits. */
export const PURPOSES = [
  'direct-care',
  'sen-support',
  'ehc-needs-assessment',
  'ehc-plan-review',
  'equipment-provision',
  'safeguarding',
  'transition',
  'early-help',
  'statutory-return',
  'service-planning',
  'subject-access',
  'audit',
  'system-support',
] as const;

/** One purpose of looking. */
export type Purpose = (typeof PURPOSES)[number];

/** True for an exactly spelled purpose. */
export function isPurpose(text: unknown): text is Purpose {
  return PURPOSES.includes(text as Purpose);
}

/** The HL7 v3 PurposeOfUse code a purpose is exported as (http://terminology.hl7.org/CodeSystem/v3-ActReason). */
export const PURPOSE_OF_USE: Readonly<Record<Purpose, string>> = {
  'direct-care': 'TREAT',
  'sen-support': 'CAREMGT',
  'ehc-needs-assessment': 'CAREMGT',
  'ehc-plan-review': 'CAREMGT',
  'equipment-provision': 'CAREMGT',
  safeguarding: 'CAREMGT',
  transition: 'CAREMGT',
  'early-help': 'CAREMGT',
  'statutory-return': 'HOPERAT',
  'service-planning': 'HOPERAT',
  'subject-access': 'PATRQT',
  audit: 'HSYSADMIN',
  'system-support': 'HSYSADMIN',
};

/** A set of purposes as bits, in the order of {@link PURPOSES}. */
export function purposeBits(purposes: Iterable<Purpose>): number {
  let bits = 0;
  for (const purpose of purposes) bits |= 1 << PURPOSES.indexOf(purpose);
  return bits;
}
