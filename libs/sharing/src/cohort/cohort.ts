import type { Suppressed } from './suppress.ts';

/**
 * STORAGE FORMAT, the only event of stream `cohort-<table>-<month>`: what was published of a month, never counted again. A later
 * correction, withdrawal or erasure changes no number that somebody may hold beside it.
 */
export interface CohortPublished extends Suppressed {
  readonly table: string;
  /** `2026-10`: as things stood at the end of its last day. */
  readonly month: string;
  /** Fewer children than this are not shown. */
  readonly threshold: number;
  readonly roundedTo: number;
}
/** Type of {@link CohortPublished}. */
export const COHORT_PUBLISHED = 'cohort.published.v1';

/** The stream of one table of one month. */
export function cohortStream(table: string, month: string): string {
  return `cohort-${table}-${month}`;
}
