import type { Instant, OrganisationId } from '#kernel';
import type { Reason } from '#contracts';
import type { SubmissionResult } from '#sharing';

/** `interrupted`: the hub stopped half-way; handing the same file in again goes on where nothing is doubled. */
export type SubmissionState = 'running' | 'finished' | 'failed' | 'interrupted';

/** Items by what became of them; `repeated` counts those among them that had been handed in before. */
export type OutcomeCounts = Readonly<Record<SubmissionResult['outcome'] | 'repeated', number>>;

/** What an organisation gets for a submission. No personal data: rows, fact ids, outcomes, codes and pointers. */
export interface Receipt {
  readonly id: string;
  readonly organisation: OrganisationId;
  readonly format: string;
  readonly state: SubmissionState;
  readonly startedAt: Instant;
  readonly finishedAt?: Instant;
  readonly counts: OutcomeCounts;
  /** Why the file could not be read to its end; items before that place stand. */
  readonly failure?: Reason;
  /** Position to read after, so that what was published is seen. */
  readonly token?: string;
}

/** One item of a receipt; `order` is its place in the submission, from 1. */
export type ReceiptItem = Omit<SubmissionResult, 'token'>;

/** A submission as it begins. `bodyHash` (hex SHA-256) and `key` recognise the same request handed in again. */
export interface Beginning {
  readonly id: string;
  readonly organisation: OrganisationId;
  readonly format: string;
  readonly bodyHash: string;
  readonly key?: string;
  readonly at: Instant;
}

/** What is there under an Idempotency-Key already. */
export type BeginOutcome =
  | { readonly kind: 'begun'; readonly receipt: Receipt }
  | { readonly kind: 'repeated'; readonly receipt: Receipt }
  | { readonly kind: 'other-body' };

/** Durable receipts; every read is of one organisation. */
export interface Receipts {
  /** Begins, or finds what the same key began before; an interrupted submission of the same body begins again under its id. */
  begin(beginning: Beginning): Promise<BeginOutcome>;
  /** Adds results; the newest token is kept. */
  add(id: string, results: readonly SubmissionResult[]): Promise<void>;
  /** Closes a receipt, durable when it answers. */
  end(id: string, state: 'finished' | 'failed' | 'interrupted', at: Instant, failure?: Reason): Promise<void>;
  find(organisation: OrganisationId, id: string): Promise<Receipt | undefined>;
  /** Whether an item of a receipt is this fact. */
  holds(id: string, factId: string): Promise<boolean>;
  /** Items in order after `cursor` (0 for the first), at most `limit`. */
  items(
    id: string,
    cursor: number,
    limit: number,
  ): Promise<{ readonly items: readonly ReceiptItem[]; readonly next?: number }>;
  close(): Promise<void>;
}

/** Nothing yet. */
export const NO_OUTCOMES: OutcomeCounts = {
  published: 0,
  withheld: 0,
  quarantined: 0,
  withdrawn: 0,
  conflict: 0,
  rejected: 0,
  repeated: 0,
};

/** The counts with these results added. */
export function counted(counts: OutcomeCounts, results: readonly SubmissionResult[]): OutcomeCounts {
  const sum = { ...counts };
  for (const result of results) {
    sum[result.outcome] += 1;
    if (result.repeated) sum.repeated += 1;
  }
  return sum;
}
