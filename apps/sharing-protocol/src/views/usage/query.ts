import { sql, type RawBuilder } from 'kysely';
import type { Instant } from '#kernel';
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
 * `family` to those a family may know of, `decision` to the one of that id, `from` and `to` to a time.
 */
export async function usagePage(
  db: View['db'],
  question: {
    readonly childHashes: readonly string[];
    readonly organisation?: string;
    readonly family?: boolean;
    readonly decision?: string;
    /** Both included. */
    readonly from?: Instant;
    readonly to?: Instant;
    readonly after?: { readonly at: string; readonly decision: string };
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly UsageRow[]; readonly after: { at: string; decision: string } | null }> {
  const { after, limit } = question;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new RangeError('limit');
  if (question.childHashes.length === 0) return { rows: [], after: null };
  const conditions = [...conditionsOf(question)];
  if (after !== undefined) conditions.push(sql`(recorded_at, decision_id) < (${after.at}, ${after.decision})`);
  const found = await rowsWhere(db, conditions, limit + 1);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit && last !== undefined;
  return { rows, after: more ? { at: last.recorded_at, decision: last.decision_id } : null };
}

/** Looks by place instead of by cursor, for whoever asks with an offset: 1 to 1,000 of them. */
export async function usagePageAt(
  db: View['db'],
  question: Omit<Parameters<typeof usagePage>[1], 'after' | 'limit'>,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<readonly UsageRow[]> {
  return question.childHashes.length === 0 ? [] : rowsWhere(db, conditionsOf(question), limit, offset);
}

async function rowsWhere(
  db: View['db'],
  conditions: readonly RawBuilder<unknown>[],
  limit: number,
  offset = 0,
): Promise<readonly UsageRow[]> {
  const { rows } = await sql<UsageRow>`
    select decision_id, recorded_at, organisation, key_id, iv, sealed_text, stream, revision, type,
      case when exists (select 1 from aborted a where a.decision_id = look.decision_id) then 1 else 0 end as aborted
    from look where ${sql.join(conditions, sql` and `)}
    order by recorded_at desc, decision_id desc limit ${limit} offset ${offset}`.execute(db);
  return rows;
}

/** How many looks there are, of those {@link usagePage} would show on all its pages, and from when on. */
export async function usageCount(
  db: View['db'],
  question: Omit<Parameters<typeof usagePage>[1], 'after' | 'limit'>,
): Promise<{ readonly count: number; readonly since: string | null }> {
  if (question.childHashes.length === 0) return { count: 0, since: null };
  const { rows } = await sql<{ count: number; since: string | null }>`
    select count(*) as count, min(recorded_at) as since from look
    where ${sql.join(conditionsOf(question), sql` and `)}`.execute(db);
  return rows[0] ?? { count: 0, since: null };
}

/** Looks by an organisation's people, and looks at its facts. One row is asked for, so that no database thinks of reading all sources first. */
export function atOrBy(organisation: string): RawBuilder<boolean> {
  return sql<boolean>`(organisation = ${organisation} or (
    select 1 from look_source s where s.decision_id = look.decision_id and s.organisation = ${organisation}) = 1)`;
}

function conditionsOf(
  question: Omit<Parameters<typeof usagePage>[1], 'after' | 'limit'>,
): readonly RawBuilder<unknown>[] {
  const { childHashes, organisation, family, decision, from, to } = question;
  const conditions: RawBuilder<unknown>[] = [oneOf('child_hash', childHashes)];
  if (organisation !== undefined) {
    conditions.push(atOrBy(organisation));
  }
  if (family === true) conditions.push(sql`family = 1`);
  if (decision !== undefined) conditions.push(sql`decision_id = ${decision}`);
  if (from !== undefined) conditions.push(sql`recorded_at >= ${from}`);
  if (to !== undefined) conditions.push(sql`recorded_at <= ${to}`);
  return conditions;
}
