import type { Purpose } from './purposes.ts';

/** The sector an organisation belongs to. */
export const SECTORS = ['education', 'health', 'social-care', 'family', 'hub'] as const;
/** One sector. */
export type Sector = (typeof SECTORS)[number];

/** Roles, and the purposes each may state at all, whatever the child. Policy release data: changed by release (design §4.6). */
export const ROLE_PURPOSES = {
  senco: ['sen-support', 'ehc-needs-assessment', 'ehc-plan-review', 'equipment-provision', 'transition', 'early-help'],
  'class-teacher': ['sen-support'],
  'educational-psychologist': ['sen-support', 'ehc-needs-assessment', 'ehc-plan-review'],
  'send-caseworker': ['sen-support', 'ehc-needs-assessment', 'ehc-plan-review', 'equipment-provision', 'transition'],
  'health-visitor': ['direct-care', 'early-help', 'sen-support', 'ehc-needs-assessment'],
  'school-nurse': ['direct-care', 'sen-support', 'ehc-needs-assessment', 'ehc-plan-review'],
  therapist: ['direct-care', 'equipment-provision', 'ehc-needs-assessment', 'ehc-plan-review'],
  paediatrician: ['direct-care', 'ehc-needs-assessment', 'ehc-plan-review'],
  'camhs-clinician': ['direct-care', 'ehc-needs-assessment', 'ehc-plan-review'],
  'designated-clinical-officer': ['ehc-needs-assessment', 'ehc-plan-review'],
  'social-worker': ['safeguarding', 'early-help', 'ehc-needs-assessment', 'ehc-plan-review', 'transition'],
  'safeguarding-lead': ['safeguarding'],
  'virtual-head': ['sen-support', 'ehc-plan-review', 'transition'],
  'equipment-store-manager': ['equipment-provision'],
  'sendiass-adviser': ['ehc-needs-assessment', 'ehc-plan-review'],
  parent: ['subject-access'],
  'young-person': ['subject-access'],
  'data-protection-officer': ['audit', 'subject-access'],
  'system-administrator': ['system-support'],
  /** Plans services from published counts; sees no child, so no other purpose is theirs. */
  'area-analyst': ['service-planning'],
  /** An organisation's own system, signed in by client credentials: submits, and asks who a child is. */
  'organisation-system': ['direct-care', 'sen-support', 'early-help', 'statutory-return', 'equipment-provision'],
} as const satisfies Record<string, readonly Purpose[]>;

/** One role of a person or system. */
export type Role = keyof typeof ROLE_PURPOSES;

/** Every role but those of a system and of who plans from counts: who may read what is kept of a child, because somebody answers for the reason. */
export const PEOPLE: readonly Role[] = (Object.keys(ROLE_PURPOSES) as Role[]).filter(
  (role) => role !== 'organisation-system' && role !== 'area-analyst',
);

/** True for an exactly spelled role. */
export function isRole(text: unknown): text is Role {
  return typeof text === 'string' && Object.hasOwn(ROLE_PURPOSES, text);
}

/** True where the role may state the purpose at all; a refusal here does not depend on a child (403 with its reason). */
export function roleMayState(role: Role, purpose: Purpose): boolean {
  return (ROLE_PURPOSES[role] as readonly Purpose[]).includes(purpose);
}
