import type { ChildId, OrganisationId } from '#kernel';
import { decodeRecord, type BreakGlassGranted, type NoticeAudience, type NoticeKind } from '#contracts';
import type { CommandMeta, LoggedEvent } from '#event-log';
import { sendNotice, type NoticeBook } from '../disclose/notice.ts';
import { HUB } from '../disclose/rules.ts';
import type { Registry } from '../model.ts';
import type { ProtectionCommand } from '../protection/commands.ts';
import { isActive, type EmergencyAccess } from './break-glass.ts';
import type { BreakGlassBooks } from './books.ts';
import type { BreakGlassEvent } from './events.ts';

/** What the process works with. */
export interface BreakGlassProcessParts {
  readonly books: BreakGlassBooks;
  readonly notices: NoticeBook;
  readonly registry: () => Promise<Registry>;
  /** The organisations that have told of a child. */
  readonly tellersOf: (child: ChildId) => Promise<readonly OrganisationId[]>;
  /** Changes the child's protection; durable when it answers. Throws where it is refused. */
  readonly protect: (child: ChildId, command: ProtectionCommand, meta: Omit<CommandMeta, 'at'>) => Promise<void>;
}

/** What a child's protection is told of an access: nothing of the words, nothing of reviews. */
export function grantOf(access: EmergencyAccess): BreakGlassGranted {
  const { grant, organisation, person, role, purpose, reason, from, until } = access;
  return { grant, organisation, person, role, purpose, reason, from, until };
}

/**
 * Follows the emergency books: brings the child's protection to what the book says now, and tells whom it concerns. The route that started
 * or ended an access has changed the protection before it answered, so that finds work only after a crash. Any event may be handled any number of times.
 */
export function breakGlassProcess(parts: BreakGlassProcessParts): (event: LoggedEvent) => Promise<void> {
  return async (event) => {
    const record = decodeRecord(event.data) as unknown as BreakGlassEvent;
    if (record.type === 'emergency-access.not-found.v1') return;
    const access = (await parts.books.read(event.stream)).accesses.get(record.data.grant);
    if (access === undefined) return;
    const cause = { by: record.by, correlationId: record.correlationId, causationId: event.id };
    const tell = teller(parts, access, event.id, record.correlationId);
    switch (record.type) {
      case 'emergency-access.started.v1':
        await align(parts, access, cause);
        await tellOfStart(parts, access, tell);
        return;
      case 'emergency-access.ended.v1':
        await align(parts, access, cause);
        return;
      case 'emergency-access.reviewed.v1':
        await tell('break-glass-reviewed', 'person', access.organisation);
        if (record.data.outcome === 'ask-user') await tell('break-glass-to-explain', 'person', access.organisation);
        return;
      case 'emergency-access.explained.v1':
      case 'emergency-access.reinstated.v1':
        return;
    }
  };
}

type Tell = (kind: NoticeKind, to: NoticeAudience, organisation: OrganisationId | null) => Promise<void>;

function teller(
  { notices }: BreakGlassProcessParts,
  { grant, child, person }: EmergencyAccess,
  cause: string,
  correlationId: string,
): Tell {
  return async (kind, to, organisation) => {
    const whose = to === 'person' ? person : null;
    await sendNotice(notices, { cause, kind, to, organisation, reference: grant, correlationId, child, person: whose });
  };
}

/** The area's officer, those of the home organisations and of the user's own, and the user, who owes an explanation. */
async function tellOfStart(parts: BreakGlassProcessParts, access: EmergencyAccess, tell: Tell): Promise<void> {
  const { organisations } = await parts.registry();
  const told = new Set([...(await parts.tellersOf(access.child)), access.organisation]);
  await tell('break-glass-started', 'area-dpo', null);
  for (const organisation of [...told].sort()) {
    // All families are one organisation, which has no officer; the hub's own is the area's.
    if (organisation === HUB || organisations.get(organisation)?.sector === 'family') continue;
    await tell('break-glass-started', 'organisation-dpo', organisation);
  }
  await tell('break-glass-to-explain', 'person', access.organisation);
}

/** Grants what is in force by the book, ends what it ended; what ran out meanwhile is left to the review alone. */
async function align(
  { protect, notices }: BreakGlassProcessParts,
  access: EmergencyAccess,
  cause: Omit<CommandMeta, 'at'>,
): Promise<void> {
  if (access.endedAt !== null)
    await protect(access.child, { type: 'endBreakGlass', data: { grant: access.grant } }, cause);
  else if (isActive(access, notices.clock.now()))
    await protect(access.child, { type: 'grantBreakGlass', data: grantOf(access) }, cause);
}
