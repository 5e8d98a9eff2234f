import { fail, ok } from '#kernel';
import type { Outcome } from '#kernel';
import type { Reason } from '#contracts';

/** What a batch of signed facts may cost (design §3.2: a fact is at most 256 KiB; base64url and a signature make a third more). */
export const BATCH_LIMITS = { bytes: 4 * 1024 * 1024, items: 1_000, jwsBytes: 360_000 } as const;
/** CloudEvents 1.0 JSON batch; here the items are compact JWS strings whose payload is the exact CloudEvent. */
export const BATCH_MEDIA_TYPE = 'application/cloudevents-batch+json';

const SPACE = /[ \t\r\n]*/y;
const COMPACT_JWS = /"([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)"/y;

/**
 * Reads `["<compact JWS>", …]`. A compact JWS (RFC 7515 §7.1) needs no JSON escape, so nothing else than these strings is read: no depth, no
 * duplicate members, no prototypes. The refusal's pointer says which item.
 */
export function readBatch(text: string): Outcome<readonly string[], Reason> {
  const items: string[] = [];
  let place = skip(text, text.startsWith('\uFEFF') ? 1 : 0);
  if (text[place] !== '[') return fail({ code: 'BATCH_NOT_AN_ARRAY' });
  place = skip(text, place + 1);
  if (text[place] === ']') return endOf(text, place + 1, items);
  for (;;) {
    if (items.length === BATCH_LIMITS.items) return fail({ code: 'BATCH_TOO_MANY_ITEMS', pointer: `/${items.length}` });
    COMPACT_JWS.lastIndex = place;
    const jws = COMPACT_JWS.exec(text)?.[1];
    if (jws === undefined) return fail({ code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: `/${items.length}` });
    if (jws.length > BATCH_LIMITS.jwsBytes) return fail({ code: 'FACT_TOO_LARGE', pointer: `/${items.length}` });
    items.push(jws);
    place = skip(text, COMPACT_JWS.lastIndex);
    if (text[place] === ']') return endOf(text, place + 1, items);
    if (text[place] !== ',') return fail({ code: 'BATCH_NOT_AN_ARRAY', pointer: `/${items.length}` });
    place = skip(text, place + 1);
  }
}

function skip(text: string, from: number): number {
  SPACE.lastIndex = from;
  SPACE.test(text);
  return SPACE.lastIndex;
}

function endOf(text: string, place: number, items: readonly string[]): Outcome<readonly string[], Reason> {
  return skip(text, place) === text.length
    ? ok(items)
    : fail({ code: 'BATCH_NOT_AN_ARRAY', pointer: `/${items.length}` });
}
