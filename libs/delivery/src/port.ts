import type { Instant, OrganisationId } from '#kernel';

/** What is told: a fact came, was corrected or withdrawn. Nothing of what the fact says. */
export type SignalKind = 'fact-published' | 'fact-corrected' | 'fact-withdrawn';

/**
 * A thin signal on its way to one organisation: that there is something to ask about, and where. Policy has allowed it a moment ago; what the
 * organisation then reads is decided and recorded once more.
 */
export interface Signal {
  /** The same at every attempt and after every restart: receivers drop what they have. Random to look at, says nothing. */
  readonly id: string;
  readonly organisation: OrganisationId;
  /** The organisation's own pseudonym of the child; signals of one key arrive in the order of the log. */
  readonly key: string;
  readonly kind: SignalKind;
  /** As the organisation may know it. */
  readonly category: string;
  readonly time: Instant;
  /** Absolute URL that answers for the signal, through the protocol. No identifier of a person in it. */
  readonly ask: string;
}

/** What became of one attempt. Codes only: answers of strangers are not repeated. */
export type Sent =
  | { readonly kind: 'sent' }
  /** Not this time; `afterMs` where the receiver said how long to wait. */
  | { readonly kind: 'retry'; readonly code: string; readonly afterMs?: number }
  /** It may not leave as things are by now: it did not, and is decided anew. */
  | { readonly kind: 'held' }
  /** Never, however often: it becomes a dead letter. */
  | { readonly kind: 'refused'; readonly code: string }
  /** The receiver wants nothing more (410): the endpoint is switched off and its organisation told. */
  | { readonly kind: 'gone' };

/**
 * Asked of each signal as it leaves: while those before it went out, what allowed it may have changed. Never rejects; false where that can't be
 * read.
 */
export type MayLeave = (signal: Signal) => Promise<boolean>;

/** A way out of the house: Kafka, webhooks. Tries once; the delivery process repeats, in order for each key. */
export interface Channel<Endpoint> {
  readonly name: 'kafka' | 'webhook';
  /** Several signals of one endpoint, in order; answers one `Sent` each. What stands behind the first that was not sent, of the same key, is not tried. */
  send(endpoint: Endpoint, signals: readonly Signal[], mayLeave: MayLeave): Promise<readonly Sent[]>;
  close(): Promise<void>;
}
