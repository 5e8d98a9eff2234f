import type { FactId, Instant, OrganisationId, RecordId } from '#kernel';
import type { Category, Purpose } from '#contracts';
import type { SqlRow, SqlSession } from '#database';
import type { SignalKind } from '../port.ts';
import type { OutboxRow, OutboxSignal, SignalState } from './model.ts';

const COLUMNS =
  'seq, id, subscription, organisation, key, kind, category, source, purpose, relies_on_consent, fact, record, time, correlation_id';

/** Stores a signal as waiting, at its place in the order of the log; one that is there stays as it is. */
export async function insert(session: SqlSession, signal: OutboxSignal, seq: number, now: Instant): Promise<void> {
  const { id, subscription, organisation, key, kind, category, source, purpose, fact, record, time } = signal;
  await session.run(
    `insert into signal (${COLUMNS}, state, attempts, due_at, taken_at)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?) on conflict (id) do nothing`,
    ...[seq, id, subscription, organisation, key, kind, category, source, purpose, Number(signal.reliesOnConsent)],
    ...[fact, record, time, signal.correlationId, now, now],
  );
}

/** A row as the database has it. */
export function rowOf(row: SqlRow): OutboxRow {
  const text = (column: string): string => String(row[column]);
  const orNull = (column: string): string | null => (row[column] === null ? null : text(column));
  return {
    seq: Number(row['seq']),
    id: text('id'),
    subscription: text('subscription'),
    organisation: text('organisation') as OrganisationId,
    key: text('key'),
    kind: text('kind') as SignalKind,
    category: text('category') as Category,
    source: text('source') as OrganisationId,
    purpose: text('purpose') as Purpose,
    reliesOnConsent: row['relies_on_consent'] === 1,
    fact: text('fact') as FactId,
    record: text('record') as RecordId,
    time: text('time') as Instant,
    correlationId: text('correlation_id'),
    state: text('state') as SignalState,
    attempts: Number(row['attempts']),
    dueAt: text('due_at') as Instant,
    code: orNull('code'),
    settledAt: orNull('settled_at') as Instant | null,
  };
}
