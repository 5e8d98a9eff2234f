import type { OrganisationId } from '#kernel';
import type { CompleteQuestion, Ruling } from '../disclose/disclose.ts';
import { HUB } from '../disclose/rules.ts';

/** What concerns a child's records is read by the area's data-protection officer, and by that of the one organisation whose records they are. */
export function officerRule(
  { reader, purpose, registry }: CompleteQuestion,
  organisation: OrganisationId | null,
): Ruling<true> {
  if (reader.role !== 'data-protection-officer' || purpose !== 'audit') {
    return { effect: 'deny', reasons: ['role-lacks-purpose'] };
  }
  const theirs = reader.organisation === organisation && registry.organisations.has(reader.organisation);
  return reader.organisation === HUB || theirs
    ? { effect: 'permit', scope: true, slices: [] }
    : { effect: 'deny', reasons: ['not-own-record'] };
}
