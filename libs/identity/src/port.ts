import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import type { LinkReason, SubjectIdentity } from '#contracts';

/** Which child an organisation's record belongs to; `created` where this call made the record. */
export interface ResolvedRecord {
  readonly recordId: RecordId;
  readonly child: ChildId;
  readonly created: boolean;
}

/** A record of a child, and who told it. */
export interface Member {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
}

/** Why a subject can't be resolved to one record; the submission is quarantined with it. */
export interface MatchRefusal {
  readonly code:
    | 'NHS_NUMBER_CHECK_DIGIT'
    | 'UPN_CHECK_LETTER'
    | 'NUMBER_ON_TWO_CHILDREN'
    | 'NUMBER_SUPERSEDED'
    | 'RECORD_ERASED'
    | 'BIRTH_DATE_INVALID';
  /** JSON pointer into the subject. */
  readonly pointer: string;
}

/** Outcomes as the DfE's identifier programme names them (domain §3). */
export type MatchOutcome = 'Match' | 'PotentialMatch' | 'LowConfidenceMatch' | 'ManyMatch' | 'NoMatch' | 'Error';

/** Which child somebody would be. */
export interface Match {
  readonly outcome: MatchOutcome;
  readonly children: readonly ChildId[];
}

/** Deletable tables: (organisation, own person id) → record, keyed hashes of identifiers → records, record → child. */
export interface IdentityDirectory {
  /** The child a record belongs to now. */
  childOf(record: RecordId): Promise<ChildId | undefined>;
  /** The same of many, in one question; those that belong to none are left out. */
  childrenOf(records: readonly RecordId[]): Promise<ReadonlyMap<RecordId, ChildId>>;
  /** The child a fact belongs to now: that of the record it names, or of the one a split gave it to. */
  childOfFact(fact: FactId, record: RecordId): Promise<ChildId | undefined>;
  /**
   * The child first, then every other child that one of its present records was unlinked or split from: what was refused there still
   * restricts here, and nothing allowed there allows here.
   */
  lineageOf(child: ChildId): Promise<readonly [ChildId, ...ChildId[]]>;
  /** The records of a child now; empty for an unknown child. */
  recordsOf(child: ChildId): Promise<readonly Member[]>;
  /** The same of many, in one question; children without a record are left out. */
  recordsOfAll(children: readonly ChildId[]): Promise<ReadonlyMap<ChildId, readonly Member[]>>;
}

export type { LinkReason, SubjectIdentity };
