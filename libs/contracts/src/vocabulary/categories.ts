/** How carefully a category is kept. Restricted and sealed ones show nothing of themselves in the clear (design §3.4). */
export type Sensitivity = 'standard' | 'sensitive' | 'restricted' | 'sealed';

/** The categories of fact and their sensitivity: a slice is (source organisation, category). */
export const CATEGORIES = {
  'identity.core': 'standard',
  'identity.contact': 'sensitive',
  'identity.refuge-address': 'sealed',
  'identity.adoption': 'sealed',
  voice: 'standard',
  'education.enrolment': 'standard',
  'education.attendance': 'standard',
  'education.attainment': 'standard',
  'education.sen-support': 'standard',
  'education.exclusion': 'standard',
  'ehc.process': 'standard',
  'ehc.advice': 'standard',
  'ehc.plan': 'standard',
  'ehc.sign-off': 'standard',
  'health.contact': 'sensitive',
  'health.screening': 'sensitive',
  'health.immunisation': 'sensitive',
  'health.therapy': 'sensitive',
  'health.referral': 'sensitive',
  'health.waiting': 'sensitive',
  'health.medication': 'sensitive',
  'health.individual-plan': 'sensitive',
  'health.mental': 'sensitive',
  'health.diagnosis': 'sensitive',
  'health.sexual': 'sealed',
  'equipment.custody': 'standard',
  'equipment.safety': 'standard',
  'social.early-help': 'standard',
  'social.short-breaks': 'standard',
  'social.personal-budget': 'standard',
  'social.child-in-need': 'restricted',
  'social.child-protection': 'restricted',
  'social.looked-after': 'restricted',
  'youth-justice': 'restricted',
} as const satisfies Record<string, Sensitivity>;

/** One category of fact. */
export type Category = keyof typeof CATEGORIES;
/** What stands in the clear for a restricted or sealed category. */
export type ClearCategory = Category | 'restricted';

/** True for an exactly spelled category. */
export function isCategory(text: unknown): text is Category {
  return typeof text === 'string' && Object.hasOwn(CATEGORIES, text);
}

/** The sensitivity of a category. */
export function sensitivityOf(category: Category): Sensitivity {
  return CATEGORIES[category];
}

/** True where nothing but a key id may stand in the clear. */
export function isHidden(category: Category): boolean {
  const sensitivity = sensitivityOf(category);
  return sensitivity === 'restricted' || sensitivity === 'sealed';
}
