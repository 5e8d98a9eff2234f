import type { AllStreamResolvedEvent, ResolvedEvent } from '@eventstore/db-client';
import { FAMILIES, type Family } from '#contracts';
import { LogUnavailable, type LoggedEvent, type LogToken } from '../src/port.ts';
import type { Connection } from './connection.ts';
import { isPassing, StreamDeleted, typeOf } from './errors.ts';
import { isWanted, placed, toLogged, type PlacedEvent } from './events.ts';
import { Inbox, type Source } from './inbox.ts';
import { patiently } from './patience.ts';
import { tokenAt, type Position } from './token.ts';

/** How long reads may take, in milliseconds. */
export interface ReadLimits {
  /** Without an answer (the client itself sets reads no deadline). */
  readonly answerMs: number;
  /** Until a read that fails is no longer tried again. */
  readonly patienceMs: number;
}

const OURS: ReadonlySet<Family> = new Set(FAMILIES);
/** Steps in which the end of the log is searched for an event of ours: normally it is the last. */
const BACKWARD = [1, 64, 1024] as const;

/** Reads that end: of a stream, of a part of the log, of its end. */
export class Reader {
  readonly #connection: Connection;
  readonly #limits: ReadLimits;

  constructor(connection: Connection, limits: ReadLimits) {
    this.#connection = connection;
    this.#limits = limits;
  }

  /** Events of one stream; see the port. Throws {@link StreamDeleted} where events of it are missing. */
  async stream(
    stream: string,
    options: { readonly from?: number; readonly limit?: number; readonly backward?: boolean },
  ): Promise<readonly LoggedEvent[]> {
    const { from, limit = 1000, backward = false } = options;
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('limit must be at least 1');
    const { client, requiresLeader } = this.#connection;
    const read = () =>
      client.readStream(stream, {
        direction: backward ? 'backwards' : 'forwards',
        fromRevision: from === undefined ? (backward ? 'end' : 'start') : BigInt(from),
        maxCount: limit,
        requiresLeader,
      });
    const events = (await this.#all<ResolvedEvent>(read, stream)).map((each) => toLogged(placed(each)));
    const first = events[0]?.revision ?? 0;
    const step = backward ? -1 : 1;
    const gap = events.some(({ revision }, at) => revision !== first + at * step);
    // Truncated ($maxCount, $maxAge, $tb): a state folded from what is left would be wrong.
    if (gap || (!backward && first > (from ?? 0))) throw new StreamDeleted(stream, 'a stream has lost events');
    return events;
  }

  /** The stream's last revision, -1 for none. */
  async tail(stream: string): Promise<number> {
    const [last] = await this.stream(stream, { backward: true, limit: 1 });
    return last?.revision ?? -1;
  }

  /** The place of the log's last event, whosever it is; undefined for an empty log. `patienceMs` 0: a fault is thrown at once. */
  async end(patienceMs = this.#limits.patienceMs): Promise<Position | undefined> {
    const [last] = await this.#backward(undefined, 1, patienceMs);
    return last?.position;
  }

  /** The token of the last event of ours, null for none. */
  async head(): Promise<LogToken | null> {
    let before: Position | undefined;
    for (let step = 0; ; step++) {
      const count = BACKWARD[Math.min(step, BACKWARD.length - 1)] ?? 1;
      const events = await this.#backward(before, count, this.#limits.patienceMs);
      const found = events.find((each) => isWanted(each, OURS));
      if (found !== undefined) return tokenAt(found.position);
      if (events.length < count) return null;
      before = events.at(-1)?.position;
    }
  }

  /** At most `count` events of the whole log from a place on, the one that stands there included. */
  async forward(from: Position | undefined, count: number, patienceMs = this.#limits.patienceMs) {
    return this.#log('forwards', from ?? 'start', count, patienceMs);
  }

  /** Exclusive, as the server reads backwards. */
  #backward(before: Position | undefined, count: number, patienceMs: number) {
    return this.#log('backwards', before ?? 'end', count, patienceMs);
  }

  async #log(
    direction: 'forwards' | 'backwards',
    fromPosition: Position | 'start' | 'end',
    maxCount: number,
    patienceMs: number,
  ): Promise<readonly PlacedEvent[]> {
    const { client, requiresLeader } = this.#connection;
    const read = () => client.readAll({ direction, fromPosition, maxCount, requiresLeader });
    return (await this.#all<AllStreamResolvedEvent>(read, undefined, patienceMs)).map(placed);
  }

  async #all<Item>(
    read: () => Source,
    stream: string | undefined,
    patienceMs = this.#limits.patienceMs,
  ): Promise<readonly Item[]> {
    try {
      const { closed } = this.#connection;
      if (closed()) throw new LogUnavailable('the log is closed');
      return await patiently(patienceMs, () => collect<Item>(read(), this.#limits.answerMs), closed);
    } catch (error) {
      if (typeOf(error) === 'stream-not-found') return [];
      if (typeOf(error) === 'stream-deleted') throw new StreamDeleted(stream ?? '$all', 'a stream is tombstoned');
      if (isPassing(error) || typeOf(error) !== undefined) throw unavailable(error);
      throw error;
    }
  }
}

/** The error as callers know it; what the client said stays with it. */
export function unavailable(error: unknown): LogUnavailable {
  if (error instanceof LogUnavailable) return error;
  return new LogUnavailable(`the event log can't be used now: ${typeOf(error) ?? 'unavailable'}`, { cause: error });
}

async function collect<Item>(source: Source, answerMs: number): Promise<readonly Item[]> {
  const inbox = new Inbox<Item>(source);
  const items: Item[] = [];
  try {
    for (;;) {
      const item = inbox.take();
      if (item !== undefined) items.push(item);
      else if (inbox.ended) return items;
      else if (!(await inbox.wait(answerMs))) throw new LogUnavailable('the event log does not answer');
    }
  } catch (error) {
    inbox.close();
    throw error;
  }
}
