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

/**
 * What a family is told of an emergency access beside the look made under it (`LookContent.breakGlass` names the grant): what the review
 * found once it is over, `under-review` before; null for what is no grant.
 */
export async function breakGlassOutcome(db: View['db'], grant: string): Promise<ReviewOutcome | 'under-review' | null> {
  const row = await accessOf(db, grant);
  if (row === undefined) return null;
  return row.open === 1 ? 'under-review' : row.outcome;
}
