import type { FactId, OrganisationId, PlainDate } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role } from '../vocabulary/roles.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/**
 * Who may decide for a child, and what shows it (closed lists, each with its law). Accommodation under the Children Act 1989 s.20 is not
 * here: it gives a local authority no parental responsibility.
 */
export const AUTHORITY_EVIDENCE = {
  /**
   * Children Act 1989 s.2 and s.4 (birth registration, agreement, order), s.5 (guardian), s.12 (child arrangements order); Adoption and
   * Children Act 2002 s.46; a role that the NHS's validated relationships service holds.
   */
  'parental-responsibility': [
    'birth-registration',
    'parental-responsibility-agreement',
    'parental-responsibility-order',
    'guardian-appointment',
    'child-arrangements-order',
    'adoption-order',
    'nhs-validated-role',
  ],
  /** Children Act 1989 s.14A to s.14C: exercised to the exclusion of the parents' but for another special guardian's. */
  'special-guardianship': ['special-guardianship-order'],
  /** Children Act 1989 s.8 (specific issue), s.44(4)(c) (emergency protection). */
  'court-order': ['specific-issue-order', 'emergency-protection-order'],
  /** Children Act 1989 s.31 with s.33(3), s.38: the local authority shares parental responsibility. */
  'care-order': ['care-order', 'interim-care-order'],
  /** Mental Capacity Act 2005 s.16 and s.19, s.9: for somebody of 16 or more who lacks capacity. */
  'deputy-or-attorney': ['deputy-appointed', 'lasting-power-of-attorney'],
} as const;
/** One kind of authority. */
export type AuthorityKind = keyof typeof AUTHORITY_EVIDENCE;
/** One kind of evidence. */
export type AuthorityEvidence = (typeof AUTHORITY_EVIDENCE)[AuthorityKind][number];

/** `protection-<childId>`: an organisation saw what shows that somebody may decide for the child; a fact's later statement replaces its earlier. */
export interface AuthorityRecorded {
  /** Its id; the fact's, where a fact says so. */
  readonly authority: string;
  readonly kind: AuthorityKind;
  readonly evidence: AuthorityEvidence;
  /** The organisation that saw the evidence. */
  readonly organisation: OrganisationId;
  /** Who may decide: pseudonymous subject of the sign-in. Null where the source names no sign-in, and for a care order. */
  readonly person: string | null;
  /** The local authority that shares parental responsibility; only of a care order. */
  readonly holder?: OrganisationId;
  /** The authority without a sign-in that this one ties to a person: it counts only while that one does. */
  readonly ties?: string;
  readonly fact?: FactId;
  /** Who recorded it: pseudonymous subject of the sign-in; absent where a fact says so. */
  readonly by?: string;
  readonly from: PlainDate;
  /** The last day, included; null while it goes on. */
  readonly until: PlainDate | null;
}
/** `protection-<childId>`: an authority ended; what rests on it counts no longer from that day. */
export interface AuthorityEnded {
  readonly authority: string;
  /** The first day on which it does not hold. */
  readonly endedOn: PlainDate;
  /** `retracted`: it never was, or is the statement of a fact that was withdrawn or belongs to another child; leaves nothing behind. */
  readonly because: 'ended' | 'retracted';
  readonly by?: string;
}

/** What the NHS asks of a decision of one's own: all five, or it is not competent. */
export const COMPETENCE_CRITERIA = ['understands', 'retains', 'weighs', 'communicates', 'voluntary'] as const;
/**
 * `protection-<childId>`: somebody assessed whether the child may decide on these categories and purposes. Of one person the latest assessment
 * holds.
 */
export interface CompetenceAssessed {
  readonly assessment: string;
  /**
   * `gillick`: under 16, not competent unless shown (Gillick v West Norfolk [1986] AC 112); `mental-capacity`: from 16, presumed
   * until shown otherwise (Mental Capacity Act 2005 s.1 to s.3).
   */
  readonly test: 'gillick' | 'mental-capacity';
  /** The child or young person: pseudonymous subject of the sign-in. */
  readonly person: string;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly criteria: Readonly<Record<(typeof COMPETENCE_CRITERIA)[number], boolean>>;
  readonly organisation: OrganisationId;
  readonly role: Role;
  /** Who assessed: pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly on: PlainDate;
  /** The last day on which it may be relied on, included. */
  readonly until: PlainDate;
}
