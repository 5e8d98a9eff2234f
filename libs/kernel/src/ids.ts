import { createHash } from 'node:crypto';

/** A string or number that may not be mixed with another kind of the same shape. */
export type Brand<T, Name extends string> = T & { readonly __brand: Name };

/** Our id of a legal body: lower-case words with hyphens, `bridgewater-community-trust`. Never a person. */
export type OrganisationId = Brand<string, 'OrganisationId'>;
/** Random id of one organisation's record of one child. Keys, facts and associated data carry it, never a child. */
export type RecordId = Brand<string, 'RecordId'>;
/** Random id of a child: a set of records, changed only by link, unlink and split. */
export type ChildId = Brand<string, 'ChildId'>;
/** `uuidv5(organisation, CloudEvents id)`: one submitted fact. */
export type FactId = Brand<string, 'FactId'>;
/** Random id of one look. */
export type DecisionId = Brand<string, 'DecisionId'>;

/** Where chance comes from; the only source is at the edge. */
export interface Chance {
  /** So many bytes, unpredictable in production, repeatable in tests. */
  bytes(count: number): Uint8Array;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NAMESPACE = '6f1f4a2e-7c57-5d0b-9f0e-0d6c3f5b8a11';

/** True for the lower-case text form of any UUID (RFC 9562). */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** True for an organisation id as registered. */
export function isOrganisationId(text: string): text is OrganisationId {
  return /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(text) && text.length <= 64;
}

/** A random UUID, version 4 (RFC 9562 §5.4). */
export function randomUuid(chance: Chance): string {
  return format(chance.bytes(16), 4);
}

/** A UUID named by its parts, version 5 (RFC 9562 §5.5); parts are length-prefixed, so `('ab','c')` is not `('a','bc')`. */
export function namedUuid(...parts: readonly (string | number)[]): string {
  const hash = createHash('sha1').update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'));
  for (const part of parts) hash.update(`${String(part).length}:${part}`);
  return format(hash.digest(), 5);
}

/** The event id that stands for its bytes: version 8 (RFC 9562 §5.8) of the leaf hash's first 16 bytes (design §3.3). */
export function uuidOfHash(leafHash: Uint8Array): string {
  return format(leafHash, 8);
}

/** The stream and fact id of a submitted fact (design §3.2). */
export function factIdOf(organisation: OrganisationId, cloudEventId: string): FactId {
  return namedUuid(organisation, cloudEventId) as FactId;
}

function format(source: Uint8Array, version: number): string {
  const bytes = Buffer.from(source.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
