import type { Brand } from '#kernel';
import type { EncodedRecord, Family } from '#contracts';
import type { LogObserver } from './observed-log.ts';

/** A position in the log: opaque, made and compared only by the adapter that issued it. */
export type LogToken = Brand<string, 'LogToken'>;

/** What the stream must look like for an append to happen. There is no "any". */
export type Expected = number | 'none' | 'exists';

/** An event as stored: `data` comes back byte for byte. */
export interface LoggedEvent {
  readonly stream: string;
  /** Place in its stream, 0 first in every backend. */
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
  readonly token: LogToken;
}

/** Where an acknowledged append ended. The same events with the same expectation again get the same answer. */
export interface Appended {
  /** Revision of the last event appended. */
  readonly revision: number;
  readonly token: LogToken;
}

/** The stream was not as expected; somebody else was first. Retry by deciding again on what is there now. */
export class WrongExpectedRevision extends Error {
  override readonly name = 'WrongExpectedRevision';
  readonly stream: string;
  readonly expected: Expected;
  /** Revision of the stream's last event; -1 for a stream without events. */
  readonly actual: number;
  constructor(stream: string, expected: Expected, actual: number) {
    super(`expected ${expected}, is ${actual}`);
    this.stream = stream;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Nobody knows whether it was stored (time-out, lost connection). Answered by repeating the same bytes, never by new ones. */
export class AppendInDoubt extends Error {
  override readonly name = 'AppendInDoubt';
}

/** The append itself is not acceptable: no events, too large, an id that is no UUID, an unknown family. Nothing was stored. */
export class InvalidAppend extends Error {
  override readonly name = 'InvalidAppend';
}

/** The log can't be written any more (disk full, commit error); the process is to stop acknowledging and end. */
export class LogFailed extends Error {
  override readonly name = 'LogFailed';
}

/** The log can't be used now (server not reached, no answer in time, refused): nothing was read or stored. Ask again later. */
export class LogUnavailable extends Error {
  override readonly name = 'LogUnavailable';
}

/** One batch of a subscription. */
export type SubscriptionBatch =
  | { readonly kind: 'events'; readonly events: readonly LoggedEvent[]; readonly token: LogToken }
  /**
   * Nothing of the families lies between `token` and what was the head a moment ago. Sent once each time the reader catches up, and now
   * and then while only other families are written, so that its place does not fall behind.
   */
  | { readonly kind: 'caught-up'; readonly token: LogToken | null };

/** Which part of the log to read; the filter is required, nobody reads "everything" by accident. */
export interface ReadAll {
  readonly families: readonly Family[];
  /** Exclusive; absent or null for the start. */
  readonly after?: LogToken | null;
  /** At most this many events a batch (default 500). */
  readonly batch?: number;
}

/** The append-only truth (design §4.2). Every backend passes `libs/event-log/contract`. */
export interface EventLog {
  /** Appends all or none, durable when it answers. Rejects with the errors above. At most 1,000 events and 1,000,000 bytes a call. */
  append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Promise<Appended>;
  /** Events of one stream in order, from `from` (default: first, or last when backward), at most `limit` (default 1,000). Empty for an unknown stream. */
  readStream(
    stream: string,
    options?: { readonly from?: number; readonly limit?: number; readonly backward?: boolean },
  ): Promise<readonly LoggedEvent[]>;
  /** Revision of the stream's last event as acknowledged now, -1 where there is none. */
  tail(stream: string): Promise<number>;
  /** The events of the families in log order up to the head of this moment, in batches. */
  readAll(read: ReadAll): AsyncIterable<readonly LoggedEvent[]>;
  /**
   * Like `readAll`, then live, until `signal` aborts. A slow reader holds memory for one batch only. Servers drop subscriptions:
   * then the iterator throws, and `resuming` (subscription.ts) starts again after the last token.
   */
  subscribe(read: ReadAll & { readonly signal: AbortSignal }): AsyncIterable<SubscriptionBatch>;
  /** The last event's token; null for an empty log. */
  head(): Promise<LogToken | null>;
  /** Negative, zero or positive as `a` lies before, at or after `b`. */
  compare(a: LogToken, b: LogToken): number;
  /** How many events of any family lie after `a` (null: the start) up to and including `b`; absent where a backend can't tell without reading. For progress only. */
  distance?(a: LogToken | null, b: LogToken | null): number;
  /** Hears what is done on this log; absent where nobody counts. No backend has one: see `observed`. */
  readonly observer?: LogObserver;
  /** Acknowledges what is in flight, then refuses more. */
  close(): Promise<void>;
}

/** The family of a stream: its name before the first hyphen. */
export function familyOf(stream: string): string {
  const hyphen = stream.indexOf('-');
  return hyphen < 0 ? stream : stream.slice(0, hyphen);
}
