import type { CONFIDENTIALITY_BASES, LAWFUL_BASES, SPECIAL_CONDITIONS } from './basis.ts';
import type { Category } from './categories.ts';
import type { Obligation } from './obligations.ts';
import type { Purpose } from './purposes.ts';
import type { Role } from './roles.ts';

/** The vocabulary as a parent reads it: plain words in the middle of a sentence, no codes. */

/** People of a role, in the plural. */
export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  senco: 'special needs coordinators (SENCOs)',
  'class-teacher': 'class teachers',
  'educational-psychologist': 'educational psychologists',
  'send-caseworker': 'special needs caseworkers',
  'health-visitor': 'health visitors',
  'school-nurse': 'school nurses',
  therapist: 'therapists',
  paediatrician: 'children’s doctors',
  'camhs-clinician': 'mental health clinicians',
  'designated-clinical-officer': 'the designated clinical officer',
  'social-worker': 'social workers',
  'safeguarding-lead': 'safeguarding leads',
  'virtual-head': 'the head teacher for children in care',
  'equipment-store-manager': 'equipment store managers',
  'sendiass-adviser': 'family advisers (SENDIASS)',
  parent: 'parents and carers',
  'young-person': 'the young person',
  'data-protection-officer': 'data protection officers',
  'system-administrator': 'system administrators',
  'area-analyst': 'people who plan services',
  'organisation-system': 'the computer system of the organisation',
};

/** Why somebody looks, after "to" or "because". */
export const PURPOSE_WORDS: Readonly<Record<Purpose, string>> = {
  'direct-care': 'to care for the child’s health',
  'sen-support': 'to support the child’s learning',
  'ehc-needs-assessment': 'to find out if the child needs an education, health and care plan',
  'ehc-plan-review': 'to review the child’s education, health and care plan',
  'equipment-provision': 'to give the child the right equipment',
  safeguarding: 'to keep the child safe',
  transition: 'to plan a move to a new school or service',
  'early-help': 'to help the family early',
  'statutory-return': 'to send the figures that the law asks for',
  'service-planning': 'to plan services, in figures without names',
  'subject-access': 'to read what is kept about yourself or your child',
  audit: 'to check that the rules are kept',
  'system-support': 'to keep the system running',
};

/** What a category holds. */
export const CATEGORY_WORDS: Readonly<Record<Category, string>> = {
  'identity.core': 'name, date of birth and who works with the child',
  'identity.contact': 'address and phone numbers',
  'identity.refuge-address': 'a protected address',
  'identity.adoption': 'adoption',
  voice: 'what the child and family say about themselves',
  'education.enrolment': 'which school or nursery the child goes to',
  'education.attendance': 'days at school and days missed',
  'education.attainment': 'school results',
  'education.sen-support': 'extra support at school',
  'education.exclusion': 'suspensions and exclusions',
  'ehc.process': 'steps towards an education, health and care plan',
  'ehc.advice': 'advice for an education, health and care plan',
  'ehc.plan': 'the education, health and care plan',
  'ehc.sign-off': 'who agreed the education, health and care plan',
  'health.contact': 'visits to and from health services',
  'health.screening': 'results of health checks, like hearing tests',
  'health.immunisation': 'vaccinations',
  'health.therapy': 'therapy, like speech and language',
  'health.referral': 'referrals to health services',
  'health.waiting': 'waiting times for health services',
  'health.medication': 'medicines',
  'health.individual-plan': 'the health care plan for school',
  'health.mental': 'mental health',
  'health.diagnosis': 'diagnoses',
  'health.sexual': 'sexual health',
  'equipment.custody': 'where the child’s equipment is',
  'equipment.safety': 'safety checks of the child’s equipment',
  'social.early-help': 'early help for the family',
  'social.short-breaks': 'short breaks',
  'social.personal-budget': 'personal budgets',
  'social.child-in-need': 'a child in need plan',
  'social.child-protection': 'a child protection plan',
  'social.looked-after': 'being looked after by the council',
  'youth-justice': 'youth justice',
};

/** What an agreement asks of the hub, as a sentence. */
export const OBLIGATION_WORDS: Readonly<Record<Obligation, string>> = {
  'redact-free-text': 'Notes in free words are left out.',
  'tell-family': 'The family is told when somebody looks.',
  'tell-source': 'The organisation whose records were seen is told.',
  'alert-dpo': 'The area’s data protection officer is told each time.',
};

/** UK GDPR article 6 in a sentence. */
export const LAWFUL_WORDS: Readonly<Record<(typeof LAWFUL_BASES)[number], string>> = {
  consent: 'The family agreed to it.',
  'legal-obligation': 'The law says that it must be shared.',
  'vital-interests': 'It may save a life.',
  'public-task': 'It is part of the public duty of these organisations.',
};

/** UK GDPR article 9 in a sentence. */
export const CONDITION_WORDS: Readonly<Record<(typeof SPECIAL_CONDITIONS)[number], string | null>> = {
  none: null,
  'explicit-consent': 'The family agreed in clear words to the sharing of private details.',
  'vital-interests': 'Private details may be shared to save a life.',
  'health-or-social-care': 'Private details may be shared to give health or social care.',
  'safeguarding-of-children': 'Private details may be shared to keep children safe.',
  'statutory-purposes': 'Private details may be shared because a law gives these organisations the task.',
};

/** The common-law duty of confidentiality in a sentence. */
export const CONFIDENTIALITY_WORDS: Readonly<Record<(typeof CONFIDENTIALITY_BASES)[number], string | null>> = {
  'not-confidential': null,
  'implied-consent-direct-care': 'People expect those who care for a child to know what was told in confidence.',
  'explicit-consent': 'What was told in confidence is shared because the family agreed.',
  statute: 'A law allows what was told in confidence to be shared.',
  'overriding-public-interest': 'What was told in confidence is shared where a child would be harmed without it.',
};
