import type { FactId, RecordId } from '#kernel';
import type { Database, SqlSession } from '#database';
import { ERASING } from './child-streams.ts';
import { textOf, textOrNull } from './texts.ts';

/** What is remembered of a submission, so that the same item is known again and another body under its id is refused (design §3.2). */
export interface SubmissionRow {
  /** `uuidv5(organisation, CloudEvents id)`. */
  readonly submissionId: string;
  /** Null where no record was resolved; then the mac is a look-up hash. */
  readonly recordId: RecordId | null;
  readonly factId: FactId;
  /** HMAC of the body under the record's key, so that it means nothing once the key is gone. */
  readonly bodyMac: string;
  readonly outcome: string;
}

/** The deletable table of submissions. */
export interface Submissions {
  find(submissionId: string): Promise<SubmissionRow | undefined>;
  /**
   * Keeps or replaces a row, unless its record is erased. A published item's is in the table a moment later, because a publisher finds it again
   * from the log where a crash, or another process, did not see it; others' when this answers.
   */
  keep(row: SubmissionRow): Promise<void>;
  /** The set-aside items that are known to be of a record. */
  quarantinedOf(record: RecordId): Promise<readonly FactId[]>;
  /** Drops a row: of a quarantined item at its end. */
  forget(submissionId: string): Promise<void>;
}

const MOST_WAITING = 512;
/** Milliseconds. A published item is found again from its sealed words, so its row may wait; of others the row alone knows the body. */
const PUBLISHED_WAITS = 250;
/** So many rows a statement, so that few statements have to be planned. */
const SIZES = [64, 8, 1] as const;

/** Keeps rows in memory for a moment, so that one commit carries many. */
export class SubmissionTable implements Submissions {
  readonly #database: Database;
  readonly #waiting = new Map<string, SubmissionRow>();
  #scheduled: NodeJS.Timeout | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  async find(submissionId: string): Promise<SubmissionRow | undefined> {
    const waiting = this.#waiting.get(submissionId);
    if (waiting !== undefined) return waiting;
    const row = await this.#database.get('select * from submission where submission_id = ?', submissionId);
    if (row === undefined) return undefined;
    return {
      submissionId,
      recordId: textOrNull(row, 'record_id') as RecordId | null,
      factId: textOf(row, 'fact_id') as FactId,
      bodyMac: textOf(row, 'body_mac'),
      outcome: textOf(row, 'outcome'),
    };
  }

  async keep(row: SubmissionRow): Promise<void> {
    this.#waiting.set(row.submissionId, row);
    if (row.outcome !== 'published' || this.#waiting.size >= MOST_WAITING) await this.flush();
    else this.#flushSoon();
  }

  async quarantinedOf(record: RecordId): Promise<readonly FactId[]> {
    await this.flush();
    const rows = await this.#database.all(
      "select fact_id from submission where record_id = ? and outcome = 'quarantined'",
      record,
    );
    return rows.map((row) => textOf(row, 'fact_id') as FactId);
  }

  async forget(submissionId: string): Promise<void> {
    await this.flush();
    await this.#database.relaxed((session) =>
      session.run('delete from submission where submission_id = ?', submissionId),
    );
  }

  /** Writes what waits. Where that fails it goes on waiting. */
  flush(): Promise<void> {
    // One after another: whoever comes while one writes finds nothing left.
    const mine = this.#flushing.then(() => this.#write());
    this.#flushing = mine.catch(() => undefined);
    return mine;
  }

  async #write(): Promise<void> {
    clearTimeout(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#waiting.size === 0) return;
    const rows = [...this.#waiting.values()];
    await this.#database.relaxed(async (session) => {
      for (let from = 0; from < rows.length;) {
        const size = SIZES.find((each) => each <= rows.length - from) ?? 1;
        await put(session, rows.slice(from, from + size));
        from += size;
      }
    }, ERASING);
    for (const row of rows) if (this.#waiting.get(row.submissionId) === row) this.#waiting.delete(row.submissionId);
  }

  #flushSoon(): void {
    // The next one to be kept, or who asks for them, hears of a database that is away.
    this.#scheduled ??= setTimeout(() => void this.flush().catch(() => this.#flushSoon()), PUBLISHED_WAITS).unref();
  }
}

/** A record that was erased while its row waited gets none: nothing would delete it. */
async function put(session: SqlSession, rows: readonly SubmissionRow[]): Promise<void> {
  await session.run(
    `insert into submission (submission_id, record_id, fact_id, body_mac, outcome)
     select column1, column2, column3, column4, column5 from (values ${rows.map(() => '(?, ?, ?, ?, ?)').join(', ')}) as kept
     where column2 is null or exists (select 1 from link where record_id = column2)
       or exists (select 1 from moving where record_id = column2)
     on conflict (submission_id) do update set record_id = excluded.record_id, fact_id = excluded.fact_id,
       body_mac = excluded.body_mac, outcome = excluded.outcome`,
    ...rows.flatMap(({ submissionId, recordId, factId, bodyMac, outcome }) => [
      submissionId,
      recordId,
      factId,
      bodyMac,
      outcome,
    ]),
  );
}
