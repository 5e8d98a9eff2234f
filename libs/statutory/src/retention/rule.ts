import type { PlainDate } from '#kernel';

/** What a period is counted from. */
export type RetentionStart = 'birth' | 'last-contact' | 'closure' | 'death' | 'adoption-order';

/** A circumstance that makes a rule apply; a rule without one applies always. */
export type RetentionCircumstance = 'died-before-18' | 'died' | 'last-seen-at-17' | 'looked-after' | 'adopted';

/** One period that a law, a code of practice or a local policy gives. */
export interface RetentionPeriod {
  readonly from: RetentionStart;
  readonly years: number;
  readonly when?: RetentionCircumstance;
  /** The law or code, `SI 2010/959 reg. 50`. */
  readonly source: string;
  /** `certain`: read in the law or code, or in its official note; `local`: an organisation decides or must confirm, this is our default. */
  readonly status: 'certain' | 'local';
}

/** How long facts of one category are kept: by the organisation that told (`source`), and the hub's copy, which is never kept longer. */
export interface RetentionRule {
  readonly category: string;
  readonly source: readonly RetentionPeriod[];
  readonly hub: RetentionPeriod;
}

/** What is known of a person, as far as it decides. Absent: not known; null: known not to be. */
export interface PersonFacts {
  readonly birthDate?: PlainDate;
  /** When the organisations of the hub last had to do with the person. */
  readonly lastContact?: PlainDate;
  readonly closure?: PlainDate;
  readonly death?: PlainDate | null;
  readonly lookedAfter?: boolean;
  readonly adoptionOrder?: PlainDate | null;
}

/** The last day of keeping, with the period that gives it; or why nobody can say. */
export type RetentionEnd =
  | { readonly end: PlainDate; readonly period: RetentionPeriod }
  | { readonly end: 'unknown'; readonly why: 'category-without-rule' | `${RetentionStart}-not-known` };
