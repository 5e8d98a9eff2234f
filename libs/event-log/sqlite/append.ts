import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EncodedRecord } from '#contracts';
import { familyOf, WrongExpectedRevision, type Appended, type Expected } from '../src/port.ts';
import { tokenAt } from './token.ts';

/** So many streams' tails are kept in memory, about 10 MB. */
const MOST_TAILS = 50_000;

/** Appends inside an open transaction; keeps the tails of streams in memory, because it is the only writer. */
export class Appender {
  readonly #findTail: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #stored: StatementSync;
  readonly #byId: StatementSync;
  /** Last revisions, those of the open transaction included; -1 for a stream without events. */
  readonly #tails = new Map<string, number>();
  /** What the tails were before the open transaction. */
  readonly #before = new Map<string, number>();
  #position: number;
  #committed: number;

  constructor(db: DatabaseSync) {
    this.#begin = db.prepare('begin immediate');
    this.#commit = db.prepare('commit');
    this.#findTail = db.prepare('select max(revision) as tail from event where stream = ?');
    this.#insertEvent = db.prepare(
      'insert into event (position, stream, revision, family, type, id, data) values (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#stored = db.prepare('select position, id, data from event where stream = ? and revision = ?');
    this.#byId = db.prepare('select revision from event where stream = ? and id = ? order by revision limit 1');
    const { last } = db.prepare('select coalesce(max(position), 0) as last from event').get() as { last: number };
    this.#position = last;
    this.#committed = last;
  }

  /** Position of the last event that is durable; 0 for an empty log. */
  get committed(): number {
    return this.#committed;
  }

  /** The stream's last revision as acknowledged, -1 for none. */
  tail(stream: string): number {
    return this.#before.get(stream) ?? this.#tail(stream);
  }

  /** Stores the events, or answers as before where the very same are there already; throws `WrongExpectedRevision`. */
  append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Appended {
    const actual = this.#tail(stream);
    if (expected === 'exists' && actual >= 0) {
      const again = this.#again(stream, events);
      if (again !== undefined) return again;
    }
    const from = expected === 'none' ? -1 : expected === 'exists' ? actual : expected;
    if (actual !== from || (expected === 'exists' && actual < 0)) {
      const stored = actual < 0 || expected === 'exists' ? undefined : this.#same(stream, from, events);
      if (stored !== undefined) return stored;
      throw new WrongExpectedRevision(stream, expected, actual);
    }
    if (!this.#before.has(stream)) this.#before.set(stream, actual);
    const family = familyOf(stream);
    let revision = actual;
    for (const { type, id, data } of events) {
      revision += 1;
      this.#insertEvent.run(++this.#position, stream, revision, family, type, id, data);
    }
    this.#tails.set(stream, revision);
    return { revision, token: tokenAt(this.#position) };
  }

  /** Opens the transaction that `append` works in. */
  begin(): void {
    this.#begin.run();
  }

  /** Makes the transaction durable; throws where nobody knows whether it is. */
  commit(): void {
    this.#commit.run();
    this.#committed = this.#position;
    this.#before.clear();
  }

  /** The transaction did not happen: tails are as they were. */
  rollback(): void {
    for (const [stream, tail] of this.#before) this.#tails.set(stream, tail);
    this.#before.clear();
    this.#position = this.#committed;
  }

  /** True idempotency: the bytes are compared, an id alone acknowledges nothing. */
  #same(stream: string, from: number, events: readonly EncodedRecord[]): Appended | undefined {
    let position = 0;
    for (const [at, event] of events.entries()) {
      const found = this.#stored.get(stream, from + 1 + at) as
        { position: number; id: string; data: Uint8Array } | undefined;
      if (found?.id !== event.id || Buffer.compare(found.data, event.data) !== 0) return undefined;
      position = found.position;
    }
    return { revision: from + events.length, token: tokenAt(position) };
  }

  /** An append that names no revision, repeated: found by the id of its first event. */
  #again(stream: string, events: readonly EncodedRecord[]): Appended | undefined {
    const found = this.#byId.get(stream, events[0]?.id ?? '') as { revision: number } | undefined;
    return found === undefined ? undefined : this.#same(stream, found.revision - 1, events);
  }

  #tail(stream: string): number {
    const known = this.#tails.get(stream);
    if (known !== undefined) return known;
    const { tail } = this.#findTail.get(stream) as { tail: number | null };
    // Most streams are one fact or one look, touched once; what the open transaction touched must stay.
    if (this.#tails.size >= MOST_TAILS && this.#before.size === 0) this.#tails.clear();
    this.#tails.set(stream, tail ?? -1);
    return tail ?? -1;
  }
}
