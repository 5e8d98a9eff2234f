import { canonicalJson, fail, never, ok, type OrganisationId, type Outcome } from '#kernel';
import { agreementDigest, type AgreementApproved, type AgreementContent } from '#contracts';
import type { AgreementRecord, Registry } from '../model.ts';
import { weakens } from './agreement-access.ts';
import { isParty } from './agreement-record.ts';
import type { PartyRequest, RegistryChange, RegistryCommand, RegistryRejection } from './commands.ts';
import { invalidTerms } from './terms.ts';
import { invalidAgreement } from './validate.ts';

/** A version may leave out so many numbers: one that took the last there is would be the agreement's last for ever. */
const MOST_LEFT_OUT = 1_000;

type Decision = Outcome<readonly RegistryChange[], RegistryRejection>;
type AgreementCommand = Exclude<RegistryCommand, { readonly type: 'registerOrganisation' | 'revokeKey' }>;

/** Nothing to add: it is so already, and the repeated command is answered as before. */
const AS_BEFORE: Decision = ok([]);
const UNKNOWN: Decision = fail({ code: 'AGREEMENT_UNKNOWN', pointer: '/agreement' });
const NOT_A_PARTY: Decision = fail({ code: 'NOT_A_PARTY', pointer: '/party' });
const NOT_IN_FORCE: Decision = fail({ code: 'AGREEMENT_NOT_IN_FORCE', pointer: '/agreement' });

/**
 * An agreement's life: a version is drafted, approved by a person of each party with a key of that party, and in force from the second
 * approval on; a later version takes its place. What only restricts (withdraw, suspend, end) either party does alone and at once; what
 * lets anybody see more needs both. Versions only grow, and an agreement's parties never change.
 */
export function decideAgreement(command: AgreementCommand, registry: Registry): Decision {
  switch (command.type) {
    case 'draftAgreement':
      return draft(command.data, command.party, registry);
    case 'approveAgreement':
      return approve(command.data, registry);
    case 'withdrawDraft':
      return withdraw(command.data, registry);
    case 'suspendAgreement':
      return suspend(command.data, registry);
    case 'resumeAgreement':
      return resume(command.data, registry);
    case 'undoAgreement':
      return undo(command.data, registry);
    case 'endAgreement':
      return end(command.data, registry);
    default:
      return never(command);
  }
}

function draft(data: AgreementContent, party: OrganisationId, registry: Registry): Decision {
  const wrong = invalidAgreement(data) ?? invalidTerms(data);
  if (wrong !== undefined) return fail(wrong);
  for (const each of ['source', 'recipient'] as const) {
    if (!registry.organisations.has(data[each])) return fail({ code: 'ORGANISATION_UNKNOWN', pointer: `/${each}` });
  }
  if (party !== data.source && party !== data.recipient) return NOT_A_PARTY;
  const record = registry.book.get(data.agreement);
  for (const each of ['source', 'recipient'] as const) {
    // Or two other bodies could put their version in the place of one that is not theirs.
    if (record !== undefined && record[each] !== data[each])
      return fail({ code: 'AGREEMENT_PARTIES_CHANGED', pointer: `/${each}` });
  }
  const known = record?.drafts.get(data.version);
  if (known !== undefined && !known.withdrawn && canonicalJson(known.content) === canonicalJson(data)) return AS_BEFORE;
  const heldBefore = registry.versions.get(data.agreement) ?? 0;
  const newest = Math.max(heldBefore, ...(record?.drafts.keys() ?? []));
  const replaces = known !== undefined && !known.withdrawn && known.approvals.size === 0;
  if (data.version <= heldBefore || (data.version <= newest && !replaces))
    return fail({ code: 'AGREEMENT_VERSION_NOT_GROWING', pointer: '/version' });
  if (data.version > newest + MOST_LEFT_OUT) return fail({ code: 'AGREEMENT_VERSION_TOO_FAR', pointer: '/version' });
  return ok([{ type: 'agreement.drafted.v1', data }]);
}

