import { sql } from 'kysely';
import type { NoticeAudience, NoticeKind } from '#contracts';
import type { View } from '#projections';

/** Whose notices: by audience, and by whom within it. */
export type NoticesOf =
  | { readonly to: 'area-dpo' }
  | { readonly to: 'organisation-dpo'; readonly organisation: string }
  | { readonly to: 'person'; readonly personHash: string }
  | { readonly to: 'family'; readonly childHash: string };

/** One notice. */
export interface NoticeRow {
  readonly notice_id: string;
  readonly sent_at: string;
  readonly kind: NoticeKind;
  readonly audience: NoticeAudience;
  readonly reference: string;
}

/** A page of notices to one audience, newest first. */
export async function noticePage(
  db: View['db'],
  question: {
    readonly of: NoticesOf;
    readonly after?: { readonly at: string; readonly notice: string };
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly NoticeRow[]; readonly after: { at: string; notice: string } | null }> {
  const { of, after, limit } = question;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new RangeError('limit');
  const conditions = [sql`audience = ${of.to}`];
  if (of.to === 'organisation-dpo') conditions.push(sql`organisation = ${of.organisation}`);
  if (of.to === 'person') conditions.push(sql`person_hash = ${of.personHash}`);
  if (of.to === 'family') conditions.push(sql`child_hash = ${of.childHash}`);
  if (after !== undefined) conditions.push(sql`(sent_at, notice_id) < (${after.at}, ${after.notice})`);
  const { rows: found } = await sql<NoticeRow>`
    select notice_id, sent_at, kind, audience, reference from notice where ${sql.join(conditions, sql` and `)}
    order by sent_at desc, notice_id desc limit ${limit + 1}`.execute(db);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  const more = found.length > limit && last !== undefined;
  return { rows, after: more ? { at: last.sent_at, notice: last.notice_id } : null };
}
