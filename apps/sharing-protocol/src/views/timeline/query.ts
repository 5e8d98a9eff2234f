import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Category } from '#contracts';
import { endOfDay, type PlainDate, type Instant } from '#kernel';
import type { View } from '#projections';
import type { Cursor } from './cursor.ts';

/** A slice that the decision permits; hidden categories are found by the keys of their records. */
export interface PermittedSlice {
  readonly organisation: string;
  readonly category: Category;
  readonly reliesOnConsent: boolean;
  /** For restricted and sealed categories only. */
  readonly keyIds?: readonly string[];
}
/** What to show, newest first. */
export interface TimelineQuestion {
  readonly records: readonly string[];
  readonly slices: readonly PermittedSlice[];
  /** Bit of the purpose of looking. */
  readonly purposeBit: number;
  /** Both included, compared with `happenedAt`. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly asOf?: PlainDate;
  readonly orderBy: 'happened' | 'recorded';
  readonly types?: readonly string[];
  readonly after?: Cursor;
  /** 1 to 200. */
  readonly limit: number;
}
/** A fact as its holding statement says, still sealed. */
export interface TimelineRow {
  readonly fact_id: string;
  readonly record_id: string;
  readonly owner: string;
  readonly organisation: string;
  readonly category: string;
  readonly key_id: string;
  readonly fact_type: string;
  readonly happened_at: string;
  readonly stated_at: string;
  readonly stated_rank: number;
  readonly stated_by: string;
  readonly recorded_at: string;
  readonly purposes: number;
  readonly relies_on_consent: number;
  readonly index_fields: string;
  readonly provenance: string;
  readonly iv: string;
  readonly sealed_text: string;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
}
/** A page; `after` is there only where a permitted row follows. */
export interface TimelinePage {
  readonly rows: readonly TimelineRow[];
  readonly after: Cursor | null;
}

/** Reads a page. What is not permitted is left out by the query itself, so it costs and shows nothing (design §4.7). */
export async function timelinePage(db: View['db'], question: TimelineQuestion): Promise<TimelinePage> {
  const { records, slices, limit } = question;
  if (!Number.isInteger(limit) || limit < 1 || limit > 200) throw new RangeError('limit');
  const usable = slices.filter(({ keyIds }) => keyIds === undefined || keyIds.length > 0);
  if (records.length === 0 || usable.length === 0 || question.types?.length === 0) return { rows: [], after: null };
  const order = question.orderBy === 'happened' ? sql`happened_at` : sql`recorded_at`;
  const found = await rowsOf(db, question, usable, order);
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  if (found.length <= limit || last === undefined) return { rows, after: null };
  return {
    rows,
    after: { at: question.orderBy === 'happened' ? last.happened_at : last.recorded_at, fact: last.fact_id },
  };
}

async function rowsOf(
  db: Kysely<Record<string, Record<string, unknown>>>,
  question: TimelineQuestion,
  slices: readonly PermittedSlice[],
  order: RawBuilder<unknown>,
): Promise<readonly TimelineRow[]> {
  const { from, to, after, types, limit } = question;
  const conditions = [
    sql`withdrawn = 0`,
    sql`(purposes & ${question.purposeBit}) <> 0`,
    sql`(${sql.join(slices.map(permitted), sql` or `)})`,
  ];
  if (from !== undefined) conditions.push(sql`happened_at >= ${from}`);
  if (to !== undefined) conditions.push(sql`happened_at <= ${to}`);
  if (types !== undefined) conditions.push(sql`fact_type in (${sql.join([...types])})`);
  if (after !== undefined) conditions.push(sql`(${order}, fact_id) < (${after.at}, ${after.fact})`);
  const { rows } = await sql<TimelineRow>`
    select * from (${source(question)}) as held where ${sql.join(conditions, sql` and `)}
    order by ${order} desc, fact_id desc limit ${limit + 1}`.execute(db);
  return rows;
}

const OF_A_STATEMENT = ['fact_id', 'owner', 'organisation', 'category', 'key_id', 'fact_type', 'happened_at']
  .concat(['stated_at', 'stated_rank', 'stated_by', 'recorded_at', 'purposes', 'relies_on_consent', 'index_fields'])
  .concat(['provenance', 'iv', 'sealed_text', 'stream', 'revision', 'type', 'withdrawn']);

function source({ records, asOf }: TimelineQuestion): RawBuilder<unknown> {
  const list = sql.join([...records]);
  if (asOf === undefined) return sql`select * from fact where record_id in (${list})`;
  // Places are today's even then: a split corrects to whom a fact belongs.
  const until = endOfDay(asOf);
  return sql`select f.record_id, ${sql.join(OF_A_STATEMENT.map((column) => sql.ref(`s.${column}`)))}
    from fact f join statement s on s.fact_id = f.fact_id
    where f.record_id in (${list}) and s.recorded_at <= ${until} and not exists (
      select 1 from statement l where l.fact_id = s.fact_id and l.recorded_at <= ${until}
        and (l.stated_at, l.stated_rank, l.stated_by) > (s.stated_at, s.stated_rank, s.stated_by))`;
}

function permitted({ organisation, category, reliesOnConsent, keyIds }: PermittedSlice): RawBuilder<unknown> {
  const what = keyIds === undefined ? sql`category = ${category}` : sql`key_id in (${sql.join([...keyIds])})`;
  return sql`(organisation = ${organisation} and relies_on_consent = ${reliesOnConsent ? 1 : 0} and ${what})`;
}
