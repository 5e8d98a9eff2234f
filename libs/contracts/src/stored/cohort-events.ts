import type { StoredRecord } from './record.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/**
 * The only event of stream `cohort-<table>-<month>`: what was published of a month, never counted again. A later correction, withdrawal or
 * erasure changes no number that somebody may hold beside it.
 */
export interface CohortPublished {
  readonly table: string;
  /** `2026-10`: as things stood at the end of its last day. */
  readonly month: string;
  /** Fewer children than this are not shown. */
  readonly threshold: number;
  readonly roundedTo: number;
  /** Null where a number is not shown. */
  readonly cells: readonly { readonly value: string; readonly children: number | null }[];
  readonly total: number | null;
}

/** The events of a `cohort-<table>-<month>` stream. */
export type CohortEvent = StoredRecord<'cohort.published.v1', CohortPublished>;
