import type { FactId, Instant, OrganisationId, RecordId } from '#kernel';
import type { Category, Purpose } from '#contracts';
import type { SqlRow, SqlSession, SqlValue } from '#database';
import type { SignalKind } from '../port.ts';
import type { SettledAs, OutboxRow, OutboxSignal, SignalState } from './model.ts';

const COLUMNS =
  'seq, id, subscription, organisation, key, kind, category, source, purpose, relies_on_consent, fact, record, time, correlation_id';

/** So many rows are stored by one statement: a server is asked once for them all, within the parameters that both databases take. */
const MOST_ROWS = 100;
const ROW = `(${'?, '.repeat(14)}'waiting', 0, ?, ?)`;

/** Stores signals as waiting, after the last place taken, in their order; one that is there stays as it is. */
export async function insertAll(
  session: SqlSession,
  signals: readonly OutboxSignal[],
  last: number,
  now: Instant,
): Promise<void> {
  for (let from = 0; from < signals.length; from += MOST_ROWS) {
    const some = signals.slice(from, from + MOST_ROWS);
    await session.run(
      `insert into signal (${COLUMNS}, state, attempts, due_at, taken_at)
       values ${some.map(() => ROW).join(', ')} on conflict (id) do nothing`,
      ...some.flatMap((signal, at) => valuesOf(signal, last + from + at + 1, now)),
    );
  }
}

function valuesOf(signal: OutboxSignal, seq: number, now: Instant): readonly SqlValue[] {
  const { id, subscription, organisation, key, kind, category, source, purpose, fact, record, time } = signal;
  const reliesOnConsent = Number(signal.reliesOnConsent);
  return [
    ...[seq, id, subscription, organisation, key, kind, category, source, purpose, reliesOnConsent],
    ...[fact, record, time, signal.correlationId, now, now],
  ];
}

/** Writes the same outcome of an attempt into rows that wait. */
export async function settleAlike(session: SqlSession, ids: readonly string[], outcome: SettledAs): Promise<void> {
  const where = `where id in (${ids.map(() => '?').join(', ')}) and state = 'waiting'`;
  if (outcome.state === 'waiting') {
    const { tried, dueAt, code } = outcome;
    const text = `update signal set attempts = attempts + ?, due_at = ?, code = ? ${where}`;
    await session.run(text, tried, dueAt, code, ...ids);
    return;
  }
  const { state, code = null, at } = outcome;
  const text = `update signal set state = ?, attempts = attempts + 1, code = ?, settled_at = ? ${where}`;
  await session.run(text, state, code, at, ...ids);
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
