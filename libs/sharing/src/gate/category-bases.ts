import type { Category, FactDefinition } from '#contracts';

/** The bases that facts of a category may rest on, and the law that says so. */
export interface CategoryBases {
  readonly lawful: FactDefinition['bases']['lawful'];
  readonly condition: FactDefinition['bases']['condition'];
  readonly confidentiality: FactDefinition['bases']['confidentiality'];
  readonly source: string;
}

/** What public bodies share under statute without special-category data, or on the family's wish. */
const ORDINARY: CategoryBases = {
  lawful: ['public-task', 'legal-obligation', 'consent'],
  condition: ['none', 'explicit-consent', 'health-or-social-care', 'statutory-purposes', 'safeguarding-of-children'],
  confidentiality: ['not-confidential', 'explicit-consent', 'statute', 'implied-consent-direct-care'],
  source: 'UK GDPR art. 6(1)(a), (c), (e); Children and Families Act 2014 s.23, s.25 to s.28',
};
/** Where a family lives and how to reach it: a duty of confidence is owed, and safety may weigh more. */
const CONTACT: CategoryBases = {
  lawful: ['public-task', 'legal-obligation', 'vital-interests', 'consent'],
  condition: [
    'explicit-consent',
    'health-or-social-care',
    'statutory-purposes',
    'safeguarding-of-children',
    'vital-interests',
  ],
  confidentiality: ['explicit-consent', 'statute', 'implied-consent-direct-care', 'overriding-public-interest'],
  source: 'UK GDPR art. 6(1), art. 9(2); common-law duty of confidentiality',
};
/** The duty of confidentiality of health applies to every fact of it. */
const HEALTH: CategoryBases = {
  lawful: ['public-task', 'legal-obligation', 'vital-interests', 'consent'],
  condition: [
    'health-or-social-care',
    'explicit-consent',
    'vital-interests',
    'safeguarding-of-children',
    'statutory-purposes',
  ],
  confidentiality: ['implied-consent-direct-care', 'explicit-consent', 'statute', 'overriding-public-interest'],
  source: 'UK GDPR art. 9(2)(a), (c), (g), (h); DPA 2018 sch. 1 para. 2; Health and Social Care Act 2012 s.251B',
};
/** Sexual health: never on implied consent, because nobody expects it to be passed on. */
const SEXUAL_HEALTH: CategoryBases = {
  ...HEALTH,
  confidentiality: ['explicit-consent', 'statute', 'overriding-public-interest'],
  source: 'Common-law duty of confidentiality; R (Axon) v Secretary of State for Health [2006] EWHC 37 (Admin)',
};
/** Help that a family asks for. */
const FAMILY_HELP: CategoryBases = {
  lawful: ['public-task', 'legal-obligation', 'consent'],
  condition: ['health-or-social-care', 'explicit-consent', 'statutory-purposes', 'safeguarding-of-children'],
  confidentiality: ['explicit-consent', 'statute', 'overriding-public-interest'],
  source: 'Children Act 1989 s.17 and sch. 2; Children Act 2004 s.10; DPA 2018 sch. 1 para. 2',
};
/** What protects a child never rests on consent: it could be refused by whoever the child is protected from. */
const SAFEGUARDING: CategoryBases = {
  lawful: ['public-task', 'legal-obligation', 'vital-interests'],
  condition: ['safeguarding-of-children', 'statutory-purposes', 'vital-interests', 'health-or-social-care'],
  confidentiality: ['statute', 'overriding-public-interest'],
  source: 'Children Act 1989 s.17, s.22, s.47; Children Act 2004 s.11; DPA 2018 sch. 1 para. 18',
};
/** Criminal offence data: under official authority or a schedule 1 condition, never on consent. */
const YOUTH_JUSTICE: CategoryBases = {
  ...SAFEGUARDING,
  source: 'UK GDPR art. 10; DPA 2018 s.10(5), sch. 1 para. 6 and 18; Crime and Disorder Act 1998 s.115',
};
/** Words of the child and family; also told by others, in their own duty. */
const VOICE: CategoryBases = {
  ...ORDINARY,
  source: 'UK GDPR art. 6(1)(a), art. 9(2)(a); Children and Families Act 2014 s.19',
};

/** DATA OF A POLICY RELEASE: for each category what its facts may rest on. A type may allow less, never more. */
export const CATEGORY_BASES: Readonly<Record<Category, CategoryBases>> = {
  'identity.core': ORDINARY,
  'identity.contact': CONTACT,
  'identity.refuge-address': SAFEGUARDING,
  'identity.adoption': {
    ...SAFEGUARDING,
    source: 'Adoption and Children Act 2002 s.57 to s.59: protected information, disclosed under that Act only',
  },
  voice: VOICE,
  'education.enrolment': ORDINARY,
  'education.attendance': ORDINARY,
  'education.attainment': ORDINARY,
  'education.sen-support': ORDINARY,
  'education.exclusion': ORDINARY,
  'ehc.process': ORDINARY,
  'ehc.advice': ORDINARY,
  'ehc.plan': ORDINARY,
  'ehc.sign-off': ORDINARY,
  'health.contact': HEALTH,
  'health.screening': HEALTH,
  'health.immunisation': HEALTH,
  'health.therapy': HEALTH,
  'health.referral': HEALTH,
  'health.waiting': HEALTH,
  'health.medication': HEALTH,
  'health.individual-plan': HEALTH,
  'health.mental': HEALTH,
  'health.diagnosis': HEALTH,
  'health.sexual': SEXUAL_HEALTH,
  'equipment.custody': ORDINARY,
  'equipment.safety': ORDINARY,
  'social.early-help': FAMILY_HELP,
  'social.short-breaks': FAMILY_HELP,
  'social.personal-budget': FAMILY_HELP,
  'social.child-in-need': SAFEGUARDING,
  'social.child-protection': SAFEGUARDING,
  'social.looked-after': SAFEGUARDING,
  'youth-justice': YOUTH_JUSTICE,
};

/** What facts of a category may rest on. */
export function basesOfCategory(category: Category): CategoryBases {
  return CATEGORY_BASES[category];
}
