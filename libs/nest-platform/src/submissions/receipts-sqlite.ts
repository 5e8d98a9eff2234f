import { DatabaseSync } from 'node:sqlite';
import type { SQLOutputValue } from 'node:sqlite';
import type { FactId, Instant, OrganisationId } from '#kernel';
import type { Reason } from '#contracts';
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

type Row = Readonly<Record<string, SQLOutputValue>>;

const SCHEMA = `
  create table if not exists submission (
    id text primary key, organisation text not null, format text not null, body_hash text not null, key text,
    state text not null, started_at text not null, finished_at text, counts text not null, failure text, token text,
    unique (organisation, key)
  ) strict;
  create table if not exists item (
    submission text not null references submission (id) on delete cascade, place integer not null, row integer not null,
    outcome text not null, fact_id text, reasons text, repeated integer not null,
    primary key (submission, place)
  ) strict, without rowid;`;

/**
 * Receipts in one SQLite file (`:memory:` for tests). Submissions that were running when the process ended are marked `interrupted` on opening:
 * one process writes this file.
 */
export function openReceipts(path: string): Receipts {
  const db = new DatabaseSync(path, { timeout: 5_000 });
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
  db.exec(SCHEMA);
  db.exec(`update submission set state = 'interrupted' where state = 'running'`);
  return receiptsIn(db);
}

function receiptsIn(db: DatabaseSync): Receipts {
  const insert = db.prepare(
    `insert into submission (id, organisation, format, body_hash, key, state, started_at, counts) values (?, ?, ?, ?, ?, 'running', ?, ?)`,
  );
  const byKey = db.prepare('select * from submission where organisation = ? and key = ?');
  const byId = db.prepare('select * from submission where id = ? and organisation = ?');
  const again = db.prepare(
    `update submission set state = 'running', started_at = ?, counts = ?, failure = null, token = null where id = ?`,
  );
  const forget = db.prepare('delete from item where submission = ?');
  const progress = db.prepare('select counts, token from submission where id = ?');
  const last = db.prepare('select max(place) as place from item where submission = ?');
  const addItem = db.prepare(
    'insert into item (submission, place, row, outcome, fact_id, reasons, repeated) values (?, ?, ?, ?, ?, ?, ?)',
  );
  const setProgress = db.prepare('update submission set counts = ?, token = ? where id = ?');
  const finish = db.prepare('update submission set state = ?, finished_at = ?, failure = ? where id = ?');
  const holding = db.prepare('select 1 from item where submission = ? and fact_id = ? limit 1');
  const page = db.prepare('select * from item where submission = ? and place > ? order by place limit ?');

  return {
    begin: (beginning) => transaction(db, () => begin(beginning)),
    add: (id, results) => transaction(db, () => add(id, results)),
    end(id, state, at, failure) {
      finish.run(state, at, failure === undefined ? null : JSON.stringify(failure), id);
    },
    find(organisation, id) {
      const row = byId.get(id, organisation);
      return row === undefined ? undefined : receiptOf(row);
    },
    holds: (id, factId) => holding.get(id, factId) !== undefined,
    items(id, cursor, limit) {
      const rows = page.all(id, cursor, limit + 1);
      const items = rows.slice(0, limit).map(itemOf);
      return rows.length > limit ? { items, next: Number(rows[limit - 1]?.['place']) } : { items };
    },
    close: () => db.close(),
  };

  function begin(beginning: Beginning): BeginOutcome {
    const { id, organisation, format, bodyHash, key, at } = beginning;
    const before = key === undefined ? undefined : byKey.get(organisation, key);
    if (before === undefined) {
      insert.run(id, organisation, format, bodyHash, key ?? null, at, JSON.stringify(NO_OUTCOMES));
      return { kind: 'begun', receipt: receiptOf(byId.get(id, organisation)) };
    }
    if (before['body_hash'] !== bodyHash || before['format'] !== format) return { kind: 'other-body' };
    const receipt = receiptOf(before);
    if (receipt.state !== 'interrupted') return { kind: 'repeated', receipt };
    forget.run(receipt.id);
    again.run(at, JSON.stringify(NO_OUTCOMES), receipt.id);
    return { kind: 'begun', receipt: receiptOf(byId.get(receipt.id, organisation)) };
  }

  function add(id: string, results: readonly SubmissionResult[]): void {
    const row = progress.get(id);
    let place = Number(last.get(id)?.['place'] ?? 0);
    for (const result of results) {
      const reasons = result.reasons.length === 0 ? null : JSON.stringify(result.reasons);
      addItem.run(id, (place += 1), result.row, result.outcome, result.factId, reasons, result.repeated ? 1 : 0);
    }
    const counts = counted(JSON.parse(String(row?.['counts'])) as OutcomeCounts, results);
    const token = results.findLast((result) => result.token !== null)?.token ?? row?.['token'] ?? null;
    setProgress.run(JSON.stringify(counts), token, id);
  }
}

function transaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('begin immediate');
  try {
    const value = work();
    db.exec('commit');
    return value;
  } catch (error) {
    if (db.isTransaction) db.exec('rollback');
    throw error;
  }
}

function receiptOf(row: Row | undefined): Receipt {
  if (row === undefined) throw new Error('receipt is gone');
  return {
    id: String(row['id']),
    organisation: String(row['organisation']) as OrganisationId,
    format: String(row['format']),
    state: String(row['state']) as SubmissionState,
    startedAt: String(row['started_at']) as Instant,
    ...(row['finished_at'] === null ? {} : { finishedAt: String(row['finished_at']) as Instant }),
    counts: JSON.parse(String(row['counts'])) as OutcomeCounts,
    ...(row['failure'] === null ? {} : { failure: JSON.parse(String(row['failure'])) as Reason }),
    ...(row['token'] === null ? {} : { token: String(row['token']) }),
  };
}

function itemOf(row: Row): ReceiptItem {
  return {
    row: Number(row['row']),
    outcome: String(row['outcome']) as ReceiptItem['outcome'],
    factId: row['fact_id'] === null ? null : (String(row['fact_id']) as FactId),
    reasons: row['reasons'] === null ? [] : (JSON.parse(String(row['reasons'])) as readonly Reason[]),
    repeated: row['repeated'] === 1,
  };
}
