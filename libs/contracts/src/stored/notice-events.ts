import type { ChildId, OrganisationId } from '#kernel';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** Why somebody is told something. */
export const NOTICE_KINDS = [
  'break-glass-started',
  'break-glass-to-explain',
  'break-glass-reviewed',
  'relationship-claimed',
  'facts-read',
  'detection-raised',
  'review-opened',
  'sharing-objection-made',
  'erasure-carried-out',
  'organisation-keys-changed',
  'export-budget-reached',
  'review-question',
] as const;
/** One kind of notice. */
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Who is told: the area's data-protection officer, the one of an organisation, one person, or the family of the child. */
export type NoticeAudience = 'area-dpo' | 'organisation-dpo' | 'person' | 'family';

/**
 * `notice-<id>`: somebody is to be told of something. In the clear: the kind and a reference to ask with, never who is meant; whom it is
 * about is sealed under the audit key of the hub.
 */
export interface NoticeSent {
  readonly notice: string;
  readonly kind: NoticeKind;
  readonly to: NoticeAudience;
  /** Of the officer or person told; null for the area's officer and for families. */
  readonly organisation: OrganisationId | null;
  /** What to ask about: a decision, grant, claim or review id. */
  readonly reference: string;
  readonly sealed: Sealed;
}

/** What is sealed in a notice. */
export interface NoticeContent {
  readonly child: ChildId | null;
  /** The person told, for the audience `person`: pseudonymous subject of the sign-in. */
  readonly person: string | null;
}

/** The events of a `notice-<id>` stream. */
export type NoticeEvent = StoredRecord<'notice.sent.v1', NoticeSent>;
