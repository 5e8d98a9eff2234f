import type { EncodedRecord } from '#contracts';
import {
  LogFailed,
  type Appended,
  type EventLog,
  type Expected,
  type LoggedEvent,
  type LogToken,
  type ReadAll,
  type SubscriptionBatch,
} from '../src/port.ts';
import { validateAppend } from '../src/validate.ts';
import { Appender, type AppendLimits } from './append.ts';
import type { Connection } from './connection.ts';
import { Pulse } from './pulse.ts';
import { Reader, type ReadLimits } from './read.ts';
import { readAll, type ReadAllLimits } from './read-all.ts';
import { subscribe, type SubscribeLimits } from './subscribe.ts';
import { comparePositions, positionOf } from './token.ts';

/** How long everything may take. */
export type LogLimits = AppendLimits & ReadLimits & ReadAllLimits & SubscribeLimits;

/** The log on a server (design §4.2). */
export class EventStoreLog implements EventLog {
  readonly #connection: Connection;
  readonly #limits: LogLimits;
  readonly #reader: Reader;
  readonly #appender: Appender;
  readonly #pulse: Pulse;
  readonly #waking = new Set<() => void>();
  #closing = false;
  #closed = false;

  constructor(connection: Connection, limits: LogLimits) {
    this.#connection = connection;
    this.#limits = limits;
    this.#reader = new Reader(connection, limits);
    this.#appender = new Appender(connection, this.#reader, limits);
    this.#pulse = new Pulse(this.#reader);
  }

  async append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Promise<Appended> {
    validateAppend(stream, expected, events);
    if (this.#closing) throw new LogFailed('the log is not open for writing');
    const appended = await this.#appender.append(stream, expected, events);
    const place = positionOf(appended.token);
    if (place !== undefined) this.#pulse.reached(place);
    return appended;
  }

  readStream(
    stream: string,
    options: { readonly from?: number; readonly limit?: number; readonly backward?: boolean } = {},
  ): Promise<readonly LoggedEvent[]> {
    return this.#reader.stream(stream, options);
  }

  tail(stream: string): Promise<number> {
    return this.#reader.tail(stream);
  }

  readAll(read: ReadAll): AsyncIterable<readonly LoggedEvent[]> {
    return readAll({ connection: this.#connection, reader: this.#reader, limits: this.#limits }, read);
  }

  subscribe(read: ReadAll & { readonly signal: AbortSignal }): AsyncIterable<SubscriptionBatch> {
    const parts = {
      connection: this.#connection,
      reader: this.#reader,
      pulse: this.#pulse,
      limits: this.#limits,
      closed: () => this.#closed,
      onOpen: (wake: () => void) => {
        this.#waking.add(wake);
        return () => void this.#waking.delete(wake);
      },
    };
    return subscribe(parts, read);
  }

  head(): Promise<LogToken | null> {
    return this.#reader.head();
  }

  compare(a: LogToken, b: LogToken): number {
    return comparePositions(positionOf(a), positionOf(b));
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    await this.#appender.settled();
    this.#closed = true;
    for (const wake of this.#waking) wake();
    await this.#connection.close();
  }
}
