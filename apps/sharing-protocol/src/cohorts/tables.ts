import { enrolledAt, equipmentHeld, type CohortFact, type ChildrenByValue } from './standing.ts';

/** A table that is published: one line a value of a list that does not depend on which children there are. */
export interface CohortTable {
  readonly title: string;
  /** Fact types it is counted from; only what stands in the clear is read. */
  readonly types: readonly string[];
  /** `settings`: the registered settings by their codes; otherwise the list itself. */
  readonly values: 'settings' | readonly string[];
  readonly children: (facts: Iterable<CohortFact>, day: string) => ChildrenByValue;
}

/** Kinds of equipment, as `equipment.issued.v1` lists them. */
const KINDS = [
  'radio-aid',
  'magnifier',
  'communication-aid',
  'standing-frame',
  'seating',
  'hoist',
  'walker',
  'wheelchair',
  'other',
] as const;

/**
 * All tables there are, each over children of its own kind. There is no query: who could choose the children could ask twice and subtract.
 * Two tables over the same children would be two equations, so there is one a population.
 */
export const COHORT_TABLES: Readonly<Record<string, CohortTable>> = {
  'on-roll-by-setting': {
    title: 'Children on the roll of each setting',
    types: ['education.enrolment-started.v1', 'education.enrolment-ended.v1'],
    values: 'settings',
    children: enrolledAt,
  },
  'equipment-by-kind': {
    title: 'Children with specialist equipment, by its kind',
    types: ['equipment.issued.v1', 'equipment.transferred.v1', 'equipment.returned.v1'],
    values: KINDS,
    children: equipmentHeld,
  },
};
