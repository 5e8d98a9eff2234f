import { canonicalBytes, leafHash, uuidOfHash, type Instant, type JsonObject, type OrganisationId } from '#kernel';

/** STORAGE FORMAT, frozen: names and members here are in every log for ever; change only by a new `format`. */
export interface StoredRecord<Type extends string = string, Data = JsonObject> {
  readonly format: 1;
  readonly stream: string;
  /** Its place in the stream, 0 first: commits the leaf to where it stands. */
  readonly revision: number;
  readonly type: Type;
  readonly recordedAt: Instant;
  /** The organisation whose act this is; from a verified key or client, never from a body. `hub` for our own. */
  readonly by: OrganisationId;
  readonly correlationId: string;
  readonly causationId?: string;
  readonly data: Data;
}

/** The bytes of a stored record, its leaf hash, and the event id that stands for them (design §3.3). */
export interface EncodedRecord {
  readonly id: string;
  readonly type: string;
  readonly data: Uint8Array;
}

/** Canonical bytes (RFC 8785) and the id made from them; the only way an event of ours is written. */
export function encodeRecord(record: StoredRecord<string, object>): EncodedRecord {
  const data = canonicalBytes(record);
  return { id: uuidOfHash(leafHash(data)), type: record.type, data };
}
