import { leafHash, uuidOfHash } from '#kernel';
import type { EncodedRecord } from '#contracts';
import {
  AppendInDoubt,
  InvalidAppend,
  WrongExpectedRevision,
  type Appended,
  type Expected,
  type LoggedEvent,
} from '../src/port.ts';
import { binaryEvent } from './binary-event.ts';
import type { Connection } from './connection.ts';
import { isPassing, StreamDeleted, typeOf } from './errors.ts';
import { Gate, type InFlight } from './gate.ts';
import { patiently } from './patience.ts';
import { unavailable, type Reader } from './read.ts';
import { tokenAt, type Position } from './token.ts';

/** What appends may cost. */
export interface AppendLimits {
  readonly inFlight: InFlight;
  /** Until one call is given up, in milliseconds. */
  readonly deadlineMs: number;
  /** Until an append in doubt is no longer repeated, in milliseconds. */
  readonly patienceMs: number;
}

/** Where an append without an exact revision gives up against others who keep coming first. */
const MOST_RACES = 100;
/** What the server answers where it does not know a place any more. */
const NOWHERE = 2n ** 64n - 1n;

interface Answer {
  readonly revision: number;
  readonly position: Position | undefined;
}

/**
 * Appends over the unary call. An append in doubt is repeated with the same bytes and the same expectation, which the server answers as
 * before where it had stored them; identical appends that are on their way at once are one call, because the server would let one of them
 * time out.
 *
 * The server acknowledges an id that it knows without comparing bytes. Ids of the hub are made from the bytes, which is checked here (one
 * hash an event, no call): then the acknowledgement is of these bytes. For other ids the events are read back after it and compared.
 */
export class Appender {
  readonly #connection: Connection;
  readonly #reader: Reader;
  readonly #limits: AppendLimits;
  readonly #gate: Gate;
  readonly #onTheWay = new Map<string, Promise<Appended>>();

  constructor(connection: Connection, reader: Reader, limits: AppendLimits) {
    this.#connection = connection;
    this.#reader = reader;
    this.#limits = limits;
    this.#gate = new Gate(limits.inFlight);
  }

  /** Appends what `validateAppend` let through; see the port for what it throws, and {@link StreamDeleted}. */
  append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Promise<Appended> {
    const hashes = events.map(({ data }) => leafHash(data));
    const parts = events.map(({ id, type }, at) => [id, type, Buffer.from(hashes[at] ?? []).toString('base64')]);
    const key = JSON.stringify([stream, expected, parts]);
    const same = this.#onTheWay.get(key);
    if (same !== undefined) return same;
    const trusted = events.every(({ id }, at) => uuidOfHash(hashes[at] ?? new Uint8Array()) === id);
    const appending = this.#append(stream, expected, events, trusted).finally(() => this.#onTheWay.delete(key));
    this.#onTheWay.set(key, appending);
    return appending;
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#onTheWay.size > 0) await Promise.allSettled(this.#onTheWay.values());
  }

