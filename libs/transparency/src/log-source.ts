import type { Family } from '#contracts';

/** An event as the tree reads it; every backend's `LoggedEvent` is one. */
export interface LeafEvent {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly token: string;
}

/** One batch of a subscription. */
export type LeafBatch =
  { readonly kind: 'events'; readonly events: readonly LeafEvent[] } | { readonly kind: 'caught-up' };

/** The part of the event log that the proof needs; every `EventLog` is one. Spelt out here, as neither lib imports the other. */
export interface LeafSource {
  readAll(read: {
    readonly families: readonly Family[];
    readonly after?: string | null;
    readonly batch?: number;
  }): AsyncIterable<readonly LeafEvent[]>;
  subscribe(read: {
    readonly families: readonly Family[];
    readonly after?: string | null;
    readonly batch?: number;
    readonly signal: AbortSignal;
  }): AsyncIterable<LeafBatch>;
}
