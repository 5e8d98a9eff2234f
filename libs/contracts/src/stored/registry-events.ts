import type { JsonObject, OrganisationId, PlainDate } from '#kernel';
import type { SharingBasis } from '../vocabulary/basis.ts';
import type { Category } from '../vocabulary/categories.ts';
import type { Obligation } from '../vocabulary/obligations.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role, Sector } from '../vocabulary/roles.ts';
import type { StoredRecord } from './record.ts';

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
  /** Absent in versions that came into force before agreements stated their terms. */
  readonly terms?: AgreementTerms;
}
/** What the parties of an agreement promise each other beyond who may see what. */
export interface AgreementTerms {
  /** The bases the parties rely on: UK GDPR art. 6, art. 9, DPA 2018 schedule 1 paragraph, common-law confidentiality. */
  readonly bases: {
    readonly lawful: readonly SharingBasis['lawful'][];
    readonly condition: readonly SharingBasis['condition'][];
    /** `Part 2 paragraph 18`; null where no condition of schedule 1 is needed. */
    readonly schedule1: string | null;
    readonly confidentiality: readonly SharingBasis['confidentiality'][];
  };
  readonly obligations: readonly Obligation[];
  /** Categories of which only the existence may be shown, beside those whose facts may be read. */
  readonly existenceOnly: readonly Category[];
  /** By fact type, the members of its data that may be shown (the minimum to act on); a type not named shows all of them. */
  readonly minimum: Readonly<Record<string, readonly string[]>>;
  /** For how many days the recipient may keep what it saw; null: as long as its own record. */
  readonly retentionDays: number | null;
  /** The day by which the parties look at the agreement again. */
  readonly reviewBy: PlainDate;
}
/** The full text of a version as its parties approve it; what comes into force is this and nothing else. */
export type AgreementContent = AgreementInForce & { readonly terms: AgreementTerms };
/** `registry`: a version is put before its parties. Drafted again under its number it replaces a text that nobody has approved yet. */
export type AgreementDrafted = AgreementContent;
/** What a party signs to approve a version: the payload of the compact JWS, these members and no others. */
export interface AgreementApproval {
  readonly agreement: string;
  readonly version: number;
  readonly party: OrganisationId;
  /** Pseudonymous subject of the person who approves for the party. */
  readonly approver: string;
  /** See `agreementDigest`. */
  readonly digest: string;
}
/** `registry`: one party approves a version, by a person and with a key of its own. */
export interface AgreementApproved extends AgreementApproval {
  readonly kid: string;
  /** The compact JWS (RFC 7515 §7.1) itself, so that anybody may check it again. */
  readonly jws: string;
}
/** `registry`: a version that is not to come into force any more. */
export interface AgreementDraftWithdrawn {
  readonly agreement: string;
  readonly version: number;
  readonly party: OrganisationId;
  readonly reason: string;
}
/** `registry`: nothing is shared under the agreement until the party that suspended it resumes it. */
export interface AgreementSuspended {
  readonly agreement: string;
  readonly version: number;
  readonly party: OrganisationId;
  readonly reason: string;
}
/** `registry`: a party takes back its own suspension. */
export interface AgreementResumed {
  readonly agreement: string;
  readonly version: number;
  readonly party: OrganisationId;
}
/** `registry`: the coming into force of a version is undone; the version before holds again, or none. */
export interface AgreementUndone {
  readonly agreement: string;
  readonly version: number;
  readonly restores: number | null;
  readonly party: OrganisationId;
  readonly reason: string;
}
/** `registry`: an agreement ended at once. */
export interface AgreementEnded {
  readonly agreement: string;
  readonly version: number;
  readonly reason: string;
  /** Absent in logs of the time when an administrator ended agreements. */
  readonly party?: OrganisationId;
}

/** The events of the `registry` stream. */
export type RegistryEvent =
  | StoredRecord<'organisation.registered.v1', OrganisationRegistered>
  | StoredRecord<'organisation.key-revoked.v1', OrganisationKeyRevoked>
  | StoredRecord<'agreement.drafted.v1', AgreementDrafted>
  | StoredRecord<'agreement.approved.v1', AgreementApproved>
  | StoredRecord<'agreement.draft-withdrawn.v1', AgreementDraftWithdrawn>
  | StoredRecord<'agreement.in-force.v1', AgreementInForce>
  | StoredRecord<'agreement.suspended.v1', AgreementSuspended>
  | StoredRecord<'agreement.resumed.v1', AgreementResumed>
  | StoredRecord<'agreement.undone.v1', AgreementUndone>
  | StoredRecord<'agreement.ended.v1', AgreementEnded>;
