import type { FactId, Instant, OrganisationId, PlainDate } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role } from '../vocabulary/roles.ts';
import type { AuthorityEnded, AuthorityRecorded, CompetenceAssessed } from './authority-events.ts';
import type { ObjectionDecided, ObjectionMade } from './objection-events.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** `protection-<childId>`: a person with authority let consent-based sharing happen. */
export interface ConsentGiven {
  readonly consent: string;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly authority: 'parental-responsibility' | 'gillick-competent-child' | 'young-person-16' | 'court-order';
  readonly until: PlainDate | null;
  /** Who said so: pseudonymous subject of the sign-in. */
  readonly by?: string;
  /** The organisation whose word it is: of a court's order as it was recorded, or of the local authority under a care order. */
  readonly organisation?: OrganisationId;
}
/** `protection-<childId>`: withdrawn; stops consent-based sharing at once and nothing else. */
export interface ConsentWithdrawn {
  readonly consent: string;
  /** Who withdrew: pseudonymous subject of the sign-in. */
  readonly by?: string;
  /** For which organisation, where one spoke. */
  readonly organisation?: OrganisationId;
  /** The order that said so was discharged or varied: the only way in which what a court said ends. */
  readonly because?: 'order-ended';
}
/** `protection-<childId>`: refused or objected to; holds over any consent given for the same until withdrawn by its id. */
export interface ConsentRefused {
  readonly consent: string;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly authority: ConsentGiven['authority'];
  /** Who said so: pseudonymous subject of the sign-in. */
  readonly by?: string;
  /** The organisation whose word it is: of a court's order as it was recorded, or of the local authority under a care order. */
  readonly organisation?: OrganisationId;
}
/** Why a professional may work with a child. */
export type RelationshipKind = 'on-roll' | 'caseload' | 'referral' | 'allocation' | 'named-on-plan' | 'family';
/** `protection-<childId>`: a legitimate relationship began, or its statement was corrected (same `fact`, later replaces). */
export interface RelationshipStarted {
  /** The fact that says so. */
  readonly fact: FactId;
  readonly organisation: OrganisationId;
  readonly kind: RelationshipKind;
  /** Names one of several relationships of a kind, `setting:100123`; an end names the same. */
  readonly name: string;
  /** Only this team, where given. */
  readonly team?: string;
  /** Only this person (pseudonymous subject of the sign-in), where given. */
  readonly person?: string;
  readonly from: PlainDate;
}
/** `protection-<childId>`: ended; the last day is included. May arrive before its start. */
export interface RelationshipEnded {
  readonly fact: FactId;
  readonly organisation: OrganisationId;
  readonly kind: RelationshipKind;
  readonly name: string;
  readonly until: PlainDate;
}
/** `protection-<childId>`: the fact that started or ended a relationship was withdrawn. */
export interface RelationshipRetracted {
  readonly fact: FactId;
}

/** Why somebody claims to work with a child before any system says so. */
export const CLAIM_REASONS = [
  'new-referral',
  'urgent-contact',
  'covering-for-colleague',
  'system-not-up-to-date',
] as const;
/** `protection-<childId>`: a professional's own word that they work with the child; for days, for this person only, and told to others. */
export interface RelationshipClaimed {
  readonly claim: string;
  readonly organisation: OrganisationId;
  readonly person: string;
  readonly role: Role;
  readonly reason: (typeof CLAIM_REASONS)[number];
  readonly from: PlainDate;
  /** The last day, included. */
  readonly until: PlainDate;
  /** Their words, under the key of the claimant's organisation's audit; absent where none were given. */
  readonly words?: Sealed;
}
/** `protection-<childId>`: a claim ended early: by the claimant, or because it was found unfounded. */
export interface RelationshipClaimEnded {
  readonly claim: string;
  readonly because: 'no-longer-needed' | 'unfounded' | 'confirmed-by-fact';
}

/** Why an emergency access is asked for (closed list). */
export const BREAK_GLASS_REASONS = [
  'risk-of-serious-harm',
  'medical-emergency',
  'child-missing',
  'court-or-police-request',
] as const;
/** `protection-<childId>`: emergency access to the child for one person, for minutes. Never opens sealed categories. */
export interface BreakGlassGranted {
  readonly grant: string;
  readonly organisation: OrganisationId;
  readonly person: string;
  readonly role: Role;
  readonly purpose: Purpose;
  readonly reason: (typeof BREAK_GLASS_REASONS)[number];
  readonly from: Instant;
  /** The first instant at which it no longer holds. */
  readonly until: Instant;
}
/** `protection-<childId>`: an emergency access ended before its time. */
export interface BreakGlassEnded {
  readonly grant: string;
}

/**
 * `protection-<childId>`: an organisation decided, for one child, not to share, or to share without consent (DfE information sharing advice
 * 2024: record the decision to share or not, and why). The words are sealed.
 */
export interface SharingDecided {
  readonly decision: string;
  /** `not-to-share` holds over every agreement; `without-consent` lets facts that rest on consent be read without it. */
  readonly outcome: 'not-to-share' | 'without-consent';
  /** Whose facts it is about: the organisation that decides. */
  readonly source: OrganisationId;
  /** To this organisation only; to any where it is null. */
  readonly recipient: OrganisationId | null;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly ground: SharingGround;
  /** Who decided: pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly from: PlainDate;
  /** The last day, included; null until ended. */
  readonly until: PlainDate | null;
  readonly words?: Sealed;
}
/** Why it was decided so; `not-to-share` and `without-consent` each have their own. */
export const SHARING_GROUNDS = {
  'not-to-share': ['risk-to-child', 'risk-to-another', 'objection-upheld', 'not-necessary', 'legal-privilege'],
  'without-consent': ['risk-of-serious-harm', 'statutory-duty', 'court-order', 'overriding-public-interest'],
} as const;
/** One ground of a decision to share or not. */
export type SharingGround = (typeof SHARING_GROUNDS)[keyof typeof SHARING_GROUNDS][number];
/** `protection-<childId>`: such a decision no longer holds. */
export interface SharingDecisionEnded {
  readonly decision: string;
  readonly by: string;
}

/** The events of a `protection-<childId>` stream. */
export type ProtectionEvent =
  | StoredRecord<'consent.given.v1', ConsentGiven>
  | StoredRecord<'consent.withdrawn.v1', ConsentWithdrawn>
  | StoredRecord<'consent.refused.v1', ConsentRefused>
  | StoredRecord<'relationship.started.v1', RelationshipStarted>
  | StoredRecord<'relationship.ended.v1', RelationshipEnded>
  | StoredRecord<'relationship.retracted.v1', RelationshipRetracted>
  | StoredRecord<'relationship.claimed.v1', RelationshipClaimed>
  | StoredRecord<'relationship.claim-ended.v1', RelationshipClaimEnded>
  | StoredRecord<'break-glass.granted.v1', BreakGlassGranted>
  | StoredRecord<'break-glass.ended.v1', BreakGlassEnded>
  | StoredRecord<'sharing.decided.v1', SharingDecided>
  | StoredRecord<'sharing.decision-ended.v1', SharingDecisionEnded>
  | StoredRecord<'authority.recorded.v1', AuthorityRecorded>
  | StoredRecord<'authority.ended.v1', AuthorityEnded>
  | StoredRecord<'competence.assessed.v1', CompetenceAssessed>
  | StoredRecord<'objection.made.v1', ObjectionMade>
  | StoredRecord<'objection.decided.v1', ObjectionDecided>;
