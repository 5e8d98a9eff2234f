import type { FactId, RecordId } from '#kernel';
import type { IdentityFile } from './rows.ts';

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
  find(submissionId: string): SubmissionRow | undefined;
  /** Keeps or replaces a row; on disk a moment later, because a publisher finds it again from the log where a crash took it. */
  keep(row: SubmissionRow): void;
  /** The set-aside items that are known to be of a record. */
  quarantinedOf(record: RecordId): readonly FactId[];
  /** Drops a row: of a quarantined item at its end. */
  forget(submissionId: string): void;
}

const MOST_WAITING = 512;
/** Milliseconds. A published item is found again from its sealed words, so its row may wait; of others the row alone knows the body. */
const PUBLISHED_WAITS = 250;
const OTHERS_WAIT = 20;

/** Keeps rows in memory for a moment, so that one commit carries many. */
export class SubmissionTable implements Submissions {
  readonly #file: IdentityFile;
  readonly #waiting = new Map<string, SubmissionRow>();
  #scheduled: NodeJS.Timeout | undefined;
  #delay = 0;

  constructor(file: IdentityFile) {
    this.#file = file;
  }

  find(submissionId: string): SubmissionRow | undefined {
    const waiting = this.#waiting.get(submissionId);
    if (waiting !== undefined) return waiting;
    const row = this.#file.get('select * from submission where submission_id = ?', submissionId);
    if (row === undefined) return undefined;
    return {
      submissionId,
      recordId: typeof row['record_id'] === 'string' ? (row['record_id'] as RecordId) : null,
      factId: String(row['fact_id']) as FactId,
      bodyMac: String(row['body_mac']),
      outcome: String(row['outcome']),
    };
  }

  keep(row: SubmissionRow): void {
    this.#waiting.set(row.submissionId, row);
    if (this.#waiting.size >= MOST_WAITING) this.flush();
    else this.#flushIn(row.outcome === 'published' ? PUBLISHED_WAITS : OTHERS_WAIT);
  }

  #flushIn(delay: number): void {
    if (this.#scheduled !== undefined && this.#delay <= delay) return;
    clearTimeout(this.#scheduled);
    this.#delay = delay;
    this.#scheduled = setTimeout(() => this.flush(), delay).unref();
  }

  quarantinedOf(record: RecordId): readonly FactId[] {
    this.flush();
    return this.#file
      .all("select fact_id from submission where record_id = ? and outcome = 'quarantined'", record)
      .map((row) => String(row['fact_id']) as FactId);
  }

  forget(submissionId: string): void {
    this.flush();
    this.#file.soon(() => this.#file.run('delete from submission where submission_id = ?', submissionId));
  }

  /** Writes what waits. */
  flush(): void {
    clearTimeout(this.#scheduled);
    this.#scheduled = undefined;
    if (this.#waiting.size === 0) return;
    const rows = [...this.#waiting.values()];
    this.#file.soon(() => {
      for (const row of rows) {
        this.#file.run(
          'insert or replace into submission (submission_id, record_id, fact_id, body_mac, outcome) values (?, ?, ?, ?, ?)',
          row.submissionId,
          row.recordId,
          row.factId,
          row.bodyMac,
          row.outcome,
        );
      }
    });
    this.#waiting.clear();
  }
}
