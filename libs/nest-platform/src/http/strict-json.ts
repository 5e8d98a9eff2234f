import { visit } from 'jsonc-parser';

/** Why a JSON text is refused. */
export type JsonRefusal =
  'not-utf8' | 'not-json' | 'duplicate-member' | 'forbidden-member' | 'too-deep' | 'lone-surrogate';
/** What a strict reading gives; never the text, which may be personal. */
export type StrictJson =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly reason: JsonRefusal };

const MAX_DEPTH = 32;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads JSON bytes the only way they can be read: UTF-8, no member twice, no member that names a prototype, at most 32 deep (trust §4.1). */
export function readStrictJson(bytes: Uint8Array): StrictJson {
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { ok: false, reason: 'not-utf8' };
  }
  if (tooDeep(text)) return { ok: false, reason: 'too-deep' };
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'not-json' };
  }
  const reason = membersOf(text);
  return reason === undefined ? { ok: true, value } : { ok: false, reason };
}

/** Counts brackets outside of strings, before any recursive reader sees the text. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const sign = text.charCodeAt(at);
    if (inText) {
      if (sign === 0x5c) at++;
      else if (sign === 0x22) inText = false;
    } else if (sign === 0x22) inText = true;
    else if (sign === 0x7b || sign === 0x5b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (sign === 0x7d || sign === 0x5d) depth--;
  }
  return false;
}

function membersOf(text: string): JsonRefusal | undefined {
  const open: Set<string>[] = [];
  let reason: JsonRefusal | undefined;
  visit(text, {
    onObjectBegin: () => {
      open.push(new Set());
    },
    onObjectEnd: () => {
      open.pop();
    },
    onObjectProperty: (name) => {
      const members = open.at(-1);
      if (members?.has(name) === true) reason ??= 'duplicate-member';
      if (FORBIDDEN.has(name)) reason ??= 'forbidden-member';
      if (!name.isWellFormed()) reason ??= 'lone-surrogate';
      members?.add(name);
    },
    onLiteralValue: (value: unknown) => {
      if (typeof value === 'string' && !value.isWellFormed()) reason ??= 'lone-surrogate';
    },
  });
  return reason;
}
