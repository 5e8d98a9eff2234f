import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Revision of a tombstone, which the server calls 2^63-1. */
export const TOMBSTONE = Number.MAX_SAFE_INTEGER;

/** What an append asks of the stream. */
export type DoubleExpected = number | 'any' | 'none' | 'exists';

/** An event to be stored. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event as stored; positions are commit and prepare at once, as for everything that is written today. */
export interface RecordedDoubleEvent extends ProposedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  /** Unix time in 100 ns. */
  readonly created: string;
}

/** What became of an append. */
export type Outcome =
  | { readonly kind: 'appended'; readonly revision: number; readonly position: number }
  | { readonly kind: 'wrong'; readonly actual: number }
  | { readonly kind: 'deleted' };

/** Why a stream can't be read. */
export type Missing = 'no-stream' | 'deleted';

type Row = readonly [number, string, number, string, string, number, Uint8Array, Uint8Array, string];
const COLUMNS = 'position, stream, revision, id, type, json, metadata, data, created';
const SCHEMA = `create table if not exists event (
  position integer primary key, stream text not null, revision integer not null, id text not null, type text not null,
  json integer not null, metadata blob not null, data blob not null, created text not null
) strict;
create unique index if not exists event_by_stream on event (stream, revision);`;
/** `$tb` of a soft-deleted stream: 2^63-1, which JSON of the server spells out. */
const SOFT_DELETED = '9223372036854775807';
/** The events a new server has: something that must never come out of a log of ours. */
const FIRST = [
  ['$$$settings', '$metadata', '{"$acl":{"$r":"$all"}}'],
  ['$users', '$UserCreated', '"admin"'],
  ['$user-admin', '$UserCreated', '{"loginName":"admin"}'],
] as const;

/** What the double stores: in memory, or in a file that outlives a `kill -9`. */
export class DoubleStore {
  readonly #db: DatabaseSync;
  readonly #clock: () => number;
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  readonly #at: StatementSync;
  readonly #byId: StatementSync;
  readonly #forward: StatementSync;
  readonly #backward: StatementSync;
  readonly #allForward: StatementSync;
  readonly #allBackward: StatementSync;
  readonly #listeners = new Set<() => void>();
  #writes: { readonly work: () => unknown; readonly done: (result: unknown) => void }[] = [];
  #scheduled = false;
  #next: number;

  /** `clock`: milliseconds since 1970. */
  constructor(path: string, clock: () => number) {
    this.#db = new DatabaseSync(path, { timeout: 5000 });
    this.#clock = clock;
    this.#db.exec('pragma journal_mode = wal; pragma synchronous = normal;');
    this.#db.exec(SCHEMA);
    const prepare = (sql: string) => {
      const statement = this.#db.prepare(sql);
      statement.setReturnArrays(true);
      return statement;
    };
    this.#insert = this.#db.prepare(`insert into event (${COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#last = prepare('select max(revision) from event where stream = ?');
    this.#at = prepare(`select ${COLUMNS} from event where stream = ? and revision = ?`);
    this.#byId = prepare('select revision from event where stream = ? and id = ? order by revision limit 1');
    const ofStream = `select ${COLUMNS} from event where stream = ? and revision`;
    this.#forward = prepare(`${ofStream} >= ? order by revision limit ?`);
    this.#backward = prepare(`${ofStream} between ? and ? order by revision desc limit ?`);
    this.#allForward = prepare(`select ${COLUMNS} from event where position >= ? order by position limit ?`);
    this.#allBackward = prepare(`select ${COLUMNS} from event where position < ? order by position desc limit ?`);
    this.#next = 0;
    const [last] = this.#rows(this.#allBackward, Number.MAX_SAFE_INTEGER, 1);
    if (last !== undefined) this.#next = last.position + sizeOf(last);
    else for (const [stream, type, data] of FIRST) this.#put(stream, 0, system(type, data));
  }

  /** Runs a write with others in one transaction; resolves when it is durable. */
  write<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      this.#writes.push({ work, done: resolve as (result: unknown) => void });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /** Inside `write`: what the server decides about an append, and does. */
  append(stream: string, expected: DoubleExpected, events: readonly ProposedEvent[]): Outcome {
    const actual = this.tail(stream);
    if (actual === TOMBSTONE) return { kind: 'deleted' };
    const soft = this.#truncatedBefore(stream) === SOFT_DELETED;
    if (expected === 'exists' && (soft || actual < 0)) return soft ? { kind: 'deleted' } : { kind: 'wrong', actual };
    const from = expected === 'none' ? -1 : typeof expected === 'number' ? expected : actual;
    const repeated = this.#repeated(stream, typeof expected === 'string' && expected !== 'none', from, actual, events);
    if (repeated === 'corrupt') return { kind: 'wrong', actual };
    if (repeated !== undefined) return repeated;
    if (from !== actual && !(soft && expected === 'none')) return { kind: 'wrong', actual };
    let position = this.#next;
    for (const [at, event] of events.entries()) position = this.#put(stream, actual + 1 + at, event);
    if (soft) this.#setMetadata(stream, `{"$tb":${actual + 1}}`);
    return { kind: 'appended', revision: actual + events.length, position };
  }

