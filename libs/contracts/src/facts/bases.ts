import type { FactDefinition } from './definition.ts';

/** Sets of bases that types of fact may carry. */
type Bases = FactDefinition['bases'];

/** What public bodies share under statute, without special-category data: schooling, relationships, equipment. */
export const ORDINARY: Bases = {
  lawful: ['public-task', 'legal-obligation', 'consent'],
  condition: ['none', 'explicit-consent', 'health-or-social-care', 'statutory-purposes', 'safeguarding-of-children'],
  confidentiality: ['not-confidential', 'explicit-consent', 'statute', 'implied-consent-direct-care'],
};

/** Health information (UK GDPR art. 9(2)(h), (a), (c), (g)); the common-law duty always applies. */
export const HEALTH: Bases = {
  lawful: ['public-task', 'legal-obligation', 'vital-interests', 'consent'],
  condition: [
    'health-or-social-care',
    'explicit-consent',
    'vital-interests',
    'safeguarding-of-children',
    'statutory-purposes',
  ],
  confidentiality: ['implied-consent-direct-care', 'explicit-consent', 'statute', 'overriding-public-interest'],
};

/** Support by children's social care. */
export const SOCIAL_CARE: Bases = {
  lawful: ['public-task', 'legal-obligation', 'consent'],
  condition: ['health-or-social-care', 'explicit-consent', 'statutory-purposes', 'safeguarding-of-children'],
  confidentiality: ['explicit-consent', 'statute', 'overriding-public-interest'],
};

/** Safeguarding never rests on consent (Children Act 1989 s.47; DPA 2018 sch. 1 para. 18). */
export const SAFEGUARDING: Bases = {
  lawful: ['public-task', 'legal-obligation', 'vital-interests'],
  condition: ['safeguarding-of-children', 'statutory-purposes', 'vital-interests'],
  confidentiality: ['statute', 'overriding-public-interest'],
};

/** The family's own words are shared because the family wants it. */
export const FAMILY_WORDS: Bases = {
  lawful: ['consent', 'public-task'],
  condition: ['explicit-consent', 'health-or-social-care'],
  confidentiality: ['explicit-consent'],
};
