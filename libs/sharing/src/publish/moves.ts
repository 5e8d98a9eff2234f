import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import type { Identity } from '#identity';
import type { Protection } from '../model.ts';
import { isCompetent, type ProtectionCommand } from '../protection/index.ts';
import type { FactState } from './fact.ts';
import type { FactStreams } from './fact-stream.ts';
import { ensureRelationship, type Cause, type RelationshipParts } from './relationships.ts';

/** What keeps relationships with the child that their facts belong to. */
export interface MoveParts extends RelationshipParts {
  readonly identity: Pick<Identity, 'childOfFact' | 'lineageOf'>;
}

/**
 * What a protection of another child of the lineage still says (`Identity.lineageOf`): refusals, withdrawals, ends of relationships and of authorities, competence that was not found, and decisions not to share. Nobody is let in by
 * what was started or consented to there, because it was said of another child.
 */
export function restrictionsOnly(protection: Protection): Protection {
  const notToShare = [...protection.sharingDecisions].filter(([, { outcome }]) => outcome === 'not-to-share');
  return {
    ...protection,
    starts: new Map(),
    consents: new Map(),
    claims: new Map(),
    grants: new Map(),
    sharingDecisions: new Map(notToShare),
    authorities: new Map(),
    authorityEnds: new Map([...endedByThemselves(protection), ...protection.authorityEnds]),
    assessments: new Map([...protection.assessments].filter(([, assessed]) => !isCompetent(assessed))),
    objections: new Map(),
  };
}

/** Authorities whose last day is known end elsewhere on that day, so that nobody who had one falls back on their own word. */
function endedByThemselves({ authorities }: Protection): readonly (readonly [string, AuthorityEnd])[] {
  return [...authorities].flatMap(([id, recorded]) =>
    recorded.until === null ? [] : [[id, { recorded, endedOn: recorded.until }] as const],
  );
}

type AuthorityEnd = Protection['authorityEnds'] extends ReadonlyMap<string, infer End> ? End : never;

/**
 * Makes the protection of the child that a fact belongs to say what the fact says, and takes from the children it came from whatever lets
 * somebody in. An end stays there too while it holds: undoing a link opens nothing. Begins again where the fact moves meanwhile.
 */
export async function relateFact(
  parts: MoveParts,
  factId: FactId,
  childNow: () => Promise<ChildId | undefined>,
  command: ProtectionCommand,
  cause: Cause,
): Promise<void> {
  for (let child = await childNow(); child !== undefined;) {
    await ensureRelationship(parts, child, command, cause);
    const [, ...earlierOnes] = await parts.identity.lineageOf(child);
    for (const earlier of earlierOnes) {
      const { starts, ends, authorities } = await parts.protection(earlier);
      if (starts.has(factId) || authorities.has(factId) || (ends.has(factId) && command.type !== 'endRelationship')) {
        await ensureRelationship(parts, earlier, retraction(factId), cause);
      }
    }
    const then = await childNow();
    if (then === child) return;
    child = then;
  }
}

/**
 * After a record was unlinked or split from a child: the relationships whose facts belong to another child now are stated there, then
 * retracted here. May be called any number of times, and by anybody after `Identity.unlink` or `split`; the relationships process
 * does it again from the log, so a crash between the two leaves nothing behind.
 */
export async function moveRelationships(
  parts: MoveParts & { readonly streams: FactStreams },
  from: ChildId,
  cause: Omit<Cause, 'by'>,
): Promise<void> {
  const { starts, authorities } = await parts.protection(from);
  for (const start of starts.values())
    await moveOne(parts, from, start.fact, start.organisation, { type: 'startRelationship', data: start }, cause);
  for (const recorded of authorities.values())
    // What people recorded was of this child, and stays with it.
    if (recorded.fact !== undefined)
      await moveOne(
        parts,
        from,
        recorded.fact,
        recorded.organisation,
        { type: 'recordAuthority', data: recorded },
        cause,
      );
}

async function moveOne(
  parts: MoveParts & { readonly streams: FactStreams },
  from: ChildId,
  fact: FactId,
  organisation: OrganisationId,
  command: ProtectionCommand,
  cause: Omit<Cause, 'by'>,
): Promise<void> {
  const { state } = await parts.streams.read(fact);
  const record = recordOf(state);
  const to = record === undefined ? undefined : await parts.identity.childOfFact(fact, record);
  if (to === undefined || to === from) return;
  const by = { by: organisation, ...cause };
  const there = await parts.protection(to);
  // What the new child's protection already says of the fact is newer; a withdrawn fact says nothing.
  const known = there.starts.has(fact) || there.ends.has(fact) || there.authorities.has(fact);
  if (!known && state.holds?.factType != null) await ensureRelationship(parts, to, command, by);
  await ensureRelationship(parts, from, retraction(fact), by);
}

/** The record a fact is about; a withdrawal that names none leaves it to the other statements. */
function recordOf(state: FactState): RecordId | undefined {
  const named = [...state.statements.values()].find(({ recordId }) => recordId !== null);
  return state.holds?.recordId ?? named?.recordId ?? undefined;
}

function retraction(fact: string): ProtectionCommand {
  return { type: 'retractRelationship', data: { fact: fact as FactId } };
}
