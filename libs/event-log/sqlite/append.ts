import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EncodedRecord } from '#contracts';
import { familyOf, WrongExpectedRevision, type Appended, type Expected } from '../src/port.ts';
import { tokenAt } from './token.ts';

interface StreamRow {
  readonly id: number;
  tail: number;
}

/** Appends inside an open transaction; keeps the tails of streams in memory, because it is the only writer. */
export class Appender {
  readonly #insertStream: StatementSync;
  readonly #findStream: StatementSync;
  readonly #insertEvent: StatementSync;
  readonly #stored: StatementSync;
  readonly #byId: StatementSync;
  readonly #streams = new Map<string, StreamRow>();
  #touched = new Map<string, number>();
  #made: string[] = [];
  #position: number;
  #committed: number;

  constructor(db: DatabaseSync) {
    this.#insertStream = db.prepare('insert into stream (name) values (?) returning id');
    this.#findStream = db.prepare(
      'select s.id, (select max(revision) from event where stream = s.id) as tail from stream s where s.name = ?',
    );
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
    const row = this.#stream(stream);
    return row === undefined ? -1 : (this.#touched.get(stream) ?? row.tail);
  }

  /** Stores the events, or answers as before where the very same are there already; throws `WrongExpectedRevision`. */
  append(stream: string, expected: Expected, events: readonly EncodedRecord[]): Appended {
    const row = this.#stream(stream);
    const actual = row?.tail ?? -1;
    if (expected === 'exists' && row !== undefined) {
      const again = this.#again(row, events);
      if (again !== undefined) return again;
    }
    const from = expected === 'none' ? -1 : expected === 'exists' ? actual : expected;
    if (actual !== from || (expected === 'exists' && actual < 0)) {
      const before = row === undefined || expected === 'exists' ? undefined : this.#before(row, from, events);
      if (before !== undefined) return before;
      throw new WrongExpectedRevision(stream, expected, actual);
    }
    const target = row ?? this.#make(stream);
    if (!this.#touched.has(stream)) this.#touched.set(stream, target.tail);
    const family = familyOf(stream);
    for (const event of events) {
      target.tail += 1;
      this.#insertEvent.run(++this.#position, target.id, target.tail, family, event.type, event.id, event.data);
    }
    return { revision: target.tail, token: tokenAt(this.#position) };
  }

  /** The transaction is durable. */
  commit(): void {
    this.#committed = this.#position;
    this.#touched = new Map();
    this.#made = [];
  }

  /** The transaction did not happen: tails are as they were. */
  rollback(): void {
    for (const [stream, tail] of this.#touched) {
      const row = this.#streams.get(stream);
      if (row !== undefined) row.tail = tail;
    }
    for (const stream of this.#made) this.#streams.delete(stream);
    this.#touched = new Map();
    this.#made = [];
    this.#position = this.#committed;
  }

  /** True idempotency: the bytes are compared, an id alone acknowledges nothing. */
  #before(row: StreamRow, from: number, events: readonly EncodedRecord[]): Appended | undefined {
    let position = 0;
    for (const [at, event] of events.entries()) {
      const found = this.#stored.get(row.id, from + 1 + at) as
        { position: number; id: string; data: Uint8Array } | undefined;
      if (found?.id !== event.id || Buffer.compare(found.data, event.data) !== 0) return undefined;
      position = found.position;
    }
    return { revision: from + events.length, token: tokenAt(position) };
  }

  /** An append that names no revision, repeated: found by the id of its first event. */
  #again(row: StreamRow, events: readonly EncodedRecord[]): Appended | undefined {
    const found = this.#byId.get(row.id, events[0]?.id ?? '') as { revision: number } | undefined;
    return found === undefined ? undefined : this.#before(row, found.revision - 1, events);
  }

  #stream(name: string): StreamRow | undefined {
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const found = this.#findStream.get(name) as { id: number; tail: number | null } | undefined;
    if (found === undefined) return undefined;
    return this.#remember(name, { id: found.id, tail: found.tail ?? -1 });
  }

  #make(name: string): StreamRow {
    const { id } = this.#insertStream.get(name) as { id: number };
    this.#made.push(name);
    return this.#remember(name, { id, tail: -1 });
  }

  #remember(name: string, row: StreamRow): StreamRow {
    // Most streams are one fact or one look, touched once; what the open transaction touched must stay.
    if (this.#streams.size >= 50_000 && this.#touched.size === 0) this.#streams.clear();
    this.#streams.set(name, row);
    return row;
  }
}
