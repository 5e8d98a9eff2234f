import type { ChildId, Clock, FactId, JsonObject, OrganisationId, PlainDate } from '#kernel';
import { encodeRecord, protectionStream, type FactDefinition } from '#contracts';
import { AppendInDoubt, WrongExpectedRevision, type EventLog } from '#event-log';
import type { Protection } from '../model.ts';
import { decideProtection, type ProtectionCommand } from '../protection/index.ts';

/** What the statement that holds says of a relationship; null where it says none (withdrawn, or a fact of another kind). */
export type Desired = { readonly definition: FactDefinition; readonly data: JsonObject } | null;

/** What keeps `protection-<childId>` in step with facts. */
export interface RelationshipParts {
  readonly log: EventLog;
  readonly clock: Clock;
  /** The protection of exactly this child, at its acknowledged tail. */
  readonly protection: (child: ChildId) => Promise<Protection>;
}

/** Where an append comes from, for the record. */
export interface Cause {
  readonly by: OrganisationId;
  readonly correlationId: string;
  readonly causationId: string;
}

/** True for facts that say something of who may work with the child or decide for it. */
export function concernsProtection(definition: FactDefinition | undefined): boolean {
  return definition?.relationship !== undefined || definition?.authority !== undefined;
}

/** True where carrying out the command lets fewer people in: then it comes before the fact, otherwise after (design §4.5). */
export function restricts(command: ProtectionCommand, protection: Protection): boolean {
  switch (command.type) {
    case 'endRelationship':
      return true;
    case 'retractRelationship':
      return !protection.ends.has(command.data.fact);
    case 'recordAuthority': {
      const { authority, from, until, kind, person } = command.data;
      const known = protection.authorities.get(authority);
      if (known === undefined) return false;
      const shorter = until !== null && (known.until === null || until < known.until);
      return shorter || from > known.from || kind !== known.kind || person !== known.person;
    }
    default:
      return false;
  }
}

/** The command that makes the protection say what the fact says of a relationship or an authority. */
export function relationshipCommand(factId: FactId, organisation: OrganisationId, desired: Desired): ProtectionCommand {
  const authority = desired?.definition.authority;
  if (desired !== null && authority !== undefined) {
    const { kind, evidence, day, lastDay, person } = authority.of(desired.data);
    const until = (lastDay ?? null) as PlainDate | null;
    const recorded = { authority: factId, kind, evidence, organisation, person: person ?? null, fact: factId };
    return { type: 'recordAuthority', data: { ...recorded, from: day as PlainDate, until } };
  }
  const relationship = desired?.definition.relationship;
  if (desired === null || relationship === undefined) return { type: 'retractRelationship', data: { fact: factId } };
  const { kind, name, day, team, person } = relationship.of(desired.data);
  const common = { fact: factId, organisation, kind, name };
  if (relationship.effect === 'ends') return { type: 'endRelationship', data: { ...common, until: day as PlainDate } };
  return {
    type: 'startRelationship',
    data: {
      ...common,
      from: day as PlainDate,
      ...(team === undefined ? {} : { team }),
      ...(person === undefined ? {} : { person }),
    },
  };
}

/**
 * Appends what is missing from `protection-<childId>`, nothing where it is so already: the fact's id makes it idempotent. Decides again
 * after a conflict; after a doubt too, because what was stored then shows in the fold. A command that protection
 * refuses (a day that doesn't exist) is left, as the fact's schema says no such thing.
 */
export async function ensureRelationship(
  { log, clock, protection }: RelationshipParts,
  child: ChildId,
  command: ProtectionCommand,
  cause: Cause,
): Promise<void> {
  const stream = protectionStream(child);
  for (let doubts = 0; ;) {
    const state = await protection(child);
    const { revision } = state;
    const decision = decideProtection(command, state);
    if (!decision.ok || decision.value.length === 0) return;
    const events = decision.value.map((change, index) =>
      encodeRecord({
        format: 1,
        stream,
        revision: revision + 1 + index,
        type: change.type,
        recordedAt: clock.now(),
        by: cause.by,
        correlationId: cause.correlationId,
        causationId: cause.causationId,
        data: change.data,
      }),
    );
    try {
      await log.append(stream, revision < 0 ? 'none' : revision, events);
      return;
    } catch (error) {
      const doubt = error instanceof AppendInDoubt && doubts++ < 5;
      if (!doubt && !(error instanceof WrongExpectedRevision)) throw error;
    }
  }
}
