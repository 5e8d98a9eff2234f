import { sql, type RawBuilder } from 'kysely';
import type { Instant } from '#kernel';
import type { View } from '#projections';
import { atOrBy } from '../views/usage/query.ts';

/** A look at a child, still sealed. */
export interface LatestLook {
  readonly decision_id: string;
  readonly recorded_at: string;
  readonly organisation: string;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
}

const PAGE = 200;

/**
 * The looks at children up to a moment that were not aborted, newest first, in pages; `organisation` keeps to looks by its people and looks at
 * its facts. Memory is that of one page.
 */
export async function* latestLooks(
  db: View['db'],
  organisation: string | undefined,
  last: number,
  upTo: Instant,
): AsyncGenerator<readonly LatestLook[]> {
  let after: LatestLook | undefined;
  for (let left = last; left > 0;) {
    const limit = Math.min(left, PAGE);
    const page = await pageAfter(db, organisation, upTo, after, limit);
    if (page.length > 0) yield page;
    if (page.length < limit) return;
    left -= page.length;
    after = page.at(-1);
  }
}

async function pageAfter(
  db: View['db'],
  organisation: string | undefined,
  upTo: Instant,
  after: LatestLook | undefined,
  limit: number,
): Promise<readonly LatestLook[]> {
  const conditions: RawBuilder<unknown>[] = [
    sql`child_hash is not null`,
    sql`recorded_at <= ${upTo}`,
    sql`not exists (select 1 from aborted a where a.decision_id = look.decision_id)`,
  ];
  if (organisation !== undefined) {
    conditions.push(atOrBy(organisation));
  }
  if (after !== undefined)
    conditions.push(sql`(recorded_at, decision_id) < (${after.recorded_at}, ${after.decision_id})`);
  const { rows } = await sql<LatestLook>`
    select decision_id, recorded_at, organisation, key_id, iv, sealed_text
    from look where ${sql.join(conditions, sql` and `)}
    order by recorded_at desc, decision_id desc limit ${limit}`.execute(db);
  return rows;
}
