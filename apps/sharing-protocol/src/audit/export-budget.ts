import { dayOf, fail, namedUuid, ok, type Instant, type Outcome, type PlainDate } from '#kernel';
import { auditQueryStream, type AuditQueryEvent, type AuditRowsTaken } from '#contracts';
import type { Decider } from '#event-log';

/** What one person was handed on one day. */
export interface RowsTaken {
  readonly rows: number;
}
/** So many rows more, where no more than `most` may be handed out in the day. */
export interface TakeRows extends AuditRowsTaken {
  readonly most: number;
}
type Taken = Extract<AuditQueryEvent, { type: 'audit-query.rows-taken.v1' }>;

/** Counts the decisions that one person is handed in a day, in pages and in files alike, before they leave: it survives a restart. */
export const exportBudget: Decider<
  TakeRows,
  RowsTaken,
  Taken,
  { readonly type: 'audit-query.rows-taken.v1'; readonly data: AuditRowsTaken },
  'export-budget-reached'
> = {
  initialState: { rows: 0 },
  evolve: (state, { data }) => ({ rows: state.rows + data.rows }),
  decide: (
    { most, ...data },
    state,
  ): Outcome<readonly { type: 'audit-query.rows-taken.v1'; data: AuditRowsTaken }[], 'export-budget-reached'> => {
    if (data.rows === 0) return ok([]);
    if (state.rows + data.rows > most) return fail('export-budget-reached');
    return ok([{ type: 'audit-query.rows-taken.v1', data }]);
  },
};

/** The day of the area, and the stream of what a person was handed on it. */
export function budgetOf(
  person: { readonly sub: string; readonly organisation: string },
  now: Instant,
): {
  readonly day: PlainDate;
  readonly stream: string;
} {
  const day = dayOf(now);
  return { day, stream: auditQueryStream(namedUuid('audit-rows', person.organisation, person.sub, day)) };
}
