import { parseStrictJson, type JsonObject } from '#kernel';
import type { StoredRecord } from './record.ts';

/** Turns a stored record of an older version into the next; data only, names never change. */
export type Upcaster = (data: JsonObject) => JsonObject;
/** Upcasters by the event type they read, with the type they make. */
export type Upcasters = ReadonlyMap<string, { readonly to: string; readonly upcast: Upcaster }>;

/** Upcasters of the events in production logs; none yet, because every type is at its first version. */
const UPCASTERS: Upcasters = new Map();

/** A stored event this version can't read: parked by projections, named by verification; never skipped in silence. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly code: 'RECORD_MALFORMED' | 'RECORD_FORMAT_UNKNOWN';
  constructor(code: UnreadableRecord['code']) {
    super(code);
    this.code = code;
  }
}

const LIMITS = { maxBytes: 2_000_000, maxDepth: 32, maxMembers: 200_000 };
const MEMBERS = new Set([
  'format',
  'stream',
  'revision',
  'type',
  'recordedAt',
  'by',
  'correlationId',
  'causationId',
  'data',
]);

/** The record in an event's bytes, brought to the versions this code knows. Throws {@link UnreadableRecord}. */
export function decodeRecord(bytes: Uint8Array, upcasters: Upcasters = UPCASTERS): StoredRecord {
  return upcast(readRecord(bytes), upcasters);
}

/** The record exactly as stored. Throws {@link UnreadableRecord}. */
export function readRecord(bytes: Uint8Array): StoredRecord {
  const json = parseStrictJson(bytes, LIMITS);
  if (!json.ok || typeof json.value !== 'object' || json.value === null) throw new UnreadableRecord('RECORD_MALFORMED');
  const record = json.value as unknown as StoredRecord;
  if ((record.format as number) !== 1) throw new UnreadableRecord('RECORD_FORMAT_UNKNOWN');
  const whole =
    typeof record.stream === 'string' &&
    typeof record.type === 'string' &&
    Number.isSafeInteger(record.revision) &&
    typeof (record.data as unknown) === 'object' &&
    Object.keys(record).every((member) => MEMBERS.has(member));
  if (!whole) throw new UnreadableRecord('RECORD_MALFORMED');
  return record;
}

/** Applies upcasters until the type is a current one. */
export function upcast(record: StoredRecord, upcasters: Upcasters = UPCASTERS): StoredRecord {
  let current = record;
  for (let step = upcasters.get(current.type); step !== undefined; step = upcasters.get(current.type)) {
    current = { ...current, type: step.to, data: step.upcast(current.data) };
  }
  return current;
}