  /** Inside `write`: a soft delete, or for ever. */
  delete(stream: string, expected: DoubleExpected, forEver: boolean): Outcome {
    const actual = this.tail(stream);
    if (actual === TOMBSTONE) return { kind: 'deleted' };
    const from = expected === 'none' ? -1 : typeof expected === 'number' ? expected : actual;
    if (from !== actual) return { kind: 'wrong', actual };
    const position = forEver
      ? this.#put(stream, TOMBSTONE, { ...system('$streamDeleted', ''), json: false })
      : this.#setMetadata(stream, `{"$tb":${SOFT_DELETED}}`);
    return { kind: 'appended', revision: actual, position };
  }

  /** The last revision, -1 for none, `TOMBSTONE` where it was deleted for ever. */
  tail(stream: string): number {
    const [tail] = this.#last.get(stream) as unknown as readonly [number | null];
    return tail ?? -1;
  }

  /** A page of one stream, or why there is none. `from` undefined: the end, backwards. */
  stream(stream: string, from: number | undefined, count: number, backward: boolean) {
    const tail = this.tail(stream);
    if (tail === TOMBSTONE) return 'deleted' satisfies Missing;
    const before = this.#truncatedBefore(stream);
    if (tail < 0 || before === SOFT_DELETED) return 'no-stream' satisfies Missing;
    const first = Number(before ?? 0);
    return backward
      ? this.#rows(this.#backward, stream, first, from ?? tail, count)
      : this.#rows(this.#forward, stream, Math.max(first, from ?? 0), count);
  }

  /** A page of the whole log: forwards from a position on, that included; backwards before it. */
  all(from: number, count: number, backward: boolean): readonly RecordedDoubleEvent[] {
    return this.#rows(backward ? this.#allBackward : this.#allForward, from, count);
  }

  /** Where the next event will stand. */
  get end(): number {
    return this.#next;
  }

  /** Calls when something was committed; the answer ends that. */
  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Inside `write`: removes the events of streams that begin so, as a scavenge does with what has outlived its age. */
  scavenge(prefix: string): void {
    this.#db.prepare("delete from event where stream like ? || '%'").run(prefix);
  }

  close(): void {
    if (this.#scheduled) this.#flush();
    this.#db.close();
  }

  /**
   * The server's idempotency: by id, never by bytes. With an exact revision the ids at the expected places; else the ids anywhere in the
   * stream.
   */
  #repeated(
    stream: string,
    anywhere: boolean,
    from: number,
    actual: number,
    events: readonly ProposedEvent[],
  ): Outcome | 'corrupt' | undefined {
    if (events.length === 0 || (!anywhere && from >= actual)) return undefined;
    let last: { readonly revision: number; readonly position: number } | undefined;
    for (const [at, { id }] of events.entries()) {
      const found = anywhere ? this.#find(stream, id) : this.#rows(this.#at, stream, from + 1 + at)[0];
      if (found?.id !== id) return at === 0 ? undefined : 'corrupt';
      last = found;
    }
    return last === undefined ? undefined : { kind: 'appended', revision: last.revision, position: last.position };
  }

  #find(stream: string, id: string): RecordedDoubleEvent | undefined {
    const [revision] = (this.#byId.get(stream, id) ?? []) as unknown as readonly number[];
    return revision === undefined ? undefined : this.#rows(this.#at, stream, revision)[0];
  }

  #truncatedBefore(stream: string): string | undefined {
    if (stream.startsWith('$$')) return undefined;
    const [last] = this.#rows(this.#backward, `$$${stream}`, 0, TOMBSTONE, 1);
    return last === undefined ? undefined : /"\$tb":(\d+)/.exec(Buffer.from(last.data).toString())?.[1];
  }

  #setMetadata(stream: string, json: string): number {
    return this.#put(`$$${stream}`, this.tail(`$$${stream}`) + 1, system('$metadata', json));
  }

  #put(stream: string, revision: number, { id, type, json, data, metadata }: ProposedEvent): number {
    const position = this.#next;
    // .NET's ticks have 100 ns; more than the clock gives.
    const created = String(this.#clock() * 10_000);
    this.#insert.run(position, stream, revision, id, type, json ? 1 : 0, metadata, data, created);
    this.#next += sizeOf({ stream, type, data, metadata });
    return position;
  }

  #rows(statement: StatementSync, ...parameters: (string | number)[]): readonly RecordedDoubleEvent[] {
    return (statement.all(...parameters) as unknown as Row[]).map(
      ([position, stream, revision, id, type, json, metadata, data, created]) => ({
        position,
        stream,
        revision,
        id,
        type,
        json: json === 1,
        metadata,
        data,
        created,
      }),
    );
  }

  #flush(): void {
    this.#scheduled = false;
    const writes = this.#writes;
    this.#writes = [];
    this.#db.exec('begin immediate');
    const results = writes.map(({ work }) => work());
    this.#db.exec('commit');
    for (const [at, { done }] of writes.entries()) done(results[at]);
    for (const listener of this.#listeners) listener();
  }
}

/** Roughly what a record takes in the server's log: positions are byte offsets, with gaps. */
function sizeOf({ stream, type, data, metadata }: Pick<RecordedDoubleEvent, 'stream' | 'type' | 'data' | 'metadata'>) {
  return 90 + stream.length + type.length + data.byteLength + metadata.byteLength;
}

function system(type: string, json: string): ProposedEvent {
  return { id: crypto.randomUUID(), type, json: true, data: Buffer.from(json), metadata: new Uint8Array() };
}
