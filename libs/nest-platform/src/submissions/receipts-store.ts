import { epochMs, toInstant, type Clock, type FactId, type Instant, type OrganisationId } from '#kernel';
import type { Reason } from '#contracts';
import type { Database, SqlRow, SqlSession, StoreSchema } from '#database';
import type { SubmissionResult } from '#sharing';
import { counted, NO_OUTCOMES } from './receipt.ts';
import type {
  BeginOutcome,
  Beginning,
  OutcomeCounts,
  Receipt,
  ReceiptItem,
  Receipts,
  SubmissionState,
} from './receipt.ts';

/** The tables of receipts, shared by every process that takes submissions. */
export const RECEIPTS_STORE: StoreSchema = {
  name: 'receipts',
  tables: {
    submission: {
      columns: {
        id: { type: 'text', notNull: true },
        organisation: { type: 'text', notNull: true },
        format: { type: 'text', notNull: true },
        body_hash: { type: 'text', notNull: true },
        key: { type: 'text' },
        state: { type: 'text', notNull: true },
        started_at: { type: 'text', notNull: true },
        finished_at: { type: 'text' },
        counts: { type: 'text', notNull: true },
        failure: { type: 'text' },
        token: { type: 'text' },
      },
      primaryKey: ['id'],
      unique: [['organisation', 'key']],
    },
    item: {
      columns: {
        submission: { type: 'text', notNull: true },
        place: { type: 'integer', notNull: true },
        row: { type: 'integer', notNull: true },
        outcome: { type: 'text', notNull: true },
        fact_id: { type: 'text' },
        reasons: { type: 'text' },
        repeated: { type: 'integer', notNull: true },
      },
      primaryKey: ['submission', 'place'],
    },
  },
  changes: [() => ['alter table submission add column alive_until text']],
};

/** A process that works on a submission says so this often, and is taken for dead after three times that, in milliseconds. */
const SAY_EVERY = 20_000;
const DEAD_AFTER = 3 * SAY_EVERY;

/**
 * Receipts in a database. A submission whose process died is `interrupted`: with one process at once, when it opens the store again (`alone`);
 * with several, when the dead one has said nothing for a minute.
 */
export async function openReceipts(
  database: Database,
  { clock, alone, everyMs = SAY_EVERY }: { readonly clock: Clock; readonly alone: boolean; readonly everyMs?: number },
): Promise<Receipts> {
  if (alone) await database.run(`update submission set state = 'interrupted' where state = 'running'`);
  return new StoredReceipts(database, clock, everyMs);
}

class StoredReceipts implements Receipts {
  readonly #database: Database;
  readonly #clock: Clock;
  /** Submissions that this process works on. */
  readonly #mine = new Set<string>();
  readonly #saying: NodeJS.Timeout;

  constructor(database: Database, clock: Clock, everyMs: number) {
    this.#database = database;
    this.#clock = clock;
    // A database that is away for a moment is told at the next turn.
    this.#saying = setInterval(() => void this.#say().catch(() => undefined), everyMs).unref();
  }

  begin({ id, organisation, format, bodyHash, key, at }: Beginning): Promise<BeginOutcome> {
    return this.#database.transaction(
      async (session) => {
        const inserted = await session.run(
          `insert into submission (id, organisation, format, body_hash, key, state, started_at, counts, alive_until)
         values (?, ?, ?, ?, ?, 'running', ?, ?, ?) on conflict do nothing`,
          ...[id, organisation, format, bodyHash, key ?? null, at, JSON.stringify(NO_OUTCOMES), this.#aliveUntil()],
        );
        if (inserted === 1) return this.#begun(session, organisation, id);
        const before = await session.get(
          'select * from submission where organisation = ? and key = ?',
          organisation,
          key ?? null,
        );
        if (before === undefined) throw new Error('a submission of this id is there');
        if (before['body_hash'] !== bodyHash || before['format'] !== format) return { kind: 'other-body' };
        const receipt = this.#receiptOf(before);
        if (receipt.state !== 'interrupted') return { kind: 'repeated', receipt };
        await session.run('delete from item where submission = ?', receipt.id);
        await session.run(
          `update submission set state = 'running', started_at = ?, counts = ?, failure = null, token = null, alive_until = ? where id = ?`,
          ...[at, JSON.stringify(NO_OUTCOMES), this.#aliveUntil(), receipt.id],
        );
        return this.#begun(session, organisation, receipt.id);
      },
      `${organisation} ${key ?? id}`,
    );
  }

  add(id: string, results: readonly SubmissionResult[]): Promise<void> {
    return this.#database.transaction(async (session) => {
      const row = await session.get('select counts, token from submission where id = ?', id);
      const last = await session.get('select max(place) as place from item where submission = ?', id);
      let place = Number(last?.['place'] ?? 0);
      for (const result of results) {
        const reasons = result.reasons.length === 0 ? null : JSON.stringify(result.reasons);
        await session.run(
          'insert into item (submission, place, row, outcome, fact_id, reasons, repeated) values (?, ?, ?, ?, ?, ?, ?)',
          ...[id, (place += 1), result.row, result.outcome, result.factId, reasons, result.repeated ? 1 : 0],
        );
      }
      const counts = counted(JSON.parse(String(row?.['counts'])) as OutcomeCounts, results);
      const token = results.findLast((result) => result.token !== null)?.token ?? row?.['token'] ?? null;
      await session.run(
        'update submission set counts = ?, token = ?, alive_until = ? where id = ?',
        ...[JSON.stringify(counts), token, this.#aliveUntil(), id],
      );
    });
  }

