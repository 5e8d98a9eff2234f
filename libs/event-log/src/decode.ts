import type { StoredRecord } from '#contracts';

/** The stored record of an event's bytes, as they were written by `encodeRecord`. Throws a SyntaxError for bytes that are no JSON. */
export function decodeRecord(data: Uint8Array): StoredRecord {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('utf8')) as StoredRecord;
}
