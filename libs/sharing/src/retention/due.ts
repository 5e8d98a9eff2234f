import type { OrganisationId, PlainDate } from '#kernel';
import { isOver, retentionEnd, RETENTION_SCHEDULE, type PersonFacts, type RetentionPeriod } from '#statutory';

/** What one organisation's record of a child has facts of. */
export interface RecordContents {
  readonly organisation: OrganisationId;
  readonly categories: readonly string[];
}

/** How long a category of a record is kept, and after which law or policy; or why nobody can say. */
export type CategoryRetention = { readonly category: string } & (
  | { readonly until: PlainDate; readonly source: string; readonly status: RetentionPeriod['status'] }
  | { readonly unknown: string }
);

/** Where a record stands: due once every category of it is over. */
export interface RecordRetention {
  readonly organisation: OrganisationId;
  readonly due: boolean;
  readonly categories: readonly CategoryRetention[];
}

/** How the hub's copy of a record stands on a day. A record without a fact is never due: nothing says when it was last of use. */
export function retentionOf(record: RecordContents, person: PersonFacts, on: PlainDate): RecordRetention {
  const ends = record.categories
    .toSorted()
    .map((category) => ({ category, end: retentionEnd(RETENTION_SCHEDULE, category, person) }));
  return {
    organisation: record.organisation,
    due: ends.length > 0 && ends.every(({ end }) => isOver(end, on)),
    categories: ends.map(({ category, end }): CategoryRetention => {
      if ('why' in end) return { category, unknown: end.why };
      return { category, until: end.end, source: end.period.source, status: end.period.status };
    }),
  };
}
