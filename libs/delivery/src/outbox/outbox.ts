import type { Instant, OrganisationId, RecordId } from '#kernel';
import type { Database } from '#database';
import type { LogToken } from '#event-log';
import { PlaceMoved, type OutboxRow, type OutboxSignal, type Settled, type TriedState } from './model.ts';
import { insertAll, rowOf, settleAlike } from './rows.ts';

export * from './model.ts';

/** The signals that wait, were sent or given up, with the place in the log they were taken in up to: one transaction for both. */
export class Outbox {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** How far the log was taken in; null for nothing yet. */
  async place(): Promise<LogToken | null> {
    const row = await this.#database.get('select token from place where id = 1');
    return row === undefined ? null : (String(row['token']) as LogToken);
  }

  /** Stores signals in this order and moves the place, both or neither; a signal that is there stays as it is. Throws {@link PlaceMoved}. */
  take(signals: readonly OutboxSignal[], from: LogToken | null, to: LogToken, now: Instant): Promise<void> {
    return this.#database.transaction(async (session) => {
      const moved =
        from === null
          ? await session.run('insert into place (id, token) values (1, ?) on conflict (id) do nothing', to)
          : await session.run('update place set token = ? where id = 1 and token = ?', to, from);
      if (moved !== 1) throw new PlaceMoved('PLACE_MOVED');
      const last = await session.get('select coalesce(max(seq), 0) as seq from signal');
      await insertAll(session, signals, Number(last?.['seq'] ?? 0), now);
    }, 'take');
  }

  /** Signals of a subscription whose turn it is, in order: due, and with nothing of the same key that still waits for a later time before them. */
  async due(subscription: string, now: Instant, limit: number): Promise<readonly OutboxRow[]> {
    // By `coalesce`, which changes nothing, no index on the time is taken: it would find and sort everything that waits for each call.
    const rows = await this.#database.all(
      `select * from signal as s where subscription = ? and state = 'waiting' and coalesce(due_at, '') <= ?
         and not exists (select 1 from signal as e where e.subscription = s.subscription and e.key = s.key
           and e.state = 'waiting' and e.seq < s.seq and e.due_at > ?)
       order by seq limit ?`,
      ...[subscription, now, now, limit],
    );
    return rows.map(rowOf);
  }

  /** The signal belongs to another child by now. */
  async rekey(id: string, key: string): Promise<void> {
    await this.#database.run(`update signal set key = ? where id = ? and state = 'waiting'`, key, id);
  }

  /** When the next one that waits is due; undefined where none waits. */
  async nextDue(): Promise<Instant | undefined> {
    const row = await this.#database.get(`select min(due_at) as due from signal where state = 'waiting'`);
    return typeof row?.['due'] === 'string' ? (row['due'] as Instant) : undefined;
  }

  /** Writes what came of attempts, all or none. */
  settle(settled: readonly Settled[]): Promise<void> {
    return this.#database.transaction(async (session) => {
      const alike = Map.groupBy(settled, (each) => JSON.stringify({ ...each, id: undefined }));
      for (const some of alike.values()) {
        const [first] = some;
        const ids = some.map(({ id }) => id);
        if (first !== undefined) await settleAlike(session, ids, first);
      }
    });
  }

  /** One signal of an organisation. */
  async find(organisation: OrganisationId, id: string): Promise<OutboxRow | undefined> {
    const row = await this.#database.get('select * from signal where id = ? and organisation = ?', id, organisation);
    return row === undefined ? undefined : rowOf(row);
  }

  /**
   * What was sent, or tried to be, for a subscription, newest first, before `before` (a `seq`). What was never tried was never allowed out, and
   * what policy withheld is not there: a list of either would tell of what its reader may not know.
   */
  async list(
    subscription: string,
    { state, before, limit }: { readonly state?: TriedState; readonly before?: number; readonly limit: number },
  ): Promise<readonly OutboxRow[]> {
    const rows = await this.#database.all(
      `select * from signal where subscription = ? and seq < ? and state <> 'withheld'
         and (attempts > 0 or code in ('not-tried', 'replayed')) ${state === undefined ? '' : 'and state = ?'} order by seq desc limit ?`,
      ...[subscription, before ?? Number.MAX_SAFE_INTEGER, ...(state === undefined ? [] : [state]), limit],
    );
    return rows.map(rowOf);
  }

  /** Dead letters wait again, at once: one, or all of the subscription. How many. */
  replay(subscription: string, now: Instant, id?: string): Promise<number> {
    return this.#database.run(
      `update signal set state = 'waiting', attempts = 0, due_at = ?, settled_at = null, code = 'replayed'
       where subscription = ? and state = 'dead'${id === undefined ? '' : ' and id = ?'}`,
      ...[now, subscription, ...(id === undefined ? [] : [id])],
    );
  }

  /** A subscription is over: what waited is dropped. */
  drop(subscription: string): Promise<number> {
    return this.#database.run(
      `delete from signal where subscription = ? and state in ('waiting', 'dead')`,
      subscription,
    );
  }

  /** Everything about a record, whatever became of it. How many rows. */
  async erase(record: RecordId): Promise<number> {
    const erased = await this.#database.run('delete from signal where record = ?', record);
    await this.#database.forget();
    return erased;
  }

  /** Forgets what was settled before a time, and what has been due since then: for a subscription that is off nothing is kept for ever. */
  prune(before: Instant): Promise<number> {
    return this.#database.run(
      `delete from signal where (state <> 'waiting' and settled_at is not null and settled_at < ?)
         or (state = 'waiting' and due_at < ?)`,
      before,
      before,
    );
  }

  /** How many wait, how many are given up, and since when the oldest one waits. */
  async standing(): Promise<{ readonly waiting: number; readonly dead: number; readonly oldest: Instant | null }> {
    const row = await this.#database.get(
      `select coalesce(sum(case when state = 'waiting' then 1 else 0 end), 0) as waiting,
         coalesce(sum(case when state = 'dead' then 1 else 0 end), 0) as dead,
         min(case when state = 'waiting' then taken_at end) as oldest from signal where state in ('waiting', 'dead')`,
    );
    const oldest = row?.['oldest'];
    return {
      waiting: Number(row?.['waiting'] ?? 0),
      dead: Number(row?.['dead'] ?? 0),
      oldest: typeof oldest === 'string' ? (oldest as Instant) : null,
    };
  }
}
