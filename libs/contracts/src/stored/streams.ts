import type { ChildId, DecisionId } from '#kernel';

/** Streams of the hub. */
export const REGISTRY_STREAM = 'registry';
/** The stream of a child's consents, restrictions and relationships. */
export const protectionStream = (child: ChildId): string => `protection-${child}`;
/** The stream of a child's links. */
export const childStream = (child: ChildId): string => `child-${child}`;
/** The stream of one table of one month. */
export const cohortStream = (table: string, month: string): string => `cohort-${table}-${month}`;
/** The stream of one notice. */
export const noticeStream = (notice: string): string => `notice-${notice}`;
/** The stream of one question about decisions, or of what one person was handed in a day. */
export const auditQueryStream = (id: string): string => `auditQuery-${id}`;
/** The stream of one finding, suppression or watch. */
export const detectionStream = (id: string): string => `detection-${id}`;
/** The stream of one review case. */
export const reviewStream = (review: string): string => `review-${review}`;
/** The stream of the sampling plan. */
export const SAMPLING_PLAN_STREAM = 'review-plan';
/** The stream of one look. */
export const lookStream = (decision: DecisionId): string => `look-${decision}`;

/** The stream families of ours, each a leaf family of the proof (design §3.3): the part of a stream's name before its first hyphen. */
export const FAMILIES = [
  'fact',
  'registry',
  'protection',
  'child',
  'look',
  'process',
  'equipment',
  'ehcPlan',
  'review',
  'notice',
  'breakGlass',
  'auditQuery',
  'detection',
  'legalHold',
  'erasureRequest',
  'subjectAccess',
  'cohort',
  'subscription',
] as const;
/** One stream family. */
export type Family = (typeof FAMILIES)[number];
