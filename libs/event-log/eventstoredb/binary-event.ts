import type { BinaryEventData } from '@eventstore/db-client';
import type { EncodedRecord } from '#contracts';

/** A record as the client takes it: binary, no metadata (which comes back parsed, never as the bytes that were given). */
export function binaryEvent({ id, type, data }: EncodedRecord): BinaryEventData {
  return { id, type, data, contentType: 'application/octet-stream', metadata: undefined };
}
