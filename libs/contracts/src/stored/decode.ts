import { isUtf8 } from 'node:buffer';
import { canonicalJson, epochMs, isOrganisationId, toInstant, type Instant, type JsonObject } from '#kernel';
import { FAMILIES } from './streams.ts';
import type { StoredRecord } from './record.ts';
import { EVENT_TYPES } from './types.ts';

/** Turns a stored record of an older version into the next; data only, names never change. */
export type Upcaster = (data: JsonObject) => JsonObject;
/** Upcasters by the event type they read, with the type they make. */
export type Upcasters = ReadonlyMap<string, { readonly to: string; readonly upcast: Upcaster }>;

/** Upcasters of the events in production logs; none yet, because every type is at its first version. */
const UPCASTERS: Upcasters = new Map();

/** A stored event this version can't read: parked by projections, named by verification; never skipped in silence. */
export class UnreadableRecord extends Error {
  override readonly name = 'UnreadableRecord';
  readonly code: 'RECORD_MALFORMED' | 'RECORD_FORMAT_UNKNOWN' | 'RECORD_TYPE_UNKNOWN';
  constructor(code: UnreadableRecord['code']) {
    super(code);
    this.code = code;
  }
}

const MOST_BYTES = 2_000_000;
const MOST_DEPTH = 32;
const MOST_MEMBERS = 9;
const STREAM = new RegExp(`^(${FAMILIES.join('|')})(-[\\x21-\\x7e]{1,200})?$`);
const TYPE = /^[a-z]+(-[a-z]+)*\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]?$/;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
/** Event types with the family whose streams they stand in; see {@link EVENT_TYPES}. */
const FAMILY_OF = new Map<string, string>(
  Object.entries(EVENT_TYPES).flatMap(([family, types]) => types.map((type) => [type, family] as const)),
);

/** The record in an event's bytes, brought to the versions this code knows. Throws {@link UnreadableRecord}. */
export function decodeRecord(bytes: Uint8Array, upcasters: Upcasters = UPCASTERS): StoredRecord {
  return upcast(readRecord(bytes, upcasters), upcasters);
}

/**
 * The record exactly as stored. Strict: UTF-8, the one canonical spelling (so no member twice), every member of its type, and an event
 * type that this code or one of the upcasters knows. Throws {@link UnreadableRecord}.
 */
export function readRecord(bytes: Uint8Array, upcasters: Upcasters = UPCASTERS): StoredRecord {
  if (bytes.length > MOST_BYTES || !isUtf8(bytes)) throw new UnreadableRecord('RECORD_MALFORMED');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UnreadableRecord('RECORD_MALFORMED');
  }
  if (!isPlainObject(value)) throw new UnreadableRecord('RECORD_MALFORMED');
  if (value['format'] !== 1) throw new UnreadableRecord('RECORD_FORMAT_UNKNOWN');
  if (!isWhole(value) || !isCanonical(value, text)) throw new UnreadableRecord('RECORD_MALFORMED');
  const record = value as unknown as StoredRecord;
  if (!isKnown(record, upcasters)) throw new UnreadableRecord('RECORD_TYPE_UNKNOWN');
  return record;
}

/** Applies upcasters until the type is a current one. Throws an Error where they run in a circle. */
export function upcast(record: StoredRecord, upcasters: Upcasters = UPCASTERS): StoredRecord {
  let current = record;
  for (let steps = 0; steps <= upcasters.size; steps++) {
    const step = upcasters.get(current.type);
    if (step === undefined) return current;
    current = { ...current, type: step.to, data: step.upcast(current.data) };
  }
  throw new Error('upcasters run in a circle');
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(record: Record<string, unknown>): boolean {
  const { stream, revision, type, recordedAt, by, correlationId, causationId, data } = record;
  const causation = causationId === undefined ? 0 : 1;
  return (
    Object.keys(record).length === MOST_MEMBERS - 1 + causation &&
    typeof stream === 'string' &&
    STREAM.test(stream) &&
    Number.isSafeInteger(revision) &&
    (revision as number) >= 0 &&
    typeof type === 'string' &&
    TYPE.test(type) &&
    typeof recordedAt === 'string' &&
    isInstant(recordedAt) &&
    typeof by === 'string' &&
    isOrganisationId(by) &&
    typeof correlationId === 'string' &&
    (causation === 0 || typeof causationId === 'string') &&
    isPlainObject(data)
  );
}

/** Only the hub's one form: UTC, milliseconds, a day that exists. */
function isInstant(text: string): boolean {
  const ms = text.length === 24 ? epochMs(text as Instant) : Number.NaN;
  return !Number.isNaN(ms) && toInstant(ms) === text;
}

function isKnown(record: StoredRecord, upcasters: Upcasters): boolean {
  const family = record.stream.split('-', 1)[0] ?? '';
  if (!Object.hasOwn(EVENT_TYPES, family)) return true;
  if (FAMILY_OF.get(record.type) === family) return true;
  if (upcasters.size === 0) return false;
  return upcasters.has(record.type) || [...upcasters.values()].some(({ to }) => to === record.type);
}

/**
 * True where the text is the RFC 8785 spelling of the value. JavaScript writes numbers and texts as RFC 8785 does, so where members are read
 * in order its own spelling is the canonical one. Names like `10` and `9`, which JavaScript sorts as numbers, and escaped surrogates are left
 * to the real thing.
 */
function isCanonical(value: object, text: string): boolean {
  const shape = shapeOf(value, MOST_DEPTH);
  if (shape === 'refused') return false;
  if (shape === 'ordered' && !text.includes('\\ud')) return JSON.stringify(value) === text;
  try {
    return canonicalJson(value) === text;
  } catch {
    return false;
  }
}

/** Whether members come in the order of their UTF-16 units; refused where one names a prototype or lies deeper than `depth`. */
function shapeOf(value: object, depth: number): 'ordered' | 'other' | 'refused' {
  if (depth === 0) return 'refused';
  let shape: 'ordered' | 'other' = 'ordered';
  let before: string | undefined;
  const names = Array.isArray(value) ? undefined : Object.keys(value);
  const members: readonly unknown[] = names === undefined ? (value as readonly unknown[]) : Object.values(value);
  for (let at = 0; at < members.length; at++) {
    const name = names?.[at];
    if (name !== undefined) {
      if (FORBIDDEN.has(name)) return 'refused';
      if (before !== undefined && name <= before) shape = 'other';
      before = name;
    }
    const member = members[at];
    if (typeof member !== 'object' || member === null) continue;
    const inner = shapeOf(member, depth - 1);
    if (inner === 'refused') return inner;
    if (inner === 'other') shape = inner;
  }
  return shape;
}
