import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Category } from '#contracts';
import { endOfDay, type PlainDate, type Instant } from '#kernel';
import { oneOf, type View } from '#projections';
import type { Cursor } from './cursor.ts';
import { sliceOf } from './slice.ts';

/** A slice that the decision permits; hidden categories are found by the keys of their records. */
export interface PermittedSlice {
  readonly organisation: string;
  readonly category: Category;
  readonly reliesOnConsent: boolean;
  /** For restricted and sealed categories only. */
  readonly keyIds?: readonly string[];
  /** Facts of any purpose, also of none that is looked for. */
  readonly anyPurpose?: true;
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
  /** See `slice.ts`. */
  readonly slice: string;
  readonly key_id: string;
  readonly fact_type: string;
  readonly happened_at: string;
  readonly stated_at: string;
  readonly recorded_at: string;
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
  const usable = usableOf(slices);
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

/**
 * The newest fact of each slice that stands, for what may only be known of. No filter of the caller's applies: by narrowing days or types
 * one could find out when and what.
 */
export async function existingRows(
  db: View['db'],
  { records, slices, purposeBit }: Pick<TimelineQuestion, 'records' | 'slices' | 'purposeBit'>,
): Promise<readonly TimelineRow[]> {
  const usable = usableOf(slices);
  if (records.length === 0 || usable.length === 0) return [];
  const { rows } = await sql<TimelineRow>`
    with newest as (
      select fact_id, record_id, revision, row_number() over (partition by slice order by happened_at desc, fact_id desc) as place
      from fact where ${oneOf('record_id', records)} and withdrawn = 0 and ${permitted(usable, purposeBit)})
    select newest.record_id, 'fact-' || s.fact_id as stream, ${columnsOf('s')}
    from newest join statement s on s.fact_id = newest.fact_id and s.revision = newest.revision
    where newest.place = 1`.execute(db);
  return rows;
}

function usableOf(slices: readonly PermittedSlice[]): readonly PermittedSlice[] {
  return slices.filter(({ keyIds }) => keyIds === undefined || keyIds.length > 0);
}

function permitted(slices: readonly PermittedSlice[], purposeBit: number): RawBuilder<unknown> {
  const texts = (any: boolean) => slices.filter(({ anyPurpose = false }) => anyPurpose === any).flatMap(sliceTexts);
  const [foreseen, any] = [texts(false), texts(true)];
  const ordinary = sql`((purposes & ${purposeBit}) <> 0 and ${oneOf('slice', foreseen)})`;
  if (any.length === 0) return ordinary;
  return foreseen.length === 0 ? oneOf('slice', any) : sql`(${ordinary} or ${oneOf('slice', any)})`;
}

async function rowsOf(
  db: Kysely<Record<string, Record<string, unknown>>>,
  question: TimelineQuestion,
  slices: readonly PermittedSlice[],
  order: RawBuilder<unknown>,
): Promise<readonly TimelineRow[]> {
  const { from, to, after, types, limit } = question;
  const conditions = [sql`withdrawn = 0`, permitted(slices, question.purposeBit)];
  if (from !== undefined) conditions.push(sql`happened_at >= ${from}`);
  if (to !== undefined) conditions.push(sql`happened_at <= ${to}`);
  if (types !== undefined) conditions.push(oneOf('fact_type', types));
  if (after !== undefined) conditions.push(sql`(${order}, fact_id) < (${after.at}, ${after.fact})`);
  // The page is chosen first, from what the indexes hold; only its own rows are read.
  const { rows } = await sql<TimelineRow>`
    with page as (
      select fact_id, record_id, revision, ${order} as at from (${source(question)}) as held
      where ${sql.join(conditions, sql` and `)}
      order by ${order} desc, fact_id desc limit ${limit + 1})
    select page.record_id, 'fact-' || s.fact_id as stream, ${columnsOf('s')}
    from page join statement s on s.fact_id = page.fact_id and s.revision = page.revision
    order by page.at desc, page.fact_id desc`.execute(db);
  return rows;
}

function columnsOf(table: string): RawBuilder<unknown> {
  return sql.join(OF_A_STATEMENT.map((column) => sql.ref(`${table}.${column}`)));
}

const OF_A_STATEMENT = ['fact_id', 'owner', 'organisation', 'category', 'slice', 'key_id', 'fact_type'].concat([
  'happened_at',
  'stated_at',
  'recorded_at',
  'index_fields',
  'provenance',
  'iv',
  'sealed_text',
  'revision',
  'type',
]);

function source({ records, asOf }: TimelineQuestion): RawBuilder<unknown> {
  if (asOf === undefined) return sql`select * from fact where ${oneOf('record_id', records)}`;
  // Places are today's even then: a split corrects to whom a fact belongs.
  const until = endOfDay(asOf);
  return sql`select f.record_id, s.* from fact f join statement s on s.fact_id = f.fact_id
    where ${oneOf('f.record_id', records)} and s.recorded_at <= ${until} and not exists (
      select 1 from statement l where l.fact_id = s.fact_id and l.recorded_at <= ${until}
        and (l.stated_at, l.stated_rank, l.stated_by) > (s.stated_at, s.stated_rank, s.stated_by))`;
}

function sliceTexts({ organisation, category, reliesOnConsent, keyIds }: PermittedSlice): readonly string[] {
  if (keyIds === undefined) return [sliceOf(organisation, category, '', reliesOnConsent)];
  return keyIds.map((keyId) => sliceOf(organisation, 'restricted', keyId, reliesOnConsent));
}
