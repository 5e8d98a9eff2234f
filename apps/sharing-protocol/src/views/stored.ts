import { UnreadableRecord, upcast, type StoredRecord } from '#contracts';
import type { LoggedEvent } from '#event-log';

/**
 * The record in an event of our own log, for projections: bytes that `encodeRecord` wrote and the tree holds to, so the checks against
 * hostile JSON, two thirds of the cost of `decodeRecord`, are left out. Throws {@link UnreadableRecord}: parked, never dropped.
 */
export function readStored(event: LoggedEvent): StoredRecord {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(event.data.buffer, event.data.byteOffset, event.data.byteLength).toString('utf8'));
  } catch {
    throw new UnreadableRecord('RECORD_MALFORMED');
  }
  if (typeof value !== 'object' || value === null) throw new UnreadableRecord('RECORD_MALFORMED');
  const record = value as Partial<StoredRecord>;
  if ((record.format as unknown) !== 1) throw new UnreadableRecord('RECORD_FORMAT_UNKNOWN');
  const here = record.stream === event.stream && record.revision === event.revision && record.type === event.type;
  if (!here || typeof record.data !== 'object') throw new UnreadableRecord('RECORD_MALFORMED');
  return upcast(record as StoredRecord);
}

/** An event type of a family that this version has no rule for. */
export class UnknownEventType extends Error {
  override readonly name = 'UnknownEventType';
  readonly code = 'EVENT_TYPE_UNKNOWN';
}

/** For the end of a switch over the known types: `never` there, so a new type is noticed by the compiler, and parked at run time. */
export function unknownType(event: never): UnknownEventType {
  const { type } = event as { readonly type: string };
  return new UnknownEventType(type);
}
