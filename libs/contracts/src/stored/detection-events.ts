import type { ChildId, DecisionId, OrganisationId, PlainDate } from '#kernel';
import type { Role } from '../vocabulary/roles.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/**
 * `detection-<finding>`: a rule found something in the looks. In the clear: which rule, whose people, whose facts; who it is and which
 * child is sealed under the audit key of the hub.
 */
export interface DetectionRaised {
  readonly finding: string;
  /** Id of the rule, as `GET /v1/detection-rules` lists it. */
  readonly rule: string;
  /** Whose people it is about; the hub where they are of several organisations. */
  readonly organisation: OrganisationId;
  /** Whose facts were seen. */
  readonly sources: readonly OrganisationId[];
  readonly day: PlainDate;
  /** The suppression in force when it was found: recorded all the same, and told to nobody. */
  readonly suppression: string | null;
  readonly sealed: Sealed;
}

/** What is sealed in a finding: it explains itself, without a name. */
export interface DetectionContent {
  /** Pseudonymous subject of the sign-in; null where it is about several people. */
  readonly person: string | null;
  readonly role: Role | null;
  readonly team: string | null;
  readonly child: ChildId | null;
  /** What was found, in words. */
  readonly words: string;
  readonly counts: Readonly<Record<string, number>>;
  /** The thresholds of the day: a later release may have others. */
  readonly thresholds: Readonly<Record<string, number>>;
  /** The looks it rests on, oldest first; at most fifty. */
  readonly evidence: readonly DecisionId[];
}

/** `detection-<suppression>`: an officer said that findings of a rule need nobody's attention for some days, and why. */
export interface DetectionSuppressed {
  readonly suppression: string;
  readonly rule: string;
  /** For the people of this organisation only; null for everybody. */
  readonly organisation: OrganisationId | null;
  /** The last day, included. */
  readonly until: PlainDate;
  /** Pseudonymous subject of the officer. */
  readonly by: string;
  readonly sealed: Sealed;
}
/** What is sealed in a suppression. */
export interface SuppressionContent {
  /** For this person only, where given. */
  readonly person: string | null;
  /** For this child only, where given. */
  readonly child: ChildId | null;
  /** Why it is no concern. */
  readonly words: string;
}
/** `detection-<suppression>`: lifted before its last day. */
export interface DetectionSuppressionEnded {
  readonly suppression: string;
  readonly by: string;
}

/** `detection-<watch>`: every access to this child by somebody whose work with it no system confirms is to be found. */
export interface ChildWatched {
  readonly watch: string;
  /** The last day, included. */
  readonly until: PlainDate;
  readonly by: string;
  readonly sealed: Sealed;
}
/** What is sealed in a watch. */
export interface WatchContent {
  readonly child: ChildId;
  readonly words: string;
}
/** `detection-<watch>`: ended before its last day. */
export interface ChildWatchEnded {
  readonly watch: string;
  readonly by: string;
}

/** The events of a `detection-<id>` stream. */
export type DetectionEvent =
  | StoredRecord<'detection.raised.v1', DetectionRaised>
  | StoredRecord<'detection.suppressed.v1', DetectionSuppressed>
  | StoredRecord<'detection.suppression-ended.v1', DetectionSuppressionEnded>
  | StoredRecord<'detection.child-watched.v1', ChildWatched>
  | StoredRecord<'detection.child-watch-ended.v1', ChildWatchEnded>;
