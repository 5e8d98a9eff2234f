import { namedUuid, type ChildId, type Instant, type OrganisationId } from '#kernel';
import type { BREAK_GLASS_REASONS, Purpose, Role, Sealed, SealingContext, StoredRecord } from '#contracts';
import { auditOwner } from '../disclose/look.ts';

/**
 * STORAGE FORMATS of `breakGlass-<book>`: one user's emergency accesses, the truth that reviews rest on. Names are past tense and never
 * change. Words are sealed under the audit key of the user's organisation, see {@link wordsContext}.
 */

/** The user opened an emergency access to one child. The limits of the release it was opened under are in it. */
export interface EmergencyAccessStarted {
  readonly grant: string;
  readonly child: ChildId;
  readonly organisation: OrganisationId;
  readonly person: string;
  readonly role: Role;
  readonly purpose: Purpose;
  readonly reason: (typeof BREAK_GLASS_REASONS)[number];
  readonly from: Instant;
  /** The first instant at which it no longer holds. */
  readonly until: Instant;
  readonly explainBy: Instant;
  readonly reviewBy: Instant;
  readonly words: Sealed;
}
/** The user asked for a child whom the hub does not know, or may not give: counted like an access, because trying is what it would hide in. */
export interface EmergencyAccessNotFound {
  readonly attempt: string;
  readonly at: Instant;
  readonly role: Role;
  readonly purpose: Purpose;
  readonly reason: EmergencyAccessStarted['reason'];
}
/** Ended before its time: by the user, or because a review found a breach. */
export interface EmergencyAccessEnded {
  readonly grant: string;
  readonly at: Instant;
}
/** The user explained; the first time, or again because the reviewer asked. */
export interface EmergencyAccessExplained {
  readonly grant: string;
  readonly at: Instant;
  readonly words: Sealed;
}
/** What a reviewer found. */
export const REVIEW_OUTCOMES = ['appropriate', 'ask-user', 'escalated', 'breach'] as const;
/** One finding. */
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];
/** A data-protection officer reviewed. `ask-user` and `escalated` leave it open until `reviewBy`. */
export interface EmergencyAccessReviewed {
  readonly grant: string;
  readonly at: Instant;
  /** Pseudonymous subject of the reviewer's sign-in. */
  readonly by: string;
  readonly outcome: ReviewOutcome;
  /** Until when the user is to explain again; only for `ask-user`. */
  readonly explainBy: Instant | null;
  /** Until when it is to be reviewed again; null where the review is over. */
  readonly reviewBy: Instant | null;
}
/** The area's data-protection officer lets the user break glass again after a breach. */
export interface EmergencyAccessReinstated {
  readonly grant: string;
  readonly at: Instant;
  readonly by: string;
}

/** The events of a user's emergency book. */
export type BreakGlassEvent =
  | StoredRecord<'emergency-access.started.v1', EmergencyAccessStarted>
  | StoredRecord<'emergency-access.not-found.v1', EmergencyAccessNotFound>
  | StoredRecord<'emergency-access.ended.v1', EmergencyAccessEnded>
  | StoredRecord<'emergency-access.explained.v1', EmergencyAccessExplained>
  | StoredRecord<'emergency-access.reviewed.v1', EmergencyAccessReviewed>
  | StoredRecord<'emergency-access.reinstated.v1', EmergencyAccessReinstated>;

/** The stream of one user's emergency accesses. */
export function breakGlassStream(organisation: OrganisationId, person: string): string {
  return `breakGlass-${namedUuid('break-glass', organisation, person)}`;
}

/**
 * What the words of an access are bound to: its grant, and which words of it they are (0 the reason given at the start, then explanations).
 * Not their place in the stream, which is not known before it is decided that they are taken.
 */
export function wordsContext(stream: string, grant: string, organisation: OrganisationId, nth: number): SealingContext {
  return {
    stream,
    revision: nth,
    type: 'emergency-access.words',
    schema: grant,
    owner: auditOwner(organisation),
  };
}
