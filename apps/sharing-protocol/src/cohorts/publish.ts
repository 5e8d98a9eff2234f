import { setImmediate as turn } from 'node:timers/promises';
import { sql } from 'kysely';
import { cohortStream, decodeRecord, encodeRecord, type CohortPublished } from '#contracts';
import { WrongExpectedRevision } from '#event-log';
import { dayOf, type Instant, type JsonObject, type RecordId } from '#kernel';
import type { Core } from '#nest-platform';
import { oneOf, type View } from '#projections';
import { HUB, SMALL_NUMBERS, suppressed } from '#sharing';
import type { CohortFact } from './standing.ts';
import type { CohortTable } from './tables.ts';

/** Rows read at a time, so that a count of a whole area stops nobody else. */
const PAGE = 2_000;

/** What counting works with. */
export interface CohortParts {
  readonly core: Core;
  /** The timeline's view: the holding statement of each fact with what stands in the clear. */
  readonly facts: View;
}

/** The last whole month before that instant, in the area's days: `2026-10`, and its last day. */
export function lastMonth(at: Instant): { readonly month: string; readonly day: string } {
  const [year = 0, month = 0] = dayOf(at).split('-').map(Number);
  const last = new Date(Date.UTC(year, month - 1, 0));
  const day = last.toISOString().slice(0, 10);
  return { month: day.slice(0, 7), day };
}

/**
 * The table of the last whole month: as published, or counted, suppressed and published now by whoever asks first. Once published it is
 * never counted again, so asking before and after a child came or left tells nothing.
 */
export async function publishedTable(
  { core, facts }: CohortParts,
  name: string,
  table: CohortTable,
  correlationId: string,
): Promise<CohortPublished> {
  const at = core.clock.now();
  const { month, day } = lastMonth(at);
  const stream = cohortStream(name, month);
  const before = await readPublished(core, stream);
  if (before !== undefined) return before;
  const children = table.children(await clearFacts(core, facts, table.types), day);
  const values = table.values === 'settings' ? await settings(core) : table.values;
  const { cells, total } = suppressed(values.map((value) => ({ value, children: children.get(value)?.size ?? 0 })));
  const { threshold, roundTo: roundedTo } = SMALL_NUMBERS;
  const data: CohortPublished = { table: name, month, threshold, roundedTo, cells, total };
  const record = encodeRecord({
    format: 1,
    stream,
    revision: 0,
    type: 'cohort.published.v1',
    recordedAt: at,
    by: HUB,
    correlationId,
    data,
  });
  try {
    await core.log.append(stream, 'none', [record]);
    return data;
  } catch (error) {
    if (!(error instanceof WrongExpectedRevision)) throw error;
    return (await readPublished(core, stream)) ?? data;
  }
}

async function readPublished({ log }: Core, stream: string): Promise<CohortPublished | undefined> {
  const [event] = await log.readStream(stream, { limit: 1 });
  return event === undefined ? undefined : (decodeRecord(event.data).data as unknown as CohortPublished);
}

/** Codes of the registered settings: what an enrolment names. */
async function settings({ tails }: Core): Promise<readonly string[]> {
  const { organisations } = await tails.registry();
  return [...organisations.values()]
    .filter(({ sector }) => sector === 'education')
    .flatMap(({ codes }) => codes.urn ?? codes.ukprn ?? [])
    .sort();
}

async function clearFacts(core: Core, view: View, types: readonly string[]): Promise<readonly CohortFact[]> {
  const found: CohortFact[] = [];
  for (let after = ''; ;) {
    const { rows } = await sql<{ fact_id: string; record_id: string; fact_type: string; index_fields: string }>`
      select f.fact_id, f.record_id, s.fact_type, s.index_fields
      from fact f join statement s on s.fact_id = f.fact_id and s.revision = f.revision
      where f.withdrawn = 0 and f.record_id is not null and f.fact_id > ${after} and ${oneOf('f.fact_type', types)}
      order by f.fact_id limit ${PAGE}`.execute(view.db);
    const children = await core.childrenOf(rows.map(({ record_id }) => record_id as RecordId));
    for (const { record_id, fact_type, index_fields } of rows) {
      const child = children.get(record_id as RecordId);
      if (child !== undefined) found.push({ type: fact_type, child, index: JSON.parse(index_fields) as JsonObject });
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return found;
    after = last.fact_id;
    await turn();
  }
}
