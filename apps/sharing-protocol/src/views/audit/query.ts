import { setImmediate as breathe } from 'node:timers/promises';
import { sql, type RawBuilder } from 'kysely';
import type { AuditFilters } from '#contracts';
import type { EventLog, LogToken } from '#event-log';
import type { View } from '#projections';
import type { AuditScope } from '#sharing';

/** Where a row stands: newest first, decisions of one moment by their ids. */
export interface Place {
  readonly at: string;
  readonly decision: string;
}

/** A decision that was found, still sealed in the log. */
export interface Found extends Place {
  /** True where nothing was disclosed under it, as far as was known at the position that is asked for. */
  readonly aborted: boolean;
}

/** What is asked of the view. */
export interface AuditSearch {
  readonly scope: AuditScope;
  /** With keyed hashes instead of ids. */
  readonly filters: Omit<AuditFilters, 'child' | 'user'> & { readonly childHash?: string; readonly userHash?: string };
  /** Answered as of this position of the log; null is before everything. */
  readonly pin: LogToken | null;
  /** Begins behind this place. */
  readonly after?: Place;
  /** Ends with this place, itself included. */
  readonly last?: Place;
}

/** What a search reads with. */
export interface AuditReader {
  readonly view: Pick<View, 'db'>;
  readonly log: Pick<EventLog, 'compare'>;
  /** False once the key of a look is destroyed: its row is passed over at once, whenever the view is next rebuilt. */
  readonly keyAlive: (keyId: string) => boolean | Promise<boolean>;
}

interface Row {
  readonly decision_id: string;
  readonly recorded_at: string;
  readonly token: string;
  readonly key_id: string;
  readonly effect: string;
  readonly aborted: string | null;
  /** 0: only where the examined rows end, and some filter does not hold. */
  readonly held: number;
  /** How many rows were examined. */
  readonly examined: number;
}

/** One statement examines at most so many rows: other requests are served between two. */
const A_STATEMENT = 500;

/** Decisions that a question finds, newest first. Nothing that was recorded after its position, however late it is read. */
export async function* auditRows(reader: AuditReader, search: AuditSearch, first = 200): AsyncGenerator<Found> {
  const { scope } = search;
  const everybody = scope.of === 'everybody';
  const own = everybody ? undefined : scope.organisation;
  const branches = everybody
    ? [branchRows(reader, search, { of: 'everybody' }, first)]
    : [
        branchRows(reader, search, { of: 'people', organisation: own ?? '' }, first),
        branchRows(reader, search, { of: 'facts', organisation: own ?? '' }, first),
      ];
  yield* merged(branches);
}

/** Looks of everybody; of one organisation's people; or of others at one organisation's facts. */
type Branch = { readonly of: 'everybody' } | { readonly of: 'people' | 'facts'; readonly organisation: string };

async function* branchRows(
  reader: AuditReader,
  search: AuditSearch,
  branch: Branch,
  first: number,
): AsyncGenerator<Found> {
  const filters = shown(search.filters, branch);
  if (filters === undefined) return;
  const { pin } = search;
  if (pin === null) return;
  const before = (token: string) => reader.log.compare(token as LogToken, pin) <= 0;
  let after = search.after;
  for (let size = Math.min(first, A_STATEMENT); ; size = A_STATEMENT) {
    const rows = await examine(reader.view.db, { ...search, filters }, branch, after, size);
    for (const row of rows) {
      if (row.held === 0 || !before(row.token) || !(await reader.keyAlive(row.key_id))) continue;
      const aborted = row.aborted !== null && before(row.aborted);
      if (filters.effect !== undefined && filters.effect !== (aborted ? 'aborted' : row.effect)) continue;
      yield { at: row.recorded_at, decision: row.decision_id, aborted };
    }
    const end = rows.at(-1);
    if (end === undefined || end.examined < size) return;
    after = { at: end.recorded_at, decision: end.decision_id };
    await breathe();
  }
}

/**
 * A filter sees no more than the answer would show: of others' looks at its facts an organisation is not told who it was, and only its own
 * slices. So who it was is no filter there, and the other slices of a look are none either (a search by what is hidden would tell it).
 */
function shown(filters: AuditSearch['filters'], branch: Branch): AuditSearch['filters'] | undefined {
  if (branch.of !== 'facts') return filters;
  if (filters.userHash !== undefined) return undefined;
  if (filters.source !== undefined && filters.source !== branch.organisation) return undefined;
  return { ...filters, source: branch.organisation as NonNullable<AuditFilters['source']> };
}

