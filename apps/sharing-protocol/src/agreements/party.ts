import type { OrganisationId } from '#kernel';
import { invalidInput, notFound, Problem, type Caller, type CommandOutcome } from '#nest-platform';
import { HUB, isParty, type AgreementRecord, type Registry } from '#sharing';

/** The agreement, for whoever may read all of it: its parties, the area's data-protection officer and administrator. The 404 for all else. */
export function readable(registry: Registry, agreement: string, { reader }: Caller): AgreementRecord {
  const record = registry.book.get(agreement);
  if (record === undefined || (reader.organisation !== HUB && !isParty(record, reader.organisation))) throw notFound();
  return record;
}

/** The organisation that somebody acts for as a party of the agreement. The 404 for all else, the hub's own people included. */
export function partyOf(registry: Registry, agreement: string, { reader }: Caller): OrganisationId {
  const record = registry.book.get(agreement);
  if (record === undefined || !isParty(record, reader.organisation)) throw notFound();
  return reader.organisation;
}

/** What a command answers: whether anything changed; the same command again changes nothing. */
export interface Changed {
  readonly changed: boolean;
}

/** The input is in order, and what it asks for does not go with how the agreement stands. */
const CONFLICTS: ReadonlySet<string> = new Set([
  'AGREEMENT_NOT_IN_FORCE',
  'AGREEMENT_PARTIES_CHANGED',
  'AGREEMENT_VERSION_NOT_CURRENT',
  'AGREEMENT_VERSION_NOT_GROWING',
  'APPROVED_ALREADY',
  'APPROVER_OF_BOTH',
  'DIGEST_NOT_OF_DRAFT',
  'DRAFT_CAME_INTO_FORCE',
  'DRAFT_WITHDRAWN',
  'KEY_REVOKED',
  'SUSPENDED_BY_OTHER_PARTY',
]);

/** Turns the outcome of a command into its answer, or throws its problem. */
export function changed(outcome: CommandOutcome): Changed {
  if (outcome.ok) return { changed: outcome.value.changed };
  const errors = outcome.error;
  const codes = errors.map(({ code }) => code);
  if (codes.includes('AGREEMENT_UNKNOWN')) throw notFound();
  if (codes.includes('NOT_A_PARTY')) {
    throw new Problem({
      status: 403,
      code: 'HUB_NOT_A_PARTY',
      title: 'Only the parties of an agreement may do this',
      errors,
    });
  }
  if (codes.includes('UNDO_LETS_SEE_MORE')) {
    throw new Problem({
      status: 409,
      code: 'HUB_UNDO_NEEDS_BOTH_PARTIES',
      title: 'The version before lets somebody see more than the one in force',
      detail: 'Draft it again as a new version: it comes into force when both parties have approved it.',
      errors,
    });
  }
  if (codes.some((code) => CONFLICTS.has(code))) {
    throw new Problem({
      status: 409,
      code: 'HUB_AGREEMENT_CONFLICT',
      title: 'The agreement does not stand as this needs it to',
      errors,
    });
  }
  throw invalidInput(errors);
}

/** The name of an organisation; its id where it is not registered. */
export function nameIn({ organisations }: Registry): (organisation: OrganisationId) => string {
  return (organisation) => organisations.get(organisation)?.name ?? organisation;
}
