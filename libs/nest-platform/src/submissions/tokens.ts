import type { FactId, Instant, OrganisationId } from '#kernel';
import type { Reason } from '#contracts';
import type { LogToken } from '#event-log';
import type { SubmissionResult } from '#sharing';

/** Injects the `Publisher` of #sharing. */
export const PUBLISHER = Symbol('PUBLISHER');
/** Injects {@link Receipts}. */
export const RECEIPTS = Symbol('RECEIPTS');
/** Injects {@link QuarantineDesk}. */
export const QUARANTINE_DESK = Symbol('QUARANTINE_DESK');
/** Injects the `Clock` of #kernel. */
export const CLOCK = Symbol('CLOCK');

/** One quarantined item as its organisation sees it: codes and pointers, never words of the item. */
export interface QuarantinedItem {
  readonly factId: FactId;
  readonly factType: string | null;
  readonly reasons: readonly Reason[];
  readonly quarantinedAt: Instant;
  /** When it is destroyed unless resolved. */
  readonly expiresAt: Instant;
}

/** Where quarantined items wait and are resolved; always of one organisation. */
export interface QuarantineDesk {
  /** A page in a stable order; `next` is the cursor of the following page. */
  list(
    organisation: OrganisationId,
    cursor: string | undefined,
    limit: number,
  ): Promise<{ readonly items: readonly QuarantinedItem[]; readonly next?: string }>;
  /** Runs the gate again, or destroys the item; `unknown` also where the item is another organisation's. */
  resolve(
    organisation: OrganisationId,
    factId: FactId,
    action: 'replay' | 'discard',
    by: string,
  ): Promise<QuarantineResolution>;
}

/**
 * What became of a quarantined item. `not-replayable`: bytes no connector could read are read no better again; correct and hand in anew.
 * `unknown`: nothing of that id waits, or its key is gone.
 */
export type QuarantineResolution =
  | {
      readonly outcome: SubmissionResult['outcome'] | 'discarded';
      readonly reasons: readonly Reason[];
      readonly token: LogToken | null;
    }
  | { readonly outcome: 'not-replayable' }
  | { readonly outcome: 'unknown' };
