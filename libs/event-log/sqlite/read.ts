import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Family } from '#contracts';
import type { LoggedEvent } from '../src/port.ts';
import { tokenAt } from './token.ts';

/** Rows come as arrays: an object made here has a shape the reader's code is fast with, one made by the binding has not. */
type EventRow = readonly [
  stream: string,
  revision: number,
  id: string,
  type: string,
  data: Uint8Array,
  position: number,
];

const COLUMNS = 'stream, revision, id, type, data, position';

/** Reads of the log on a connection of their own. */
export class Reader {
  readonly #db: DatabaseSync;
  readonly #forward: StatementSync;
  readonly #backward: StatementSync;
  readonly #tail: StatementSync;
  readonly #head: StatementSync;
  readonly #all = new Map<string, StatementSync>();

  constructor(db: DatabaseSync) {
    this.#db = db;
    const ofStream = `select ${COLUMNS} from event where stream = ? and revision`;
    this.#forward = asArrays(db.prepare(`${ofStream} >= ? order by revision limit ?`));
    this.#backward = asArrays(db.prepare(`${ofStream} <= ? order by revision desc limit ?`));
    this.#tail = db.prepare('select max(revision) as tail from event where stream = ?');
    this.#head = db.prepare('select coalesce(max(position), 0) as head from event');
  }

  /** Events of one stream; see the port. */
  stream(
    stream: string,
    {
      from,
      limit = 1000,
      backward = false,
    }: { readonly from?: number; readonly limit?: number; readonly backward?: boolean },
  ): readonly LoggedEvent[] {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('limit must be at least 1');
    const rows = backward
      ? this.#backward.all(stream, from ?? Number.MAX_SAFE_INTEGER, limit)
      : this.#forward.all(stream, from ?? 0, limit);
    return (rows as unknown as EventRow[]).map(toEvent);
  }

  /** The stream's last revision on disk, -1 for none. */
  tail(stream: string): number {
    const { tail } = this.#tail.get(stream) as { tail: number | null };
    return tail ?? -1;
  }

  /** The last position on disk, 0 for an empty log. */
  head(): number {
    return (this.#head.get() as { head: number }).head;
  }

  /** At most `batch` events of the families after a position and up to `head`; `scanned` is where to go on. */
  all(
    families: readonly Family[],
    after: number,
    batch: number,
    head: number,
  ): { readonly events: readonly LoggedEvent[]; readonly scanned: number } {
    const rows = this.#statement(families.length).all(after, head, ...families, batch) as unknown as EventRow[];
    const last = rows.at(-1);
    return { events: rows.map(toEvent), scanned: rows.length < batch || last === undefined ? head : last[5] };
  }

  #statement(families: number): StatementSync {
    const key = String(families);
    let statement = this.#all.get(key);
    if (statement === undefined) {
      const marks = Array.from({ length: families }, () => '?').join(', ');
      const prepared = this.#db.prepare(
        `select ${COLUMNS} from event
         where position > ? and position <= ? and family in (${marks}) order by position limit ?`,
      );
      statement = asArrays(prepared);
      this.#all.set(key, statement);
    }
    return statement;
  }
}

function toEvent([stream, revision, id, type, data, position]: EventRow): LoggedEvent {
  return { stream, revision, id, type, data, token: tokenAt(position) };
}

function asArrays(statement: StatementSync): StatementSync {
  statement.setReturnArrays(true);
  return statement;
}
