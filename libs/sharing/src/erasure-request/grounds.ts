/** The grounds of UK GDPR art. 17(1) by their letter, in words; data that a person reviews. */
export const ARTICLE_17_GROUNDS = {
  a: 'no longer necessary for the purposes it was collected for',
  b: 'consent was withdrawn and there is no other basis',
  c: 'an objection under art. 21 was upheld',
  d: 'it was processed unlawfully',
  e: 'a legal obligation demands erasure',
  f: 'collected to offer an online service to a child',
} as const;
/** One letter of art. 17(1). */
export type Article17Ground = keyof typeof ARTICLE_17_GROUNDS;

/** Why a request for erasure may be refused, with the provision; recorded with every refusal. */
export const ERASURE_EXEMPTIONS = {
  'no-ground': 'UK GDPR art. 17(1): none of its grounds applies',
  'freedom-of-expression': 'UK GDPR art. 17(3)(a)',
  'public-task': 'UK GDPR art. 17(3)(b): a legal obligation, a task in the public interest or official authority',
  'public-health': 'UK GDPR art. 17(3)(c): art. 9(2)(h) and (i)',
  'archiving-or-research': 'UK GDPR art. 17(3)(d)',
  'legal-claims': 'UK GDPR art. 17(3)(e): establishing, exercising or defending legal claims',
  'manifestly-unfounded': 'UK GDPR art. 12(5)',
  'identity-not-shown': 'UK GDPR art. 12(6)',
} as const;
/** One reason for refusing. */
export type ErasureExemption = keyof typeof ERASURE_EXEMPTIONS;

/** Who asks for erasure, or orders it. */
export const REQUESTERS = [
  'parent',
  'young-person',
  'representative',
  'organisation',
  'court',
  'retention-schedule',
] as const;
/** One kind of requester. */
export type Requester = (typeof REQUESTERS)[number];

/** How somebody made sure who asks (UK GDPR art. 12(6)). */
export const IDENTITY_CHECKS = [
  'signed-in-with-relationship',
  'photo-identity-seen',
  'known-to-organisation',
  'authority-of-representative-seen',
  'sealed-order-seen',
  'not-needed',
] as const;
/** One way of checking. */
export type IdentityCheck = (typeof IDENTITY_CHECKS)[number];
