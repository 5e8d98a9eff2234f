import { isUuid } from '#kernel';
import { FAMILIES, type EncodedRecord } from '#contracts';
import { familyOf, InvalidAppend, type Expected } from './port.ts';

/** Most events one append may hold. */
export const MAX_EVENTS = 1000;
/** Most bytes one append may hold: EventStoreDB refuses 1,048,576 with its envelope. */
export const MAX_BYTES = 1_000_000;

const STREAM = /^[A-Za-z]+(-[A-Za-z0-9][A-Za-z0-9._-]{0,199})?$/;

/** Refuses what no backend may be asked to store; throws `InvalidAppend`. The same for every backend, before it sees anything. */
export function validateAppend(stream: string, expected: Expected, events: readonly EncodedRecord[]): void {
  if (!STREAM.test(stream)) throw new InvalidAppend('the stream name is not well formed');
  if (!(FAMILIES as readonly string[]).includes(familyOf(stream))) throw new InvalidAppend('no such stream family');
  if (typeof expected === 'number' && (!Number.isSafeInteger(expected) || expected < 0)) {
    throw new InvalidAppend('an exact revision is 0 or more');
  }
  if (events.length === 0) throw new InvalidAppend('an append needs events');
  if (events.length > MAX_EVENTS) throw new InvalidAppend('too many events in one append');
  const ids = new Set<string>();
  let bytes = 0;
  for (const { id, type, data } of events) {
    if (!isUuid(id)) throw new InvalidAppend('an event id is no UUID');
    if (ids.has(id)) throw new InvalidAppend('an event id stands twice in one append');
    if (type === '') throw new InvalidAppend('an event has no type');
    if (type.startsWith('$')) throw new InvalidAppend("an event type begins like a server's own");
    ids.add(id);
    bytes += data.byteLength;
  }
  if (bytes > MAX_BYTES) throw new InvalidAppend('the append is too large');
}
