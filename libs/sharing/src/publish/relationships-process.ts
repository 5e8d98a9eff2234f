import type { ChildId, FactId } from '#kernel';
import { factDefinition, type FactEvent } from '#contracts';
import type { LoggedEvent } from '#event-log';
import type { Identity } from '#identity';
import { grantProcess, type Vault } from '#vault';
import { bodyOf } from './body-of.ts';
import type { FactStreams } from './fact-stream.ts';
import { ensureRelationship, relationshipCommand, type Desired, type RelationshipParts } from './relationships.ts';
import { factIn, openPayload } from './words.ts';

/** What the process works with. */
export interface RelationshipsProcessParts extends RelationshipParts {
  readonly streams: FactStreams;
  readonly vault: Vault;
  readonly identity: Pick<Identity, 'childOf'>;
}

/**
 * Finishes what a crash left between a fact and `protection-<childId>`: for each fact event, the protection is made to say what the statement
 * that holds says. Its output is idempotent by fact id and decided on the protection itself, so any event may be handled any number of times.
 */
export function relationshipsProcess(parts: RelationshipsProcessParts): (event: LoggedEvent) => Promise<void> {
  return async (event) => {
    if (!event.stream.startsWith('fact-')) return;
    const factId = event.stream.slice('fact-'.length) as FactId;
    const arrived = JSON.parse(Buffer.from(event.data).toString('utf8')) as FactEvent;
    if (!mayConcern(arrived)) return;
    const { state, events } = await parts.streams.read(factId);
    const { holds } = state;
    const record = holds?.recordId;
    const child: ChildId | undefined =
      record === undefined || record === null ? undefined : parts.identity.childOf(record);
    const held = holds === undefined ? undefined : events[holds.revision];
    if (child === undefined || held === undefined) return;
    const desired = desiredBy(parts.vault, held);
    if (desired === undefined) return;
    const { by, correlationId } = arrived;
    const command = relationshipCommand(factId, by, desired);
    await ensureRelationship(parts, child, command, { by, correlationId, causationId: event.id });
  };
}

/** Types that are in clear and say nothing of relationships need not be read further. */
function mayConcern(event: FactEvent): boolean {
  const body = bodyOf(event);
  if (body === undefined) return event.type === 'fact.withdrawn.v1';
  return body.category === 'restricted' || factDefinition(body.factType)?.relationship !== undefined;
}

/** Undefined where the words can't be opened any more: then nothing is changed. */
function desiredBy(vault: Vault, event: FactEvent): Desired | undefined {
  const body = bodyOf(event);
  if (body === undefined) return event.type === 'fact.withdrawn.v1' ? null : undefined;
  const payload = openPayload(vault, grantProcess('relationships'), event, body);
  if (payload === undefined) return undefined;
  const { type, data } = factIn(payload);
  const definition = factDefinition(type);
  return definition === undefined ? undefined : { definition, data };
}
