import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import type { StoredRecord } from './record.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** Why records belong to one child: the rule that said so, a move that another event explains, or a person's review. */
export type LinkReason = 'new-record' | 'nhs-number-birth-date-surname' | 'upn-birth-date-surname' | 'moved' | 'review';
/** `child-<childId>`: a source record belongs to this child. */
export interface RecordLinked {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly because: LinkReason;
}
/** `child-<childId>`: no longer under this child; the record is linked to `to` by an event of its own. */
export interface RecordUnlinked {
  readonly recordId: RecordId;
  readonly to: ChildId;
  /** `matched-later`: nobody reviewed; the organisation said more, and the rule that links a new record held. */
  readonly because: 'wrong-match' | 'review' | 'matched-later';
}
/** `child-<childId>`: one organisation's record was two children; these facts are of `to`'s record. */
export interface RecordSplit {
  readonly recordId: RecordId;
  readonly to: ChildId;
  readonly toRecord: RecordId;
  readonly facts: readonly FactId[];
}
/** `child-<childId>`: keys of one organisation's record were destroyed; the log keeps cipher text nobody can open. */
export interface RecordErased {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly ground: 'article-17' | 'retention-ended' | 'court-order';
  readonly keysDestroyed: number;
}

/** The events of a `child-<childId>` stream. */
export type ChildEvent =
  | StoredRecord<'record.linked.v1', RecordLinked>
  | StoredRecord<'record.unlinked.v1', RecordUnlinked>
  | StoredRecord<'record.split.v1', RecordSplit>
  | StoredRecord<'record.erased.v1', RecordErased>;