  async end(id: string, state: 'finished' | 'failed' | 'interrupted', at: Instant, failure?: Reason): Promise<void> {
    // Whether or not it can be written now: nobody works on it any more, and after a minute of silence it is interrupted.
    this.#mine.delete(id);
    await this.#database.run(
      'update submission set state = ?, finished_at = ?, failure = ? where id = ?',
      ...[state, at, failure === undefined ? null : JSON.stringify(failure), id],
    );
  }

  async find(organisation: OrganisationId, id: string): Promise<Receipt | undefined> {
    const row = await this.#database.get(
      'select * from submission where id = ? and organisation = ?',
      id,
      organisation,
    );
    return row === undefined ? undefined : this.#receiptOf(row);
  }

  async holds(id: string, factId: string): Promise<boolean> {
    const found = await this.#database.get(
      'select 1 as one from item where submission = ? and fact_id = ? limit 1',
      id,
      factId,
    );
    return found !== undefined;
  }

  async items(id: string, cursor: number, limit: number): ReturnType<Receipts['items']> {
    const rows = await this.#database.all(
      'select * from item where submission = ? and place > ? order by place limit ?',
      ...[id, cursor, limit + 1],
    );
    const items = rows.slice(0, limit).map(itemOf);
    return rows.length > limit ? { items, next: Number(rows[limit - 1]?.['place']) } : { items };
  }

  async close(): Promise<void> {
    clearInterval(this.#saying);
    await this.#database.close();
  }

  async #begun(session: SqlSession, organisation: OrganisationId, id: string): Promise<BeginOutcome> {
    this.#mine.add(id);
    const row = await session.get('select * from submission where id = ? and organisation = ?', id, organisation);
    if (row === undefined) throw new Error('receipt is gone');
    return { kind: 'begun', receipt: this.#receiptOf(row) };
  }

  async #say(): Promise<void> {
    for (const id of this.#mine) {
      await this.#database.run('update submission set alive_until = ? where id = ?', this.#aliveUntil(), id);
    }
  }

  #aliveUntil(): Instant {
    return toInstant(epochMs(this.#clock.now()) + DEAD_AFTER);
  }

  #receiptOf(row: SqlRow): Receipt {
    const state = String(row['state']) as SubmissionState;
    const aliveUntil = row['alive_until'];
    const dead = state === 'running' && typeof aliveUntil === 'string' && aliveUntil < this.#clock.now();
    return {
      id: String(row['id']),
      organisation: String(row['organisation']) as OrganisationId,
      format: String(row['format']),
      state: dead ? 'interrupted' : state,
      startedAt: String(row['started_at']) as Instant,
      ...(row['finished_at'] === null ? {} : { finishedAt: String(row['finished_at']) as Instant }),
      counts: JSON.parse(String(row['counts'])) as OutcomeCounts,
      ...(row['failure'] === null ? {} : { failure: JSON.parse(String(row['failure'])) as Reason }),
      ...(row['token'] === null ? {} : { token: String(row['token']) }),
    };
  }
}

function itemOf(row: SqlRow): ReceiptItem {
  return {
    row: Number(row['row']),
    outcome: String(row['outcome']) as ReceiptItem['outcome'],
    factId: row['fact_id'] === null ? null : (String(row['fact_id']) as FactId),
    reasons: row['reasons'] === null ? [] : (JSON.parse(String(row['reasons'])) as readonly Reason[]),
    repeated: row['repeated'] === 1,
  };
}
