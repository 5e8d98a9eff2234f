import { isUtf8 } from 'node:buffer';
import { fail, ok, type Outcome } from './outcome.ts';
import type { Json, JsonObject } from './json.ts';

/** How much JSON is read at all; checked before anything is built. */
export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Most members and array items together. */
  readonly maxMembers: number;
}

/** Why a text is refused. Never a value of it. */
export interface JsonRefusal {
  readonly code:
    | 'JSON_TOO_LARGE'
    | 'JSON_TOO_DEEP'
    | 'JSON_TOO_MANY'
    | 'JSON_NOT_UTF8'
    | 'JSON_MALFORMED'
    | 'JSON_DUPLICATE_MEMBER'
    | 'JSON_FORBIDDEN_MEMBER'
    | 'JSON_LONE_SURROGATE'
    | 'JSON_NUMBER_TOO_LARGE';
}

type Refusal = JsonRefusal['code'];

const DEFAULTS: JsonLimits = { maxBytes: 1024 * 1024, maxDepth: 64, maxMembers: 100_000 };
const LONE_ESCAPE = /\\u[dD][89a-fA-F]/;
/** As many names as are compared one by one; more go into a Set. */
const FEW = 12;
/** A number of fewer digits without an exponent is a finite one. */
const LONG_NUMBER = 300;
const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, ZERO, NINE, SMALL_E, CAPITAL_E] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x30, 0x39, 0x65, 0x45,
];

/**
 * Reads JSON the only way a contract between organisations can be read (trust §4.1): limits first and in one linear pass, so that 50,000
 * levels never recurse; then UTF-8, grammar, no member twice, none that names a prototype, no lone surrogate, no number beyond a double.
 */
export function parseStrictJson(
  input: Uint8Array | string,
  limits: Partial<JsonLimits> = {},
): Outcome<Json, JsonRefusal> {
  const { maxBytes, maxDepth, maxMembers } = { ...DEFAULTS, ...limits };
  if (isLarger(input, maxBytes)) return fail({ code: 'JSON_TOO_LARGE' });
  if (typeof input !== 'string' && !isUtf8(input)) return fail({ code: 'JSON_NOT_UTF8' });
  const text =
    typeof input === 'string' ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8');
  const { beyond, member, oddNumber } = scan(text, maxDepth, maxMembers);
  if (beyond !== undefined) return fail({ code: beyond });
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return fail({ code: 'JSON_MALFORMED' });
  }
  if (member !== undefined) return fail({ code: member });
  if (typeof input === 'string' && !input.isWellFormed()) return fail({ code: 'JSON_LONE_SURROGATE' });
  if (oddNumber || LONE_ESCAPE.test(text)) {
    const code = refusedLeaf(value);
    if (code !== undefined) return fail({ code });
  }
  return ok(value);
}

/** UTF-8 bytes are counted only where the text might have too many: a UTF-16 unit makes one to three. */
function isLarger(input: Uint8Array | string, maxBytes: number): boolean {
  if (typeof input !== 'string' || input.length > maxBytes) return input.length > maxBytes;
  return input.length * 3 > maxBytes && Buffer.byteLength(input, 'utf8') > maxBytes;
}

interface Scanned {
  /** A limit that is passed: said at once, nothing is built. */
  readonly beyond?: Refusal;
  /** A member that is refused, if the text turns out to be JSON. */
  readonly member?: Refusal;
  /** A number that may be beyond a double. */
  readonly oddNumber: boolean;
}

/**
 * One pass over the text. What it says of members holds only if the grammar is right, which JSON.parse decides afterwards: in JSON, a text
 * after `{` or, in an object, after `,` is a member's name.
 */
function scan(text: string, maxDepth: number, maxMembers: number): Scanned {
  const open: (Names | null)[] = [];
  let names: Names | null = null;
  let nameNext = false;
  let members = 0;
  let member: Refusal | undefined;
  let oddNumber = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === QUOTE) {
      const end = endOfText(text, at);
      if (nameNext && names !== null) {
        member ??= names.refuse(nameAt(text, at, end));
        nameNext = false;
      }
      at = end;
    } else if (sign === COMMA) {
      if (++members > maxMembers) return { beyond: 'JSON_TOO_MANY', oddNumber };
      nameNext = names !== null;
    } else if (sign === OPEN_OBJECT || sign === OPEN_LIST) {
      if (open.length >= maxDepth) return { beyond: 'JSON_TOO_DEEP', oddNumber };
      if (++members > maxMembers) return { beyond: 'JSON_TOO_MANY', oddNumber };
      names = sign === OPEN_OBJECT ? new Names() : null;
      open.push(names);
      nameNext = names !== null;
    } else if (sign === CLOSE_OBJECT || sign === CLOSE_LIST) {
      open.pop();
      names = open.at(-1) ?? null;
      nameNext = false;
    } else if (sign >= ZERO && sign <= NINE) {
      const end = endOfDigits(text, at);
      const next = text.charCodeAt(end);
      if (next === SMALL_E || next === CAPITAL_E || end - at > LONG_NUMBER) oddNumber = true;
      at = end - 1;
    }
  }
  return member === undefined ? { oddNumber } : { member, oddNumber };
}

/** The names of one object's members so far. */
class Names {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** Why the name may not stand here; remembers it where it may. */
  refuse(name: string): Refusal | undefined {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') return 'JSON_FORBIDDEN_MEMBER';
    if (this.#many?.has(name) ?? this.#few.includes(name)) return 'JSON_DUPLICATE_MEMBER';
    if (this.#many !== undefined) this.#many.add(name);
    else if (this.#few.push(name) > FEW) this.#many = new Set(this.#few);
    return undefined;
  }
}

/** The name between two quotes; where it is no JSON text, JSON.parse refuses the whole. */
function nameAt(text: string, quote: number, end: number): string {
  const raw = text.slice(quote + 1, end);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(text.slice(quote, end + 1)) as string;
  } catch {
    return raw;
  }
}

function endOfText(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === BACKSLASH) at++;
    else if (sign === QUOTE) return at;
  }
  return text.length;
}

function endOfDigits(text: string, from: number): number {
  let at = from + 1;
  for (let sign = text.charCodeAt(at); sign >= ZERO && sign <= NINE; sign = text.charCodeAt(at)) at++;
  return at;
}

/** The first lone surrogate or infinite number of a value, looked for without recursion. */
function refusedLeaf(value: Json): Refusal | undefined {
  const left: Json[] = [value];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (typeof next === 'string' && !next.isWellFormed()) return 'JSON_LONE_SURROGATE';
    if (typeof next === 'number' && !Number.isFinite(next)) return 'JSON_NUMBER_TOO_LARGE';
    if (typeof next !== 'object' || next === null) continue;
    for (const [name, member] of Object.entries<Json>(next as JsonObject)) {
      if (!name.isWellFormed()) return 'JSON_LONE_SURROGATE';
      left.push(member);
    }
  }
  return undefined;
}