function approve(data: AgreementApproved, registry: Registry): Decision {
  const record = registry.book.get(data.agreement);
  const drafted = record?.drafts.get(data.version);
  if (record === undefined || drafted === undefined) return UNKNOWN;
  if (!isParty(record, data.party)) return NOT_A_PARTY;
  if (data.digest !== agreementDigest(drafted.content))
    return fail({ code: 'DIGEST_NOT_OF_DRAFT', pointer: '/digest' });
  const given = drafted.approvals.get(data.party);
  const counts = given !== undefined && (record.came.has(data.version) || stillSigns(given, registry));
  if (counts) {
    // Some algorithms sign the same differently each time: what was approved by whom is what counts.
    return given.approver === data.approver ? AS_BEFORE : fail({ code: 'APPROVED_ALREADY', pointer: '/approver' });
  }
  if (drafted.withdrawn) return fail({ code: 'DRAFT_WITHDRAWN', pointer: '/version' });
  if (data.version <= (registry.versions.get(data.agreement) ?? 0))
    return fail({ code: 'AGREEMENT_VERSION_NOT_GROWING', pointer: '/version' });
  if (!stillSigns(data, registry)) return fail({ code: 'KEY_REVOKED', pointer: '/kid' });
  const other = drafted.approvals.get(data.party === record.source ? record.recipient : record.source);
  const both = other !== undefined && stillSigns(other, registry);
  if (both && other.approver === data.approver) return fail({ code: 'APPROVER_OF_BOTH', pointer: '/approver' });
  const approved: RegistryChange = { type: 'agreement.approved.v1', data };
  return ok(both ? [approved, { type: 'agreement.in-force.v1', data: drafted.content }] : [approved]);
}

/** True where the key of an approval is still its party's: one signed with a key that was revoked since has to be given again. */
function stillSigns({ party, kid }: AgreementApproved, { organisations }: Registry): boolean {
  const organisation = organisations.get(party);
  if (organisation === undefined || organisation.revokedKeys.has(kid)) return false;
  return organisation.keys.some((key) => key.kid === kid);
}

function withdraw(data: PartyRequest & { readonly version: number }, registry: Registry): Decision {
  const record = registry.book.get(data.agreement);
  const drafted = record?.drafts.get(data.version);
  if (record === undefined || drafted === undefined) return UNKNOWN;
  if (!isParty(record, data.party)) return NOT_A_PARTY;
  if (drafted.withdrawn) return AS_BEFORE;
  if (record.came.has(data.version)) return fail({ code: 'DRAFT_CAME_INTO_FORCE', pointer: '/version' });
  const { agreement, version, party, reason } = data;
  return ok([{ type: 'agreement.draft-withdrawn.v1', data: { agreement, version, party, reason } }]);
}

function suspend({ agreement, party, reason }: PartyRequest, registry: Registry): Decision {
  return ofHeld(agreement, party, registry, ({ suspendedBy }, version) =>
    suspendedBy.has(party)
      ? AS_BEFORE
      : ok([{ type: 'agreement.suspended.v1', data: { agreement, version, party, reason } }]),
  );
}

function resume({ agreement, party }: Omit<PartyRequest, 'reason'>, registry: Registry): Decision {
  return ofHeld(agreement, party, registry, ({ suspendedBy }, version) => {
    if (suspendedBy.has(party)) return ok([{ type: 'agreement.resumed.v1', data: { agreement, version, party } }]);
    return suspendedBy.size === 0 ? AS_BEFORE : fail({ code: 'SUSPENDED_BY_OTHER_PARTY', pointer: '/agreement' });
  });
}

function undo(data: PartyRequest & { readonly version: number }, registry: Registry): Decision {
  const { agreement, version, party, reason } = data;
  const record = registry.book.get(agreement);
  if (record === undefined) return UNKNOWN;
  if (!isParty(record, party)) return NOT_A_PARTY;
  if (record.undone.has(version)) return AS_BEFORE;
  const [before, current] = [record.held.at(-2), record.held.at(-1)];
  if (current?.version !== version) return fail({ code: 'AGREEMENT_VERSION_NOT_CURRENT', pointer: '/version' });
  if (before !== undefined && weakens(current, before))
    return fail({ code: 'UNDO_LETS_SEE_MORE', pointer: '/version' });
  const restores = before?.version ?? null;
  return ok([{ type: 'agreement.undone.v1', data: { agreement, version, restores, party, reason } }]);
}

function end({ agreement, party, reason }: PartyRequest, registry: Registry): Decision {
  const record = registry.book.get(agreement);
  if (record !== undefined && isParty(record, party) && record.held.length === 0 && record.came.size > 0)
    return AS_BEFORE;
  return ofHeld(agreement, party, registry, (_record, version) =>
    ok([{ type: 'agreement.ended.v1', data: { agreement, version, party, reason } }]),
  );
}

function ofHeld(
  agreement: string,
  party: OrganisationId,
  registry: Registry,
  then: (record: AgreementRecord, version: number) => Decision,
): Decision {
  const record = registry.book.get(agreement);
  if (record === undefined) return UNKNOWN;
  if (!isParty(record, party)) return NOT_A_PARTY;
  const current = record.held.at(-1);
  return current === undefined ? NOT_IN_FORCE : then(record, current.version);
}
