import { dayOf, type ChildId } from '#kernel';
import { decodeRecord, protectionStream, type LookContent } from '#contracts';
import { readWholeStream, type EventLog, type LoggedEvent } from '#event-log';
import { accessStandingOf, type AccessStanding } from '../detection/access.ts';
import type { Protection } from '../model.ts';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../protection/index.ts';
import { activeRelationship } from '../protection/relationship.ts';
import { restrictionsOnly } from '../publish/index.ts';

/** The protection streams of some children as stored. */
export type ProtectionStreams = ReadonlyMap<ChildId, readonly LoggedEvent[]>;

/** Reads the protection streams of these children. */
export async function protectionStreams(log: EventLog, children: Iterable<ChildId>): Promise<ProtectionStreams> {
  const streams = new Map<ChildId, readonly LoggedEvent[]>();
  for (const child of new Set(children)) streams.set(child, await readWholeStream(log, protectionStream(child)));
  return streams;
}

/** The protections a look was decided on, folded again up to the revisions it cites. */
export function protectionsThen(look: LookContent, streams: ProtectionStreams): readonly Protection[] {
  return look.protection.map(({ child, revision }, at) => {
    const events = streams.get(child)?.slice(0, revision + 1) ?? [];
    const folded = events.reduce(
      (before, event) => evolveProtection(before, decodeRecord(event.data) as unknown as ProtectionChange),
      emptyProtection(child),
    );
    // The child itself comes first; of those its records were under before, only what restricts counts.
    return at === 0 ? folded : restrictionsOnly(folded);
  });
}

/** What let somebody look, as was known then, and as is known now of that day: a feed that was late explains what looked wrong. */
export interface RelationshipEvidence {
  readonly then: AccessStanding;
  readonly knownSince: boolean;
}

/** The relationship of a look's reader with the child, recomputed; `now` is the child's protection as of today. */
export function relationshipEvidence(
  look: LookContent,
  streams: ProtectionStreams,
  now: readonly Protection[],
): RelationshipEvidence {
  const then = accessStandingOf(look, protectionsThen(look, streams));
  if (then === 'fact' || then === 'not-needed' || look.child === null) return { then, knownSince: false };
  const active = activeRelationship(look.reader, dayOf(look.at), now);
  return { then, knownSince: active !== undefined && active.kind !== 'self-claimed' };
}
