import { fail, ok, type Outcome } from './outcome.ts';
import type { Json } from './json.ts';

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
    | 'JSON_LONE_SURROGATE';
}

const DEFAULTS: JsonLimits = { maxBytes: 1024 * 1024, maxDepth: 64, maxMembers: 100_000 };
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONE_ESCAPE = /\\u[dD][89a-fA-F]/;
const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * Reads JSON the only way a contract between organisations can be read (trust §4.1): limits first and in one linear pass, so that 50,000
 * levels never recurse; then UTF-8, grammar, no member twice, none that names a prototype, no lone surrogate.
 */
export function parseStrictJson(
  input: Uint8Array | string,
  limits: Partial<JsonLimits> = {},
): Outcome<Json, JsonRefusal> {
  const { maxBytes, maxDepth, maxMembers } = { ...DEFAULTS, ...limits };
  if (input.length > maxBytes) return fail({ code: 'JSON_TOO_LARGE' });
  let text: string;
  try {
    text = typeof input === 'string' ? input : UTF8.decode(input);
  } catch {
    return fail({ code: 'JSON_NOT_UTF8' });
  }
  const size = measured(text, maxDepth, maxMembers);
  if (size !== undefined) return fail({ code: size });
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return fail({ code: 'JSON_MALFORMED' });
  }
  const members = refusedMember(text);
  if (members !== undefined) return fail({ code: members });
  if (!text.isWellFormed() || (LONE_ESCAPE.test(text) && !isWellFormed(value)))
    return fail({ code: 'JSON_LONE_SURROGATE' });
  return ok(value);
}

function measured(text: string, maxDepth: number, maxMembers: number): 'JSON_TOO_DEEP' | 'JSON_TOO_MANY' | undefined {
  let depth = 0;
  let members = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfText(text, at);
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > maxDepth) return 'JSON_TOO_DEEP';
        if (++members > maxMembers) return 'JSON_TOO_MANY';
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--;
        break;
      case COMMA:
        if (++members > maxMembers) return 'JSON_TOO_MANY';
        break;
      default:
    }
  }
  return undefined;
}

/** The grammar is known to be right here: a text after `{` or, in an object, after `,` is a member's name. */
function refusedMember(text: string): 'JSON_DUPLICATE_MEMBER' | 'JSON_FORBIDDEN_MEMBER' | undefined {
  const open: (Set<string> | null)[] = [];
  let nameNext = false;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfText(text, at);
        const names = open.at(-1);
        if (nameNext && names !== null && names !== undefined) {
          const raw = text.slice(at + 1, end);
          const name = raw.includes('\\') ? (JSON.parse(text.slice(at, end + 1)) as string) : raw;
          if (FORBIDDEN.has(name)) return 'JSON_FORBIDDEN_MEMBER';
          if (names.has(name)) return 'JSON_DUPLICATE_MEMBER';
          names.add(name);
          nameNext = false;
        }
        at = end;
        break;
      }
      case OPEN_OBJECT:
        open.push(new Set());
        nameNext = true;
        break;
      case OPEN_LIST:
        open.push(null);
        nameNext = false;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        open.pop();
        nameNext = false;
        break;
      case COMMA:
        nameNext = open.at(-1) !== null;
        break;
      default:
    }
  }
  return undefined;
}

function endOfText(text: string, quote: number): number {
  for (let at = quote + 1; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (sign === BACKSLASH) at++;
    else if (sign === QUOTE) return at;
  }
  return text.length;
}

function isWellFormed(value: Json): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, member]) => name.isWellFormed() && isWellFormed(member as Json));
}
