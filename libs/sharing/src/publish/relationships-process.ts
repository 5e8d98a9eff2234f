import type { ChildId, FactId } from '#kernel';
import { factDefinition, type ChildEvent, type FactEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import { grantProcess, type Vault } from '#vault';
import { bodyOf } from './body-of.ts';
import type { FactStreams } from './fact-stream.ts';
import { moveRelationships, relateFact, type MoveParts } from './moves.ts';
import { concernsProtection, relationshipCommand, type Desired } from './relationships.ts';
import { factIn, openPayload } from './words.ts';

/** What the process works with. */
export interface RelationshipsProcessParts extends MoveParts {
  readonly streams: FactStreams;
  readonly vault: Vault;
}

/**
 * Finishes what a crash left between the log and `protection-<childId>`, from the families `fact` and `child`: for each fact event, the
 * protection is made to say what the statement that holds says; for each unlinking and split, relationships follow their facts. Its output
 * is idempotent by fact id and decided on the protection itself, so any event may be handled any number of times.
 */
export function relationshipsProcess(parts: RelationshipsProcessParts): (event: LoggedEvent) => Promise<void> {
  return async (event) => {
    if (event.stream.startsWith('fact-')) await followFact(parts, event);
    if (event.stream.startsWith('child-')) await followMove(parts, event);
  };
}

async function followFact(parts: RelationshipsProcessParts, event: LoggedEvent): Promise<void> {
  const factId = event.stream.slice('fact-'.length) as FactId;
  const arrived = JSON.parse(Buffer.from(event.data).toString('utf8')) as FactEvent;
  if (!mayConcern(arrived)) return;
  const { state, events } = await parts.streams.read(factId);
  const { holds } = state;
  const record = holds?.recordId ?? null;
  const held = holds === undefined ? undefined : events[holds.revision];
  if (record === null || held === undefined) return;
  await parts.vault.refresh();
  const desired = await desiredBy(parts.vault, held);
  if (desired === undefined) return;
  const { by, correlationId } = arrived;
  const childNow = (): Promise<ChildId | undefined> => parts.identity.childOfFact(factId, record);
  const cause = { by, correlationId, causationId: event.id };
  await relateFact(parts, factId, childNow, relationshipCommand(factId, by, desired), cause);
}

async function followMove(parts: RelationshipsProcessParts, event: LoggedEvent): Promise<void> {
  if (event.type !== 'record.unlinked.v1' && event.type !== 'record.split.v1') return;
  const { correlationId } = JSON.parse(Buffer.from(event.data).toString('utf8')) as ChildEvent;
  const from = event.stream.slice('child-'.length) as ChildId;
  await moveRelationships(parts, from, { correlationId, causationId: event.id });
}

/** Types that are in clear and say nothing of relationships need not be read further. */
function mayConcern(event: FactEvent): boolean {
  const body = bodyOf(event);
  if (body === undefined) return event.type === 'fact.withdrawn.v1';
  return body.category === 'restricted' || concernsProtection(factDefinition(body.factType));
}

/** Undefined where the words can't be opened any more: then nothing is changed. */
async function desiredBy(vault: Vault, event: FactEvent): Promise<Desired | undefined> {
  const body = bodyOf(event);
  if (body === undefined) return event.type === 'fact.withdrawn.v1' ? null : undefined;
  const payload = await openPayload(vault, grantProcess('relationships'), event, body);
  if (payload === undefined) return undefined;
  const { type, data } = factIn(payload);
  const definition = factDefinition(type);
  return definition === undefined ? undefined : { definition, data };
}
