import { never, type OrganisationId } from '#kernel';
import type { AgreementInForce } from '#contracts';
import type { AgreementDraft, AgreementRecord, Registry } from '../model.ts';
import type { RegistryChange } from './commands.ts';

/** The changes that are of an agreement's life. */
export type AgreementChange = Extract<RegistryChange, { readonly data: { readonly agreement: string } }>;

/** Where a version of an agreement stands; `superseded` also where a later version came into force before it was approved by both. */
export type VersionState = 'draft' | 'withdrawn' | 'in-force' | 'suspended' | 'superseded' | 'undone' | 'ended';

/** An agreement's life after one more event; undefined where the event is of an agreement that nobody drafted or put in force. */
export function evolveRecord(
  before: AgreementRecord | undefined,
  { type, data }: AgreementChange,
): AgreementRecord | undefined {
  if (type === 'agreement.drafted.v1') {
    const record = before ?? begun(data);
    const draft: AgreementDraft = { content: data, approvals: new Map(), withdrawn: false };
    return { ...record, drafts: new Map([...record.drafts, [data.version, draft]]) };
  }
  if (type === 'agreement.in-force.v1') {
    // Logs of the time before drafts begin here.
    const record = before ?? begun(data);
    return { ...record, held: [...record.held, data], came: new Set([...record.came, data.version]) };
  }
  if (before === undefined) return undefined;
  switch (type) {
    case 'agreement.approved.v1': {
      const draft = before.drafts.get(data.version);
      if (draft === undefined) return before;
      return withDraft(before, data.version, {
        ...draft,
        approvals: new Map([...draft.approvals, [data.party, data]]),
      });
    }
    case 'agreement.draft-withdrawn.v1': {
      const draft = before.drafts.get(data.version);
      return draft === undefined ? before : withDraft(before, data.version, { ...draft, withdrawn: true });
    }
    case 'agreement.suspended.v1':
      return { ...before, suspendedBy: new Set([...before.suspendedBy, data.party]) };
    case 'agreement.resumed.v1':
      return { ...before, suspendedBy: new Set([...before.suspendedBy].filter((party) => party !== data.party)) };
    case 'agreement.undone.v1':
      return {
        ...before,
        held: before.held.filter(({ version }) => version !== data.version),
        undone: new Set([...before.undone, data.version]),
      };
    case 'agreement.ended.v1':
      return (before.held.at(-1)?.version ?? Infinity) <= data.version
        ? { ...before, held: [], suspendedBy: new Set() }
        : before;
    default:
      // An event this release doesn't know may restrict: it must not be overlooked.
      return never(type);
  }
}

/** Where a version stands; undefined where there is none. */
export function versionState(registry: Registry, agreement: string, version: number): VersionState | undefined {
  const record = registry.book.get(agreement);
  const draft = record?.drafts.get(version);
  if (record === undefined || (draft === undefined && !record.came.has(version))) return undefined;
  if (draft?.withdrawn === true) return 'withdrawn';
  if (record.undone.has(version)) return 'undone';
  if (record.held.at(-1)?.version === version) return record.suspendedBy.size > 0 ? 'suspended' : 'in-force';
  if (record.held.some((held) => held.version === version)) return 'superseded';
  if (record.came.has(version)) return 'ended';
  return version <= (registry.versions.get(agreement) ?? 0) ? 'superseded' : 'draft';
}

/** The parties of an agreement. */
export function isParty({ source, recipient }: AgreementRecord, organisation: OrganisationId): boolean {
  return organisation === source || organisation === recipient;
}

function begun({ source, recipient }: AgreementInForce): AgreementRecord {
  return {
    source,
    recipient,
    drafts: new Map(),
    held: [],
    came: new Set(),
    undone: new Set(),
    suspendedBy: new Set(),
  };
}

function withDraft(record: AgreementRecord, version: number, draft: AgreementDraft): AgreementRecord {
  return { ...record, drafts: new Map([...record.drafts, [version, draft]]) };
}
