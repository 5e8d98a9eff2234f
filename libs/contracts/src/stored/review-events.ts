import type { ChildId, DecisionId, Instant, OrganisationId } from '#kernel';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role } from '../vocabulary/roles.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** What a review case is opened from (closed list). */
export const REVIEW_CAUSES = ['finding', 'break-glass', 'self-claim', 'sample', 'by-hand'] as const;
/** What an officer decides of a case (closed list). */
export const REVIEW_OUTCOMES = ['appropriate', 'ask-user', 'escalated', 'breach'] as const;
/** One outcome. */
export type ReviewOutcome = (typeof REVIEW_OUTCOMES)[number];

/** `review-<case>`: somebody's accesses are to be reviewed. Which child and which looks is sealed under the audit key of the hub. */
export interface ReviewOpened {
  readonly review: string;
  readonly cause: {
    readonly kind: (typeof REVIEW_CAUSES)[number];
    /** Id of the finding, grant, claim or look. */
    readonly reference: string;
  };
  /** Whose accesses: pseudonymous subject of the sign-in; null for a finding about several people. */
  readonly person: string | null;
  /** Whose people it is about; the hub where they are of several organisations. */
  readonly organisation: OrganisationId;
  /** Whose facts were seen. */
  readonly sources: readonly OrganisationId[];
  readonly by: string;
  readonly sealed: Sealed;
}
/** What is sealed in an opened case. */
export interface ReviewContent {
  readonly role: Role | null;
  readonly child: ChildId | null;
  /** The first of the accesses. */
  readonly from: Instant;
  readonly decisions: readonly DecisionId[];
}
/** `review-<case>`: an officer works on it. */
export interface ReviewAssigned {
  readonly to: string;
  readonly by: string;
}
/** `review-<case>`: what an officer decided; `ask-user` carries the question in its words, `appropriate` and `breach` close the case. */
export interface ReviewDecided {
  readonly outcome: ReviewOutcome;
  /** Names the question of `ask-user`. */
  readonly question?: string;
  readonly by: string;
  /** The reason, or the question; under the audit key of the hub. */
  readonly words: Sealed;
}
/** `review-<case>`: the person whose accesses are reviewed answered a question. */
export interface ReviewAnswered {
  readonly question: string;
  readonly by: string;
  readonly words: Sealed;
}
/** `review-<case>`: a closed case is looked at again. */
export interface ReviewReopened {
  readonly by: string;
  readonly words: Sealed;
}

/** What of the accesses a line of the sampling plan is about. */
export const SAMPLED = ['permits', 'refusals', 'self-claims', 'break-glass'] as const;
/** One line of the sampling plan: so many in a hundred of these accesses are reviewed, week for week. */
export interface SamplingLine {
  readonly of: (typeof SAMPLED)[number];
  /** Above 0, at most 100. */
  readonly percent: number;
  /** Only accesses for this purpose; null for all. */
  readonly purpose: Purpose | null;
  /** Only accesses by people of this organisation; null for all. */
  readonly organisation: OrganisationId | null;
}
/** `review-plan`: the sampling plan as a whole, from now on. */
export interface SamplingPlanned {
  readonly lines: readonly SamplingLine[];
  readonly by: string;
}

/** The events of a `review-<case>` stream. */
export type ReviewEvent =
  | StoredRecord<'review.opened.v1', ReviewOpened>
  | StoredRecord<'review.assigned.v1', ReviewAssigned>
  | StoredRecord<'review.decided.v1', ReviewDecided>
  | StoredRecord<'review.answered.v1', ReviewAnswered>
  | StoredRecord<'review.reopened.v1', ReviewReopened>;
/** The events of the stream `review-plan`. */
export type SamplingEvent = StoredRecord<'review.sampling-planned.v1', SamplingPlanned>;
