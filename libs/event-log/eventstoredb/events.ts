import type { AllStreamResolvedEvent, RecordedEvent, ResolvedEvent } from '@eventstore/db-client';
import type { Family } from '#contracts';
import { familyOf, LogUnavailable, type LoggedEvent } from '../src/port.ts';
import { tokenAt, type Position } from './token.ts';

/** An event as the client hands it out, with the place that servers of today always name. */
export interface PlacedEvent {
  readonly event: RecordedEvent;
  readonly position: Position;
}

/** Throws where the server names no place: then it is older than what is supported. */
export function placed({ event }: ResolvedEvent | AllStreamResolvedEvent): PlacedEvent {
  if (event?.position === undefined) throw new LogUnavailable('the server names no positions');
  return { event, position: event.position };
}

/** True for an event of ours that a reader of these families gets. Tombstones and the server's own events never come out. */
export function isWanted({ event }: PlacedEvent, families: ReadonlySet<Family>): boolean {
  return !event.type.startsWith('$') && families.has(familyOf(event.streamId) as Family);
}

/**
 * The event as the log hands it on. The hub stores binary events only; what somebody else wrote as JSON comes as JSON text, for the
 * verification to name.
 */
export function toLogged({ event, position }: PlacedEvent): LoggedEvent {
  const { streamId, revision, id, type, data } = event;
  return {
    stream: streamId,
    revision: Number(revision),
    id,
    type,
    data: data instanceof Uint8Array ? data : Buffer.from(JSON.stringify(data)),
    token: tokenAt(position),
  };
}
