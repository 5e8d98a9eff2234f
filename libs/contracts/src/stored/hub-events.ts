import type { ChildId, DecisionId, FactId, Instant, JsonObject, OrganisationId, PlainDate, RecordId } from '#kernel';
import type { SharingBasis } from '../vocabulary/basis.ts';
import type { Category } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role, Sector } from '../vocabulary/roles.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** A public key of an organisation: RFC 7517 JWK with exactly one `alg` (Ed25519, ES256, ES384, RS384 or RS512). */
export type PublicJwk = JsonObject & { readonly kid: string; readonly kty: string; readonly alg: string };

/** What an organisation states once for formats that can't carry a basis: per fact type (design §4.4). */
export type PublicationProfile = Readonly<Record<string, SharingBasis>>;

/** `registry`: a legal body with keys. Registered again under the same id, it replaces name, codes, keys and profile. */
export interface OrganisationRegistered {
  readonly organisation: OrganisationId;
  readonly name: string;
  readonly sector: Sector;
  readonly codes: Readonly<Partial<Record<'ods' | 'urn' | 'ukprn' | 'laestab', string>>>;
  readonly keys: readonly PublicJwk[];
  readonly profile: PublicationProfile;
}
/** `registry`: a key that may no longer sign anything, from this event on. */
export interface OrganisationKeyRevoked {
  readonly organisation: OrganisationId;
  readonly kid: string;
  readonly reason: 'compromised' | 'superseded' | 'ceased';
}
/** `registry`: a version of a sharing agreement in force between days (both included) of the area. A later version replaces it. */
export interface AgreementInForce {
  readonly agreement: string;
  readonly version: number;
  readonly title: string;
  readonly source: OrganisationId;
  readonly recipient: OrganisationId;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly roles: readonly Role[];
  readonly from: PlainDate;
  readonly until: PlainDate | null;
}
/** `registry`: an agreement ended at once. */
export interface AgreementEnded {
  readonly agreement: string;
  readonly version: number;
  readonly reason: string;
}

/** `protection-<childId>`: a person with authority let consent-based sharing happen. */
export interface ConsentGiven {
  readonly consent: string;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly authority: 'parental-responsibility' | 'gillick-competent-child' | 'young-person-16' | 'court-order';
  readonly until: PlainDate | null;
  /** Who said so: pseudonymous subject of the sign-in. */
  readonly by?: string;
}
/** `protection-<childId>`: withdrawn; stops consent-based sharing at once and nothing else. */
export interface ConsentWithdrawn {
  readonly consent: string;
  /** Who withdrew: pseudonymous subject of the sign-in. */
  readonly by?: string;
}
/** `protection-<childId>`: refused or objected to; holds over any consent given for the same until withdrawn by its id. */
export interface ConsentRefused {
  readonly consent: string;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  readonly authority: ConsentGiven['authority'];
  /** Who said so: pseudonymous subject of the sign-in. */
  readonly by?: string;
}
/** Why a professional may work with a child. */
export type RelationshipKind = 'on-roll' | 'caseload' | 'referral' | 'allocation' | 'named-on-plan' | 'family';
/** `protection-<childId>`: a legitimate relationship began, or its statement was corrected (same `fact`, later replaces). */
export interface RelationshipStarted {
  /** The fact that says so. */
  readonly fact: FactId;
  readonly organisation: OrganisationId;
  readonly kind: RelationshipKind;
  /** Names one of several relationships of a kind, `setting:100123`; an end names the same. */
  readonly name: string;
  /** Only this team, where given. */
  readonly team?: string;
  /** Only this person (pseudonymous subject of the sign-in), where given. */
  readonly person?: string;
  readonly from: PlainDate;
}
/** `protection-<childId>`: ended; the last day is included. May arrive before its start. */
export interface RelationshipEnded {
  readonly fact: FactId;
  readonly organisation: OrganisationId;
  readonly kind: RelationshipKind;
  readonly name: string;
  readonly until: PlainDate;
}
/** `protection-<childId>`: the fact that started or ended a relationship was withdrawn. */
export interface RelationshipRetracted {
  readonly fact: FactId;
}

