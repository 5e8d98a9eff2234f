import { sql } from 'kysely';
import { oneOf, type View } from '#projections';

/** A look, still sealed; `aborted` is 1 where nothing was disclosed under it. */
export interface UsageRow {
  readonly decision_id: string;
  readonly recorded_at: string;
  readonly organisation: string;
  readonly key_id: string;
  readonly iv: string;
  readonly sealed_text: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly aborted: number;
}

/**
 * Looks at a child (by the keyed hashes of its ids), newest first; `organisation` keeps to looks by its people and looks at its facts,
 * `family` to those a family may know of, `decision` to the one of that id.
 */
export async function usagePage(
  db: View['db'],
  question: {
    readonly childHashes: readonly string[];
    readonly organisation?: string;
    readonly family?: boolean;
    readonly decision?: string;
    readonly after?: { readonly at: string; readonly decision: string };
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly UsageRow[]; readonly after: { at: string; decision: string } | null }> {
  const { childHashes, organisation, family, decision, after, limit } = question;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new RangeError('limit');
  if (childHashes.length === 0) return { rows: [], after: null };
  const conditions = [sql`${oneOf('child_hash', childHashes)}`];
  if (organisation !== undefined) {
    conditions.push(sql`(organisation = ${organisation} or exists (
      select 1 from look_source s where s.decision_id = look.decision_id and s.organisation = ${organisation}))`);
  }
  if (family === true) conditions.push(sql`family = 1`);
  if (decision !== undefined) conditions.push(sql`decision_id = ${decision}`);
  if (after !== undefined) conditions.push(sql`(recorded_at, decision_id) < (${after.at}, ${after.decision})`);
  const { rows: found } = await sql<UsageRow>`
    select decision_id, recorded_at, organisation, key_id, iv, sealed_text, stream, revision, type,
      case when exists (select 1 from aborted a where a.decision_id = look.decision_id) then 1 else 0 end as aborted
    from look where ${sql.join(conditions, sql` and `)}
    order by recorded_at desc, decision_id desc limit ${limit + 1}`.execute(db);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit && last !== undefined;
  return { rows, after: more ? { at: last.recorded_at, decision: last.decision_id } : null };
}
