import type { RetentionPeriod, RetentionRule } from './rule.ts';

/*
 * THE RETENTION SCHEDULE, as data: a data-protection officer reads and amends it here. Each category has the periods of the organisation that
 * told (`source`, the longest that applies holds) and that of the hub's copy (`hub`), which ends earlier wherever the source's end comes first.
 */

/* Known from summaries only (the Medical Defence Union’s of the Code of 2021), which agree; the table of the Code itself was not read. */
const HEALTH = 'NHS England, Records Management Code of Practice 2021 (updated 2023), app. II, children’s records';
const MENTAL = 'NHS England, Records Management Code of Practice 2021 (updated 2023), app. II, mental health records';
/* In the Code of 2006 (part 2, annex D1), for all records of children; not confirmed in that of 2021. */
const HEALTH_DEATH = 'Department of Health, Records Management: NHS Code of Practice 2006, part 2, annex D1';
/* Not law: what the Toolkit recommends, and why. */
const IRMS = 'Limitation Act 1980 s.2 and s.28 (age 18 + 6 years); IRMS Information Management Toolkit for Schools';
const EHCP =
  'Children and Families Act 2014 s.46 (to age 25) + Limitation Act 1980 s.2 (6 years); IRMS Toolkit for Schools';

const birth = (years: number, source: string, status: RetentionPeriod['status']): RetentionPeriod => ({
  from: 'birth',
  years,
  source,
  status,
});

/** The hub's own: it shares, it is not the record. Six years after anybody last had to do with the child there is nothing left to share. */
const HUB: RetentionPeriod = {
  from: 'last-contact',
  years: 6,
  source: 'UK GDPR art. 5(1)(e); Limitation Act 1980 s.2; area policy',
  status: 'local',
};
const PUPIL = [birth(25, IRMS, 'local')];
const SEND = [birth(31, EHCP, 'local')];
const CHILD_HEALTH: readonly RetentionPeriod[] = [
  birth(25, HEALTH, 'local'),
  { from: 'birth', years: 26, when: 'last-seen-at-17', source: HEALTH, status: 'local' },
  { from: 'death', years: 8, when: 'died', source: HEALTH_DEATH, status: 'local' },
];
const MENTAL_HEALTH: readonly RetentionPeriod[] = [
  birth(25, HEALTH, 'local'),
  { from: 'last-contact', years: 20, source: MENTAL, status: 'local' },
  { from: 'death', years: 10, when: 'died', source: MENTAL, status: 'local' },
];
/* Regulation 64 of the Welsh regulations (SI 2015/1818) was read and says the same in the same words; that of England was not. */
const REG_50 = 'Care Planning, Placement and Case Review (England) Regulations 2010 (SI 2010/959) reg. 50';
const LOOKED_AFTER: readonly RetentionPeriod[] = [
  birth(75, REG_50, 'local'),
  { from: 'death', years: 15, when: 'died-before-18', source: REG_50, status: 'local' },
];
const SOCIAL_CARE: readonly RetentionPeriod[] = [
  birth(25, 'Limitation Act 1980 s.2 and s.28; local authority schedule', 'local'),
  { from: 'birth', years: 75, when: 'looked-after', source: REG_50, status: 'local' },
];
const CHILD_PROTECTION: readonly RetentionPeriod[] = [
  birth(75, 'IICSA final report (2022) recommendation 17; local authority schedule', 'local'),
];

const rule = (category: string, source: readonly RetentionPeriod[], hub: RetentionPeriod = HUB): RetentionRule => ({
  category,
  source,
  hub,
});

/** Version of the schedule: named by every due list and disposal. */
export const RETENTION_RELEASE = '2026.2';

/** One rule a category of fact, every category with one. */
export const RETENTION_SCHEDULE: readonly RetentionRule[] = [
  rule('identity.core', SEND),
  rule('identity.contact', SEND),
  rule('identity.refuge-address', SOCIAL_CARE),
  rule('identity.adoption', [
    {
      from: 'adoption-order',
      years: 100,
      // At least, for adoptions from 30 December 2005: so a minister’s answer in Parliament; the regulation itself was not read.
      source: 'Disclosure of Adoption Information (Post-Commencement Adoptions) Regulations 2005 (SI 2005/888) reg. 6',
      status: 'local',
    },
  ]),
  rule('voice', SEND),
  rule('education.enrolment', PUPIL),
  rule('education.attendance', [
    {
      from: 'last-contact',
      years: 6,
      // Every entry for at least six years: counted from the last contact, none ends early.
      source: 'School Attendance (Pupil Registration) (England) Regulations 2024 (SI 2024/208) reg. 7',
      status: 'certain',
    },
  ]),
  rule('education.attainment', PUPIL),
  rule('education.sen-support', SEND),
  rule('education.exclusion', PUPIL),
  rule('ehc.process', SEND),
  rule('ehc.advice', SEND),
  rule('ehc.plan', SEND),
  rule('ehc.sign-off', SEND),
  rule('health.contact', CHILD_HEALTH),
  rule('health.screening', CHILD_HEALTH),
  rule('health.immunisation', CHILD_HEALTH),
  rule('health.therapy', CHILD_HEALTH),
  rule('health.referral', CHILD_HEALTH),
  rule('health.waiting', CHILD_HEALTH),
  rule('health.medication', CHILD_HEALTH),
  rule('health.individual-plan', CHILD_HEALTH),
  rule('health.mental', MENTAL_HEALTH),
  rule('health.diagnosis', CHILD_HEALTH),
  rule('health.sexual', CHILD_HEALTH),
  rule('equipment.custody', CHILD_HEALTH),
  rule('equipment.safety', CHILD_HEALTH),
  rule('social.early-help', SOCIAL_CARE),
  rule('social.short-breaks', SOCIAL_CARE),
  rule('social.personal-budget', SOCIAL_CARE),
  rule('social.child-in-need', SOCIAL_CARE),
  rule('social.child-protection', CHILD_PROTECTION),
  rule('social.looked-after', LOOKED_AFTER),
  rule('youth-justice', SOCIAL_CARE),
];
