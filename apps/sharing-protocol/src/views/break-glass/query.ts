import { sql } from 'kysely';
import type { ChildId, OrganisationId } from '#kernel';
import type { View } from '#projections';
import type { ReviewOutcome } from '#sharing';

/** Where an emergency access is written. */
export interface AccessRow {
  readonly grant_id: string;
  readonly book: string;
  readonly organisation: OrganisationId;
  readonly child_id: ChildId;
  readonly started_at: string;
  readonly open: number;
  readonly outcome: ReviewOutcome | null;
}

/** Up to `limit` accesses, oldest first: those that wait longest for their review come first. */
export async function accessPage(
  db: View['db'],
  question: {
    readonly open: boolean;
    readonly after?: { readonly at: string; readonly grant: string };
    readonly limit: number;
  },
): Promise<readonly AccessRow[]> {
  const { open, after, limit } = question;
  const since = after === undefined ? sql`` : sql`and (started_at, grant_id) > (${after.at}, ${after.grant})`;
  const { rows } = await sql<AccessRow>`
    select grant_id, book, organisation, child_id, started_at, open, outcome from access
    where open = ${open ? 1 : 0} ${since} order by started_at, grant_id limit ${limit}`.execute(db);
  return rows;
}

/** One access by its grant; undefined for what is none. */
export async function accessOf(db: View['db'], grant: string): Promise<AccessRow | undefined> {
  const { rows } = await sql<AccessRow>`
    select grant_id, book, organisation, child_id, started_at, open, outcome from access
    where grant_id = ${grant}`.execute(db);
  return rows[0];
}

/** How the reviews of the emergency accesses to a child came out, by grant: for the family, that reads of each look made under one. */
export async function emergencyOutcomes(
  db: View['db'],
  child: string,
): Promise<ReadonlyMap<string, ReviewOutcome | 'under-review'>> {
  const rows = await db
    .selectFrom('access')
    .select(['grant_id', 'open', 'outcome'])
    .where('child_id', '=', child)
    .execute();
  return new Map(
    rows.map(({ grant_id, open, outcome }) => [
      String(grant_id),
      open === 1 || outcome === null ? 'under-review' : (outcome as ReviewOutcome),
    ]),
  );
}
