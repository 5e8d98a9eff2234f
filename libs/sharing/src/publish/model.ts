import type { FactId, OrganisationId } from '#kernel';
import type { Reason, TranslatedItem } from '#contracts';
import type { LogToken } from '#event-log';

/** Something an organisation handed in: a signed fact, or one item a connector translated from its file. */
export type Submission =
  | { readonly kind: 'signed'; readonly jws: string; readonly row: number }
  | {
      readonly kind: 'translated';
      readonly item: TranslatedItem;
      readonly translator: string;
      readonly fileHash: string;
    };

/** What became of one item; acknowledged only when it is durable, relationships included. */
export interface SubmissionResult {
  readonly row: number;
  /** `conflict`: another body under an id already used (409). `rejected`: not authentic or not readable; nothing stored. */
  readonly outcome: 'published' | 'withheld' | 'quarantined' | 'withdrawn' | 'conflict' | 'rejected';
  readonly factId: FactId | null;
  readonly reasons: readonly Reason[];
  /** True where the very same item had been handed in before: same answer, nothing appended. */
  readonly repeated: boolean;
  readonly token: LogToken | null;
}

/** Takes submissions of a verified organisation to the log: verify → validate → match → gate → seal → append (design §1). */
export interface Publisher {
  submit(organisation: OrganisationId, submission: Submission, correlationId: string): Promise<SubmissionResult>;
}
