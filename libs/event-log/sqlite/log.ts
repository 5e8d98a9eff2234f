import type { DatabaseSync } from 'node:sqlite';
import type { EncodedRecord } from '#contracts';
import {
  LogFailed,
  WrongExpectedRevision,
  type Appended,
  type EventLog,
  type Expected,
  type LoggedEvent,
  type LogToken,
  type ReadAll,
  type SubscriptionBatch,
} from '../src/port.ts';
import { validateAppend } from '../src/validate.ts';
import type { Appender } from './append.ts';
import { Reader } from './read.ts';
import { positionOf, tokenAt } from './token.ts';

/** A reader whose families are quiet hears at most this often, in milliseconds, how far the log went without them. */
const QUIET_MS = 100;

interface Pending {
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly EncodedRecord[];
  readonly answer: PromiseWithResolvers<Appended>;
}

/** What a log over SQLite is made of; a reader beside another process's writer has no appender. */
export interface SqliteLogParts {
  readonly reading: DatabaseSync;
  readonly writing?: { readonly db: DatabaseSync; readonly appender: Appender };
  /** How often a subscription looks for what another process wrote, in milliseconds. */
  readonly pollMs: number;
  /** Hears of every durable transaction. */
  readonly onCommit?: () => void;
  readonly onClose: () => Promise<void>;
}

/** The embedded log (design §4.3): appends wait for one another's commit, each is answered alone. */
export class SqliteLog implements EventLog {
  readonly #parts: SqliteLogParts;
  readonly #reader: Reader;
  #queue: Pending[] = [];
  #scheduled = false;
  #failed: LogFailed | undefined;
  #closing = false;
  #closed = false;
  #waiters = new Set<() => void>();

  constructor(parts: SqliteLogParts) {
    this.#parts = parts;
    this.#reader = new Reader(parts.reading);
  }

  append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Promise<Appended> {
    try {
      validateAppend(stream, expected, events);
      this.#assertWritable();
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new LogFailed('append'));
    }
    const answer = Promise.withResolvers<Appended>();
    this.#queue.push({ stream, expected, events, answer });
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    }
    return answer.promise;
  }

  readStream(
    stream: string,
    options: { readonly from?: number; readonly limit?: number; readonly backward?: boolean } = {},
  ): Promise<readonly LoggedEvent[]> {
    return Promise.resolve().then(() => this.#reader.stream(stream, options));
  }

  tail(stream: string): Promise<number> {
    const { writing } = this.#parts;
    return Promise.resolve(writing === undefined ? this.#reader.tail(stream) : writing.appender.tail(stream));
  }

  async *readAll(read: ReadAll): AsyncIterable<readonly LoggedEvent[]> {
    const head = this.#head();
    let after = positionOf(read.after);
    const batch = read.batch ?? 500;
    while (after < head) {
      const { events, scanned } = this.#reader.all(read.families, after, batch, head);
      if (events.length > 0) yield events;
      after = scanned;
      // Lets appends and requests of this process go between two batches.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  async *subscribe(read: ReadAll & { readonly signal: AbortSignal }): AsyncIterable<SubscriptionBatch> {
    const batch = read.batch ?? 500;
    let after = positionOf(read.after);
    /** The reader has not heard yet that it caught up. */
    let owed = true;
    let told = { head: 0, at: 0 };
    while (!read.signal.aborted && !this.#closed) {
      const head = this.#head();
      if (after >= head) {
        if (owed || (head > told.head && performance.now() - told.at >= QUIET_MS)) {
          owed = false;
          told = { head, at: performance.now() };
          yield { kind: 'caught-up', token: head === 0 ? null : tokenAt(head) };
        } else {
          await this.#news(read.signal, head > told.head ? QUIET_MS : Infinity);
        }
        continue;
      }
      const { events, scanned } = this.#reader.all(read.families, after, batch, head);
      after = scanned;
      if (events.length > 0) {
        owed = true;
        yield { kind: 'events', events, token: tokenAt(scanned) };
      }
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  head(): Promise<LogToken | null> {
    const head = this.#head();
    return Promise.resolve(head === 0 ? null : tokenAt(head));
  }

  compare(a: LogToken, b: LogToken): number {
    return positionOf(a) - positionOf(b);
  }

  /** Positions have no gaps: a rolled-back append gives its own back. */
  distance(a: LogToken | null, b: LogToken | null): number {
    return Math.max(0, positionOf(b) - positionOf(a));
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    while (this.#queue.length > 0) await new Promise<void>((resolve) => setImmediate(resolve));
    this.#closed = true;
    this.#wake();
    await this.#parts.onClose();
  }

  #head(): number {
    return this.#parts.writing?.appender.committed ?? this.#reader.head();
  }

  #assertWritable(): void {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.#closing || this.#parts.writing === undefined) throw new LogFailed('the log is not open for writing');
  }

  /** One transaction for everything that came since the last; answered only when it is durable. */
  #flush(): void {
    this.#scheduled = false;
    const pending = this.#queue;
    this.#queue = [];
    const { writing } = this.#parts;
    if (writing === undefined || pending.length === 0) return;
    const answers: { readonly pending: Pending; readonly appended?: Appended; readonly error?: Error }[] = [];
    try {
      writing.appender.begin();
      for (const each of pending) answers.push(appendOne(writing.appender, each));
      writing.appender.commit();
      this.#parts.onCommit?.();
    } catch {
      this.#fail(pending);
      return;
    }
    for (const { pending: each, appended, error } of answers) {
      if (appended !== undefined) each.answer.resolve(appended);
      else each.answer.reject(error ?? new LogFailed('append'));
    }
    this.#wake();
  }

  /** After a failed commit nobody knows what the disk holds: nothing more is acknowledged, the process is to end. */
  #fail(pending: readonly Pending[]): void {
    this.#failed = new LogFailed('the log cannot be written; nothing more is acknowledged');
    try {
      this.#parts.writing?.db.exec('rollback');
    } catch {
      // Already rolled back by the failure itself.
    }
    this.#parts.writing?.appender.rollback();
    for (const each of [...pending, ...this.#queue]) each.answer.reject(this.#failed);
    this.#queue = [];
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const waiter of waiters) waiter();
  }

  /** Until something was committed here, another process may have written, the time is over, or the reader gave up. */
  async #news(signal: AbortSignal, atMostMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const wake = () => resolve(undefined);
    const milliseconds = this.#parts.writing === undefined ? Math.min(this.#parts.pollMs, atMostMs) : atMostMs;
    const timer = Number.isFinite(milliseconds) ? setTimeout(wake, milliseconds) : undefined;
    this.#waiters.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    await promise;
    clearTimeout(timer);
    this.#waiters.delete(wake);
    signal.removeEventListener('abort', wake);
  }
}

function appendOne(
  appender: Appender,
  pending: Pending,
): { readonly pending: Pending; readonly appended?: Appended; readonly error?: Error } {
  try {
    return { pending, appended: appender.append(pending.stream, pending.expected, pending.events) };
  } catch (error) {
    if (error instanceof WrongExpectedRevision) return { pending, error };
    throw error;
  }
}
