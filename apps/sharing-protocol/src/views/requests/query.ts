import { sql } from 'kysely';
import type { View } from '#projections';

/** A request as lists show it. */
export interface RequestRow {
  readonly id: string;
  readonly kind: string;
  readonly child: string;
  readonly organisation: string | null;
  readonly status: string;
}

/** Ids of requests of a kind, in the order of their ids; `organisation` keeps to those about its own records. */
export async function requestPage(
  db: View['db'],
  question: {
    readonly kind: 'erasure' | 'subject-access' | 'hold';
    readonly openOnly: boolean;
    readonly organisation?: string;
    readonly status?: string;
    readonly after?: string;
    /** 1 to 200. */
    readonly limit: number;
  },
): Promise<{ readonly rows: readonly RequestRow[]; readonly next: string | null }> {
  const { kind, openOnly, organisation, status, after, limit } = question;
  const conditions = [sql`kind = ${kind}`];
  if (openOnly) conditions.push(sql`open = 1`);
  if (organisation !== undefined) conditions.push(sql`organisation = ${organisation}`);
  if (status !== undefined) conditions.push(sql`status = ${status}`);
  if (after !== undefined) conditions.push(sql`id > ${after}`);
  const { rows } = await sql<RequestRow>`
    select id, kind, child, organisation, status from request
    where ${sql.join(conditions, sql` and `)} order by id limit ${limit + 1}`.execute(db);
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
}

/** Ids of subject access requests that wait for this organisation's answer. */
export async function waitingFor(
  db: View['db'],
  organisation: string,
  after: string | undefined,
  limit: number,
): Promise<{ readonly ids: readonly string[]; readonly next: string | null }> {
  const { rows } = await sql<{ readonly id: string }>`
    select id from source where organisation = ${organisation} and open = 1 and id > ${after ?? ''}
    order by id limit ${limit + 1}`.execute(db);
  const ids = rows.slice(0, limit).map(({ id }) => id);
  return { ids, next: rows.length > limit ? (ids.at(-1) ?? null) : null };
}
