import type { BREAK_GLASS_REASONS, Purpose, Role } from '#contracts';

/** POLICY RELEASE 2026.1: who may break glass and within what limits, as data with reasons; changed by release. */

/** Who may open an emergency access, and for which purposes: those who act on a child's life or safety themselves, at once. */
export const BREAK_GLASS_ROLES: Partial<Record<Role, readonly Purpose[]>> = {
  'health-visitor': ['direct-care'],
  'school-nurse': ['direct-care'],
  therapist: ['direct-care'],
  paediatrician: ['direct-care'],
  'camhs-clinician': ['direct-care'],
  'social-worker': ['safeguarding'],
  'safeguarding-lead': ['safeguarding'],
};

/** What each reason of the closed list means, for a page and for whoever reviews. */
export const BREAK_GLASS_REASON_WORDS: Readonly<Record<(typeof BREAK_GLASS_REASONS)[number], string>> = {
  'risk-of-serious-harm': 'The child or somebody near is at risk of serious harm now.',
  'medical-emergency': 'The child needs treatment now and what is known may change it.',
  'child-missing': 'The child is missing.',
  'court-or-police-request': 'A court or the police asked, and it cannot wait for an agreement.',
};

/** One limit: its value, and why it is that. */
interface Limit {
  readonly value: number;
  readonly because: string;
}

/** The limits of emergency access. */
export const BREAK_GLASS_LIMITS = {
  minutesUnlessAsked: {
    value: 30,
    because: 'Long enough to read one record and act; most of what is asked needs less.',
  },
  minutesAtMost: {
    value: 60,
    because: 'Whoever still needs to look after an hour has time to be given a relationship.',
  },
  wordsAtLeast: {
    value: 20,
    because: 'A sentence, not "emergency": it is what the reviewer starts from (in characters).',
  },
  wordsAtMost: { value: 1000, because: 'What belongs in the case record belongs there (in characters).' },
  startsInADay: {
    value: 5,
    because:
      'In 24 hours, children not found included: more is a duty rota, which has relationships of its own, or somebody trying numbers.',
  },
  signInSeconds: { value: 300, because: 'The one who signed in is still the one at the keyboard.' },
  hoursToExplain: { value: 24, because: 'By the next shift, while it is remembered.' },
  daysToReview: {
    value: 7,
    because:
      'The audit trail of looks around it is fresh, and a breach must be reported within 72 hours of being known.',
  },
} as const satisfies Readonly<Record<string, Limit>>;

/** True where somebody of this role may open an emergency access for this purpose. */
export function mayBreakGlass(role: Role, purpose: Purpose): boolean {
  return BREAK_GLASS_ROLES[role]?.includes(purpose) ?? false;
}