  async #append(
    stream: string,
    expected: Expected,
    events: readonly EncodedRecord[],
    trusted: boolean,
  ): Promise<Appended> {
    const bytes = events.reduce((sum, { data }) => sum + data.byteLength, 0);
    await this.#gate.enter(bytes);
    try {
      return expected === 'exists'
        ? await this.#toExisting(stream, events)
        : await this.#exactly(stream, expected, events, trusted);
    } finally {
      this.#gate.leave(bytes);
    }
  }

  async #exactly(
    stream: string,
    expected: number | 'none',
    events: readonly EncodedRecord[],
    trusted: boolean,
  ): Promise<Appended> {
    const { revision, position } = await this.#call(stream, expected, events);
    const before = expected === 'none' ? -1 : expected;
    if (revision !== before + events.length) throw new StreamDeleted(stream, 'a stream does not begin where it did');
    if (trusted && position !== undefined) return { revision, token: tokenAt(position) };
    const stored = await this.#reader.stream(stream, { from: before + 1, limit: events.length });
    const last = stored.at(-1);
    if (last !== undefined && areSame(stored, events)) return { revision, token: last.token };
    throw new WrongExpectedRevision(stream, expected, await this.#reader.tail(stream));
  }

  /**
   * The server knows no repeated append that names no revision once it has restarted. So it is looked for in the stream, and then appended
   * at the exact end: streams that are appended to in this way are short.
   */
  async #toExisting(stream: string, events: readonly EncodedRecord[]): Promise<Appended> {
    for (let race = 1; ; race++) {
      const { stored, tail } = await this.#find(stream, events);
      if (stored !== undefined) return stored;
      if (tail < 0) throw new WrongExpectedRevision(stream, 'exists', tail);
      try {
        // What stands at the end was just read: an acknowledgement that is none would need the same id from somebody else just now.
        return await this.#exactly(stream, tail, events, false);
      } catch (error) {
        if (!(error instanceof WrongExpectedRevision) || race === MOST_RACES) throw error;
      }
    }
  }

  async #find(
    stream: string,
    events: readonly EncodedRecord[],
  ): Promise<{ readonly stored?: Appended; readonly tail: number }> {
    const all: LoggedEvent[] = [];
    for (;;) {
      const page = await this.#reader.stream(stream, { from: all.length });
      all.push(...page);
      if (page.length < 1000) break;
    }
    const first = all.findIndex(({ id }) => id === events[0]?.id);
    const stored = first < 0 ? [] : all.slice(first, first + events.length);
    const last = stored.at(-1);
    const tail = all.length - 1;
    if (last === undefined || !areSame(stored, events)) return { tail };
    return { stored: { revision: last.revision, token: last.token }, tail };
  }

  async #call(stream: string, expected: number | 'none', events: readonly EncodedRecord[]): Promise<Answer> {
    const { client, credentials, requiresLeader } = this.#connection;
    const expectedRevision = expected === 'none' ? 'no_stream' : BigInt(expected);
    const options = { expectedRevision, credentials, requiresLeader, deadline: this.#limits.deadlineMs } as const;
    const data = events.map(binaryEvent);
    try {
      const answer = await patiently(this.#limits.patienceMs, () =>
        withinTime(client.appendToStream(stream, data, options), this.#limits.deadlineMs * 1.5),
      );
      const { nextExpectedRevision, position } = answer;
      const known = position !== undefined && position.commit !== NOWHERE ? position : undefined;
      return { revision: Number(nextExpectedRevision), position: known };
    } catch (error) {
      throw asAppendError(error, stream, expected);
    }
  }
}

function areSame(stored: readonly LoggedEvent[], events: readonly EncodedRecord[]): boolean {
  return events.every(({ id, data }, at) => {
    const found = stored[at];
    return found?.id === id && Buffer.compare(found.data, data) === 0;
  });
}

function asAppendError(error: unknown, stream: string, expected: Expected): unknown {
  if (isPassing(error)) return new AppendInDoubt('nobody knows whether it was stored', { cause: error });
  switch (typeOf(error)) {
    case 'wrong-expected-version': {
      const { actualVersion } = error as { readonly actualVersion?: unknown };
      return new WrongExpectedRevision(
        stream,
        expected,
        typeof actualVersion === 'bigint' ? Number(actualVersion) : -1,
      );
    }
    case 'stream-deleted':
      return new StreamDeleted(stream, 'a stream is tombstoned');
    case 'maximum-append-size-exceeded':
      return new InvalidAppend('the append is larger than the server takes');
    case undefined:
      return error;
    default:
      return unavailable(error);
  }
}

/** The client's own deadline covers the call only; an answer that is neither yes nor no would never come back from it. */
async function withinTime<Result>(promise: Promise<Result>, milliseconds: number): Promise<Result> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new AppendInDoubt('the server does not answer')), milliseconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