/** The next rows, along the one index that leaves the fewest, of which everything else holds; and the last one examined, held or not. */
async function examine(
  db: View['db'],
  search: AuditSearch,
  branch: Branch,
  after: Place | undefined,
  size: number,
): Promise<readonly Row[]> {
  const { filters, last } = search;
  const bounds = [
    ...(after === undefined ? [] : [sql`(recorded_at, decision_id) < (${after.at}, ${after.decision})`]),
    ...(last === undefined ? [] : [sql`(recorded_at, decision_id) >= (${last.at}, ${last.decision})`]),
    ...(filters.from === undefined ? [] : [sql`recorded_at >= ${filters.from}`]),
    ...(filters.to === undefined ? [] : [sql`recorded_at <= ${filters.to}`]),
  ];
  const { table, condition } = driving(filters, branch);
  const where = [...(condition === undefined ? [] : [condition]), ...bounds];
  const along = sql`select distinct recorded_at, decision_id from ${sql.table(table)}
    where ${where.length === 0 ? sql`true` : sql.join(where, sql` and `)}
    order by recorded_at desc, decision_id desc limit ${size}`;
  const holds = conditions(filters, branch);
  const { rows } = await sql<Row>`
    with n as materialized (${along}),
      found as (
        select l.*, case when ${holds.length === 0 ? sql`true` : sql.join(holds, sql` and `)} then 1 else 0 end as held
        from n cross join look l where l.decision_id = n.decision_id)
    select f.decision_id, f.recorded_at, f.token, f.key_id, f.effect, f.held, a.token as aborted,
      (select count(*) from n) as examined
    from found f left join aborted a on a.decision_id = f.decision_id
    where held = 1 or f.decision_id = (select decision_id from n order by recorded_at, decision_id limit 1)
    order by f.recorded_at desc, f.decision_id desc`.execute(db);
  return rows;
}

function driving(
  filters: AuditSearch['filters'],
  branch: Branch,
): { readonly table: 'look' | 'slice'; readonly condition?: RawBuilder<unknown> } {
  const { childHash, userHash, breakGlass, relationship, category, source, organisation } = filters;
  if (childHash !== undefined) return { table: 'look', condition: sql`child_hash = ${childHash}` };
  if (userHash !== undefined) return { table: 'look', condition: sql`user_hash = ${userHash}` };
  if (breakGlass === true) return { table: 'look', condition: sql`break_glass = 1` };
  if (relationship === 'self-claimed') return { table: 'look', condition: sql`relationship = 'self-claimed'` };
  if (branch.of === 'facts')
    return { table: 'slice', condition: sql`organisation = ${branch.organisation} and own = 0` };
  if (branch.of === 'people') return looksOf(branch.organisation, filters.effect);
  if (category !== undefined) return { table: 'slice', condition: sql`category = ${category}` };
  if (source !== undefined) return { table: 'slice', condition: sql`organisation = ${source}` };
  if (organisation !== undefined) return looksOf(organisation, filters.effect);
  if (filters.effect === 'deny') return { table: 'look', condition: sql`effect = 'deny'` };
  if (relationship === 'none') return { table: 'look', condition: sql`relationship = 'none'` };
  return { table: 'look' };
}

/** Refusals are few among an organisation's looks, so they have an index of their own. */
function looksOf(
  organisation: string,
  effect: AuditFilters['effect'],
): { readonly table: 'look'; readonly condition: RawBuilder<unknown> } {
  const of = sql`organisation = ${organisation}`;
  return { table: 'look', condition: effect === 'deny' ? sql`${of} and effect = 'deny'` : of };
}

/** Everything that has to hold; what the index saw to holds anyway. */
function conditions(filters: AuditSearch['filters'], branch: Branch): readonly RawBuilder<unknown>[] {
  const { childHash, userHash, breakGlass, relationship, category, source, organisation } = filters;
  const holds: RawBuilder<unknown>[] = [];
  if (branch.of === 'people') holds.push(sql`l.organisation = ${branch.organisation}`);
  if (branch.of === 'facts') holds.push(sql`l.organisation <> ${branch.organisation}`);
  if (childHash !== undefined) holds.push(sql`l.child_hash = ${childHash}`);
  if (userHash !== undefined) holds.push(sql`l.user_hash = ${userHash}`);
  if (organisation !== undefined) holds.push(sql`l.organisation = ${organisation}`);
  if (filters.role !== undefined) holds.push(sql`l.role = ${filters.role}`);
  if (filters.purpose !== undefined) holds.push(sql`l.purpose = ${filters.purpose}`);
  if (filters.route !== undefined) holds.push(sql`l.route = ${filters.route}`);
  if (filters.effect === 'permit' || filters.effect === 'deny') holds.push(sql`l.effect = ${filters.effect}`);
  if (breakGlass !== undefined) holds.push(sql`l.break_glass = ${breakGlass ? 1 : 0}`);
  if (relationship === 'some') holds.push(sql`l.relationship <> 'none'`);
  else if (relationship !== undefined) holds.push(sql`l.relationship = ${relationship}`);
  if (category !== undefined || source !== undefined) {
    // With the time every index of slices ends in one row.
    holds.push(sql`exists (select 1 from slice s where s.decision_id = l.decision_id and s.recorded_at = l.recorded_at
      ${source === undefined ? sql`` : sql`and s.organisation = ${source}`}
      ${category === undefined ? sql`` : sql`and s.category = ${category}`})`);
  }
  return holds;
}

/** Two sorted sequences as one; no decision is in both. */
async function* merged(branches: readonly AsyncGenerator<Found>[]): AsyncGenerator<Found> {
  const heads = await Promise.all(branches.map(async (each) => ({ each, head: await each.next() })));
  for (;;) {
    let newest: (typeof heads)[number] | undefined;
    for (const one of heads) {
      if (one.head.done === true) continue;
      if (newest?.head.done !== false || isNewer(one.head.value, newest.head.value)) newest = one;
    }
    if (newest?.head.done !== false) return;
    yield newest.head.value;
    newest.head = await newest.each.next();
  }
}

function isNewer(a: Place, b: Place): boolean {
  return a.at > b.at || (a.at === b.at && a.decision > b.decision);
}
