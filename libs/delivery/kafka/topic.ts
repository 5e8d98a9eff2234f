import { isOrganisationId, type OrganisationId } from '#kernel';

/** Where one organisation's signals go. Nobody else's go there, and its name tells of no person. */
export interface KafkaEndpoint {
  readonly organisation: OrganisationId;
}

/** `tellonce.<organisation>.v1`; undefined for what is not an id of an organisation, whatever the type says. */
export function topicOf(organisation: string): string | undefined {
  return isOrganisationId(organisation) ? `tellonce.${organisation}.v1` : undefined;
}
