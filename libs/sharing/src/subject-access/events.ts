import type { ChildId, Instant, OrganisationId, PlainDate } from '#kernel';
import type { Sealed } from '#contracts';
import type { PauseReason } from '#statutory';
import type { IdentityCheck } from '../erasure-request/grounds.ts';

/** What one source says of its own system: what it holds, that it holds nothing, or that the person is not known there. */
export const SOURCE_ANSWERS = ['content', 'nothing-held', 'not-known-here'] as const;
/** One of the three answers. */
export type SourceAnswer = (typeof SOURCE_ANSWERS)[number];

/** Why an item is kept back from a release, with the provision; data that a person reviews. */
export const WITHHOLDING_REASONS = {
  'third-party': 'UK GDPR art. 15(4); DPA 2018 sch. 2 para. 16: it would tell of somebody else who has not agreed',
  'serious-harm':
    'DPA 2018 sch. 3 paras 5, 11, 19: likely to cause serious harm to the physical or mental health of somebody',
  'child-abuse-data': 'DPA 2018 sch. 3 para. 21: not in the best interests of the child',
  'childs-expectation':
    'DPA 2018 sch. 3 paras 4, 10: told in the expectation that it would not reach the person asking',
  'legal-privilege': 'DPA 2018 sch. 2 para. 19',
  'not-in-scope': 'the request does not ask for it',
} as const;
/** One reason for keeping an item back. */
export type WithholdingReason = keyof typeof WITHHOLDING_REASONS;

/** Why a request is not answered at all (UK GDPR art. 12(5), (6)). */
export const SUBJECT_ACCESS_REFUSALS = [
  'manifestly-unfounded',
  'excessive',
  'identity-not-shown',
  'no-authority-for-the-child',
] as const;
/** One reason for refusing. */
export type SubjectAccessRefusal = (typeof SUBJECT_ACCESS_REFUSALS)[number];

/** STORAGE FORMATS of `subjectAccess-<id>`. Words are sealed; what sources answered under a key of the request's own. */

/** Somebody asks for what is held of a child. */
export interface AccessReceived {
  readonly request: string;
  readonly child: ChildId;
  readonly from: 'parent' | 'young-person' | 'representative';
  /** Pseudonymous subject of the sign-in of whoever asks; null where they have none and an officer hands it to them. */
  readonly sub: string | null;
  /** The day it came, which may be before it was entered. */
  readonly receivedOn: PlainDate;
  /** The organisations asked: those that have told of the child. The hub answers for itself. */
  readonly sources: readonly OrganisationId[];
  readonly by: string;
  /** What they asked for, in their words. */
  readonly words?: Sealed;
}
/** Who asks is who they say, and may ask for the child. */
export interface AccessIdentityVerified {
  readonly request: string;
  readonly how: IdentityCheck;
  readonly by: string;
}
/** The clock stands until they answer. */
export interface AccessPaused {
  readonly request: string;
  readonly reason: PauseReason;
  readonly from: PlainDate;
  readonly by: string;
}
/** They answered on this day. */
export interface AccessResumed {
  readonly request: string;
  readonly until: PlainDate;
  readonly by: string;
}
/** Two months more, told within the first (art. 12(3)). */
export interface AccessExtended {
  readonly request: string;
  readonly reason: 'complex' | 'many-requests';
  readonly by: string;
}
/** One source's answer; the last one holds. */
export interface AccessAnswered {
  readonly request: string;
  readonly source: OrganisationId;
  readonly answer: SourceAnswer;
  readonly by: string;
  readonly content?: Sealed;
}
/** One item looked at: kept back with its reason, or to be released. */
export interface AccessItemMarked {
  readonly request: string;
  /** A fact's id, or `answer-<organisation>`. */
  readonly item: string;
  readonly withhold: WithholdingReason | null;
  readonly by: string;
}
/** A second person agrees with what is kept back and what is not; facts recorded later are no part of the release. */
export interface AccessRedactionsApproved {
  readonly request: string;
  readonly upTo: Instant;
  readonly by: string;
}
/** Whoever asked may have it now. */
export interface AccessReleased {
  readonly request: string;
  readonly by: string;
}
/** It is not answered, and why. */
export interface AccessRefused {
  readonly request: string;
  readonly reason: SubjectAccessRefusal;
  readonly by: string;
  readonly words?: Sealed;
}
/** They no longer ask. */
export interface AccessWithdrawn {
  readonly request: string;
  readonly by: string;
}

/** What happens to a subject access request. */
export type SubjectAccessChange =
  | { readonly type: 'subject-access.received.v1'; readonly data: AccessReceived }
  | { readonly type: 'subject-access.identity-verified.v1'; readonly data: AccessIdentityVerified }
  | { readonly type: 'subject-access.paused.v1'; readonly data: AccessPaused }
  | { readonly type: 'subject-access.resumed.v1'; readonly data: AccessResumed }
  | { readonly type: 'subject-access.extended.v1'; readonly data: AccessExtended }
  | { readonly type: 'subject-access.answered.v1'; readonly data: AccessAnswered }
  | { readonly type: 'subject-access.item-marked.v1'; readonly data: AccessItemMarked }
  | { readonly type: 'subject-access.redactions-approved.v1'; readonly data: AccessRedactionsApproved }
  | { readonly type: 'subject-access.released.v1'; readonly data: AccessReleased }
  | { readonly type: 'subject-access.refused.v1'; readonly data: AccessRefused }
  | { readonly type: 'subject-access.withdrawn.v1'; readonly data: AccessWithdrawn };
