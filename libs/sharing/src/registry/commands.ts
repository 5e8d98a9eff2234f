import type { OrganisationId } from '#kernel';
import type {
  AgreementApproved,
  AgreementContent,
  OrganisationKeyRevoked,
  OrganisationRegistered,
  Reason,
  RegistryEvent,
} from '#contracts';

/** What a party alone may ask of an agreement, with the party and, where it restricts, why. */
export interface PartyRequest {
  readonly agreement: string;
  readonly party: OrganisationId;
  readonly reason: string;
}

/** What may be asked of the registry; the data of the first four is what would be stored. */
export type RegistryCommand =
  | { readonly type: 'registerOrganisation'; readonly data: OrganisationRegistered }
  | { readonly type: 'revokeKey'; readonly data: OrganisationKeyRevoked }
  /** The party is the organisation that drafts. */
  | { readonly type: 'draftAgreement'; readonly data: AgreementContent; readonly party: OrganisationId }
  /** The signature was verified with the party's key before it comes here; that the key still counts is decided here. */
  | { readonly type: 'approveAgreement'; readonly data: AgreementApproved }
  | { readonly type: 'withdrawDraft'; readonly data: PartyRequest & { readonly version: number } }
  | { readonly type: 'suspendAgreement'; readonly data: PartyRequest }
  | { readonly type: 'resumeAgreement'; readonly data: Omit<PartyRequest, 'reason'> }
  /** `version` is the one whose coming into force is undone, so that the same again undoes no more. */
  | { readonly type: 'undoAgreement'; readonly data: PartyRequest & { readonly version: number } }
  | { readonly type: 'endAgreement'; readonly data: PartyRequest };

/** A registry event without its place in the log. */
export type RegistryChange = RegistryEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Data }
    : never
  : never;

/** Why a registry command is refused: a stable code and a pointer into the command's data. */
export type RegistryRejection = Reason;
