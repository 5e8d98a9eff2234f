import { sql, type RawBuilder } from 'kysely';
import type { OrganisationId } from '#kernel';
import type { View } from '#projections';

/** Whose rows an officer sees: null for the area's officer, who sees all. */
export type OfficersScope = OrganisationId | null;

/** Where a page goes on: the last row's time and id. */
export interface QueuePlace {
  readonly at: string;
  readonly id: string;
}

/** What a finding has come to: found, found under a suppression, under review, review over. */
export type FindingState = 'open' | 'suppressed' | 'in-review' | 'closed';

/** A finding, its explanation still sealed. */
export interface FindingRow {
  readonly finding: string;
  readonly recorded_at: string;
  readonly rule: string;
  readonly organisation: string;
  readonly day: string;
  readonly suppression: string | null;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
  readonly state: FindingState;
  readonly review: string | null;
}

/** A case in the queue. */
export interface ReviewRow {
  readonly review: string;
  readonly recorded_at: string;
  readonly kind: string;
  readonly reference: string;
  readonly person: string | null;
  readonly organisation: string;
  readonly status: 'open' | 'asked' | 'escalated' | 'closed';
  readonly assignee: string | null;
  readonly outcome: string | null;
  readonly changed_at: string;
}

/** A question that waits for the one it was put to. */
export interface QuestionRow {
  readonly question: string;
  readonly review: string;
  readonly asked_at: string;
  readonly stream: string;
  readonly revision: number;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
}

const FINDING_STATE = sql`case when r.status = 'closed' then 'closed' when r.review is not null then 'in-review'
  when f.suppression is not null then 'suppressed' else 'open' end`;
const REVIEW_STATUS = sql`case when r.status = 'closed' then 'closed'
  when exists (select 1 from question q where q.review = r.review and q.answered = 0) then 'asked'
  when r.escalated = 1 then 'escalated' else 'open' end`;

/** Findings, newest first: of one's own people, or at one's own facts. */
export async function findingsPage(
  db: View['db'],
  question: {
    readonly scope: OfficersScope;
    readonly state?: string;
    readonly rule?: string;
    readonly after?: QueuePlace;
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly FindingRow[]; readonly after: QueuePlace | null }> {
  const { scope, state, rule, after, limit } = question;
  const conditions = [sql`1 = 1`, ...scoped(scope, sql`f.organisation`, sql`f.finding`)];
  if (rule !== undefined) conditions.push(sql`f.rule = ${rule}`);
  if (state !== undefined) conditions.push(sql`${FINDING_STATE} = ${state}`);
  if (after !== undefined) conditions.push(sql`(f.recorded_at, f.finding) < (${after.at}, ${after.id})`);
  const { rows } = await sql<FindingRow>`
    select f.*, ${FINDING_STATE} as state, r.review as review from finding f
    left join review r on r.kind = 'finding' and r.reference = f.finding
    where ${sql.join(conditions, sql` and `)} order by f.recorded_at desc, f.finding desc limit ${limit + 1}`.execute(
    db,
  );
  return page(rows, limit, ({ recorded_at: at, finding: id }) => ({ at, id }));
}

/** Cases, newest first. */
export async function reviewsPage(
  db: View['db'],
  question: {
    readonly scope: OfficersScope;
    /** Cases about this person are left out. */
    readonly except: string;
    readonly status?: string;
    readonly kind?: string;
    readonly assignee?: string;
    readonly after?: QueuePlace;
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly ReviewRow[]; readonly after: QueuePlace | null }> {
  const { scope, except, status, kind, assignee, after, limit } = question;
  const conditions = [
    sql`(r.person is null or r.person <> ${except})`,
    ...scoped(scope, sql`r.organisation`, sql`r.review`),
  ];
  if (kind !== undefined) conditions.push(sql`r.kind = ${kind}`);
  if (assignee !== undefined) conditions.push(sql`r.assignee = ${assignee}`);
  if (status !== undefined) conditions.push(sql`${REVIEW_STATUS} = ${status}`);
  if (after !== undefined) conditions.push(sql`(r.recorded_at, r.review) < (${after.at}, ${after.id})`);
  const { rows } = await sql<ReviewRow>`
    select r.review, r.recorded_at, r.kind, r.reference, r.person, r.organisation, ${REVIEW_STATUS} as status,
      r.assignee, r.outcome, r.changed_at
    from review r where ${sql.join(conditions, sql` and `)}
    order by r.recorded_at desc, r.review desc limit ${limit + 1}`.execute(db);
  return page(rows, limit, ({ recorded_at: at, review: id }) => ({ at, id }));
}

/** The questions that wait for this person's answer. */
export async function questionsTo(db: View['db'], person: string): Promise<readonly QuestionRow[]> {
  const { rows } = await sql<QuestionRow>`
    select q.* from question q join review r on r.review = q.review
    where r.person = ${person} and q.answered = 0 and r.status <> 'closed' order by q.asked_at, q.question limit 100`.execute(
    db,
  );
  return rows;
}

/** A suppression, as far as it is not sealed. */
export interface SuppressionRow {
  readonly suppression: string;
  readonly recorded_at: string;
  readonly rule: string;
  readonly organisation: string | null;
  readonly until: string;
  readonly by_officer: string;
  readonly ended: number;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
}

/** Suppressions, newest first; an organisation's officer sees those that hold for its people. */
export async function suppressionsOf(db: View['db'], scope: OfficersScope): Promise<readonly SuppressionRow[]> {
  const where = scope === null ? sql`1 = 1` : sql`(organisation = ${scope} or organisation is null)`;
  const { rows } = await sql<SuppressionRow>`
    select * from suppression where ${where} order by recorded_at desc, suppression desc limit 500`.execute(db);
  return rows;
}

function scoped(scope: OfficersScope, organisation: RawBuilder<unknown>, id: RawBuilder<unknown>) {
  return scope === null
    ? []
    : [
        sql`(${organisation} = ${scope} or exists (select 1 from source s where s.id = ${id} and s.organisation = ${scope}))`,
      ];
}

function page<R>(found: readonly R[], limit: number, placeOf: (row: R) => QueuePlace) {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, after: found.length > limit && last !== undefined ? placeOf(last) : null };
}

/** Something sealed, as a row holds it. */
export interface SealedCells {
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
}

/** A watch over a child, which child sealed. */
export interface WatchRow extends SealedCells {
  readonly watch: string;
  readonly recorded_at: string;
  readonly until: string;
  readonly by_officer: string;
  readonly ended: number;
}

/** Watches, newest first; the area's officer alone sees them. */
export async function watchesOf(db: View['db']): Promise<readonly WatchRow[]> {
  const { rows } = await sql<WatchRow>`select * from watch order by recorded_at desc, watch desc limit 500`.execute(db);
  return rows;
}
