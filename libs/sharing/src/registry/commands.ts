import type {
  AgreementEnded,
  AgreementInForce,
  OrganisationKeyRevoked,
  OrganisationRegistered,
  Reason,
  RegistryEvent,
} from '#contracts';

/** What an administrator may ask of the registry; the data is what would be stored. */
export type RegistryCommand =
  | { readonly type: 'registerOrganisation'; readonly data: OrganisationRegistered }
  | { readonly type: 'revokeKey'; readonly data: OrganisationKeyRevoked }
  | { readonly type: 'putAgreementInForce'; readonly data: AgreementInForce }
  | { readonly type: 'endAgreement'; readonly data: AgreementEnded };

/** A registry event without its place in the log. */
export type RegistryChange = RegistryEvent extends infer Event
  ? Event extends { readonly type: infer Type; readonly data: infer Data }
    ? { readonly type: Type; readonly data: Data }
    : never
  : never;

/** Why a registry command is refused: a stable code and a pointer into the command's data. */
export type RegistryRejection = Reason;