/** Why records belong to one child: the rule that said so, a move that another event explains, or a person's review. */
export type LinkReason = 'new-record' | 'nhs-number-birth-date-surname' | 'upn-birth-date-surname' | 'moved' | 'review';
/** `child-<childId>`: a source record belongs to this child. */
export interface RecordLinked {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly because: LinkReason;
}
/** `child-<childId>`: no longer under this child; the record is linked to `to` by an event of its own. */
export interface RecordUnlinked {
  readonly recordId: RecordId;
  readonly to: ChildId;
  /** `matched-later`: nobody reviewed; the organisation said more, and the rule that links a new record held. */
  readonly because: 'wrong-match' | 'review' | 'matched-later';
}
/** `child-<childId>`: one organisation's record was two children; these facts are of `to`'s record. */
export interface RecordSplit {
  readonly recordId: RecordId;
  readonly to: ChildId;
  readonly toRecord: RecordId;
  readonly facts: readonly FactId[];
}
/** `child-<childId>`: keys of one organisation's record were destroyed; the log keeps cipher text nobody can open. */
export interface RecordErased {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly ground: 'article-17' | 'retention-ended' | 'court-order';
  readonly keysDestroyed: number;
}

/** `look-<decisionId>`: one decided disclosure or refusal. Everything about reader and child is sealed under the audit key. */
export interface LookRecorded {
  readonly decision: DecisionId;
  readonly sealed: Sealed;
}
/** `look-<decisionId>`: the tails moved between decision and answer; nothing was disclosed under this decision. */
export interface LookAborted {
  readonly decision: DecisionId;
}

/** What is sealed in a look (BALP plus purpose): no payload, ever. */
export interface LookContent {
  readonly at: Instant;
  readonly reader: {
    readonly sub: string;
    readonly organisation: OrganisationId;
    readonly role: Role;
    readonly team?: string;
    readonly acr: string;
    readonly client: string;
  };
  readonly purpose: Purpose;
  readonly detail?: string;
  readonly route: string;
  readonly child: ChildId | null;
  readonly effect: 'permit' | 'deny';
  /** Slices that were seen, with what allowed each; empty for a refusal, which has reasons. */
  readonly slices: readonly {
    readonly organisation: OrganisationId;
    readonly category: Category;
    readonly rule: string;
    readonly agreement?: string;
    readonly version?: number;
  }[];
  readonly reasons: readonly string[];
  /** Facts whose words were disclosed. */
  readonly facts: readonly FactId[];
  /** Revisions of `registry` and of each protection stream the decision read; -1 for an empty stream. */
  readonly registryRevision: number;
  readonly protection: readonly { readonly child: ChildId; readonly revision: number }[];
  readonly policy: string;
  readonly requestId: string;
}

/** The events of the `registry` stream. */
export type RegistryEvent =
  | StoredRecord<'organisation.registered.v1', OrganisationRegistered>
  | StoredRecord<'organisation.key-revoked.v1', OrganisationKeyRevoked>
  | StoredRecord<'agreement.in-force.v1', AgreementInForce>
  | StoredRecord<'agreement.ended.v1', AgreementEnded>;
/** The events of a `protection-<childId>` stream. */
export type ProtectionEvent =
  | StoredRecord<'consent.given.v1', ConsentGiven>
  | StoredRecord<'consent.withdrawn.v1', ConsentWithdrawn>
  | StoredRecord<'consent.refused.v1', ConsentRefused>
  | StoredRecord<'relationship.started.v1', RelationshipStarted>
  | StoredRecord<'relationship.ended.v1', RelationshipEnded>
  | StoredRecord<'relationship.retracted.v1', RelationshipRetracted>;
/** The events of a `child-<childId>` stream. */
export type ChildEvent =
  | StoredRecord<'record.linked.v1', RecordLinked>
  | StoredRecord<'record.unlinked.v1', RecordUnlinked>
  | StoredRecord<'record.split.v1', RecordSplit>
  | StoredRecord<'record.erased.v1', RecordErased>;
/** The events of a `look-<decisionId>` stream. */
export type LookEvent = StoredRecord<'look.recorded.v1', LookRecorded> | StoredRecord<'look.aborted.v1', LookAborted>;

/** Streams of the hub. */
export const REGISTRY_STREAM = 'registry';
/** The stream of a child's consents, restrictions and relationships. */
export const protectionStream = (child: ChildId): string => `protection-${child}`;
/** The stream of a child's links. */
export const childStream = (child: ChildId): string => `child-${child}`;
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
] as const;
/** One stream family. */
export type Family = (typeof FAMILIES)[number];
