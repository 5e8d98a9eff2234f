import { SAFEGUARDING } from '../bases.ts';
import type { FactDefinition } from '../definition.ts';
import { dataOf, sealedCode, sealedDay, words } from '../fields.ts';

/** CIN census categories of abuse, in words. */
const CATEGORIES_OF_ABUSE = ['neglect', 'physical', 'sexual', 'emotional', 'multiple'] as const;

export const childProtectionPlanStarted: FactDefinition = {
  type: 'social-care.child-protection-plan-started.v1',
  sector: 'social-care',
  category: 'social.child-protection',
  says: 'A child became the subject of a child protection plan (CIN census, ChildProtectionPlans). Restricted: nothing of it stands in the clear.',
  data: dataOf({
    startDate: sealedDay('first day of the plan'),
    abuseCategory: sealedCode('initial category of abuse', CATEGORIES_OF_ABUSE),
    leadProfessional: words('who leads', 200),
  }),
  example: { startDate: '2026-05-19', abuseCategory: 'neglect', leadProfessional: 'Allocated social worker' },
  happened: 'startDate',
  existence: ['leadProfessional'],
  bases: SAFEGUARDING,
};
