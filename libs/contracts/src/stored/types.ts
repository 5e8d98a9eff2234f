import type { AuditQueryEvent } from './audit-query-events.ts';
import type { DetectionEvent } from './detection-events.ts';
import type { FactEvent } from './fact-events.ts';
import type { ChildEvent } from './child-events.ts';
import type { CohortEvent } from './cohort-events.ts';
import type { LookEvent } from './look-events.ts';
import type { NoticeEvent } from './notice-events.ts';
import type { ProtectionEvent } from './protection-events.ts';
import type { RegistryEvent } from './registry-events.ts';
import type { ReviewEvent, SamplingEvent } from './review-events.ts';
import type { Family } from './streams.ts';

/** Every type of a union of events, which the compiler holds to be all of them. */
const all = <Type extends string>(types: Readonly<Record<Type, true>>): readonly Type[] => Object.keys(types) as Type[];

/**
 * The event types of the stream families that `stored/` defines. The other families' types belong to their aggregates (`equipment.ts`),
 * which refuse what they do not know as they fold it.
 */
export const EVENT_TYPES = {
  fact: all<FactEvent['type']>({
    'fact.published.v1': true,
    'fact.withheld.v1': true,
    'fact.quarantined.v1': true,
    'fact.regated.v1': true,
    'fact.corrected.v1': true,
    'fact.withdrawn.v1': true,
  }),
  registry: all<RegistryEvent['type']>({
    'organisation.registered.v1': true,
    'organisation.key-revoked.v1': true,
    'agreement.drafted.v1': true,
    'agreement.approved.v1': true,
    'agreement.draft-withdrawn.v1': true,
    'agreement.in-force.v1': true,
    'agreement.suspended.v1': true,
    'agreement.resumed.v1': true,
    'agreement.undone.v1': true,
    'agreement.ended.v1': true,
  }),
  protection: all<ProtectionEvent['type']>({
    'consent.given.v1': true,
    'consent.withdrawn.v1': true,
    'consent.refused.v1': true,
    'relationship.started.v1': true,
    'relationship.ended.v1': true,
    'relationship.retracted.v1': true,
    'relationship.claimed.v1': true,
    'relationship.claim-ended.v1': true,
    'break-glass.granted.v1': true,
    'break-glass.ended.v1': true,
    'sharing.decided.v1': true,
    'sharing.decision-ended.v1': true,
    'authority.recorded.v1': true,
    'authority.ended.v1': true,
    'competence.assessed.v1': true,
    'objection.made.v1': true,
    'objection.decided.v1': true,
  }),
  child: all<ChildEvent['type']>({
    'record.linked.v1': true,
    'record.unlinked.v1': true,
    'record.split.v1': true,
    'record.erased.v1': true,
  }),
  look: all<LookEvent['type']>({ 'look.recorded.v1': true, 'look.aborted.v1': true }),
  cohort: all<CohortEvent['type']>({ 'cohort.published.v1': true }),
  notice: all<NoticeEvent['type']>({ 'notice.sent.v1': true }),
  auditQuery: all<AuditQueryEvent['type']>({
    'audit-query.asked.v1': true,
    'audit-query.exported.v1': true,
    'audit-query.rows-taken.v1': true,
  }),
  detection: all<DetectionEvent['type']>({
    'detection.raised.v1': true,
    'detection.suppressed.v1': true,
    'detection.suppression-ended.v1': true,
    'detection.child-watched.v1': true,
    'detection.child-watch-ended.v1': true,
  }),
  review: all<ReviewEvent['type'] | SamplingEvent['type']>({
    'review.opened.v1': true,
    'review.assigned.v1': true,
    'review.decided.v1': true,
    'review.answered.v1': true,
    'review.reopened.v1': true,
    'review.sampling-planned.v1': true,
  }),
} as const satisfies Partial<Record<Family, readonly string[]>>;
