import type { FactId, Instant, OrganisationId, RecordId } from '#kernel';
import type { Category, Purpose } from '#contracts';
import type { SignalKind } from '../port.ts';

/** What became of a signal. `withheld`: policy refused it when its turn came. `dead`: given up, may be replayed. */
export type SignalState = 'waiting' | 'sent' | 'withheld' | 'dead';
/** What its organisation may be told of a signal. */
export const TRIED_STATES = ['waiting', 'sent', 'dead'] as const satisfies readonly SignalState[];
/** One of them. */
export type TriedState = (typeof TRIED_STATES)[number];

/** One signal for one subscription, as it waits. Pseudonymous: ids, codes and the organisation's own pseudonym of the child. */
export interface OutboxSignal {
  readonly id: string;
  readonly subscription: string;
  readonly organisation: OrganisationId;
  readonly key: string;
  readonly kind: SignalKind;
  readonly category: Category;
  readonly source: OrganisationId;
  readonly purpose: Purpose;
  readonly reliesOnConsent: boolean;
  readonly fact: FactId;
  readonly record: RecordId;
  readonly time: Instant;
  readonly correlationId: string;
}

/** A signal and how far it is. */
export interface OutboxRow extends OutboxSignal {
  /** Order of the log; signals of one key leave in it. */
  readonly seq: number;
  readonly state: SignalState;
  readonly attempts: number;
  readonly dueAt: Instant;
  /** Of the last attempt that failed, or of why it was withheld; null where there was none. */
  readonly code: string | null;
  readonly settledAt: Instant | null;
}

/** What came of one attempt, for one row. */
export type Settled = SettledAs & { readonly id: string };

/** The same, of any signal. */
export type SettledAs =
  | { readonly state: 'sent' | 'withheld' | 'dead'; readonly at: Instant; readonly code?: string }
  /** `tried`: 0 where it was not its own attempt that failed. */
  | { readonly state: 'waiting'; readonly dueAt: Instant; readonly code: string; readonly tried: 0 | 1 };

/** Somebody else takes signals in: the place in the log was not where this process left it. Nothing was written. */
export class PlaceMoved extends Error {
  override readonly name = 'PlaceMoved';
}
