import canonicalize from 'canonicalize';

/** A value that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };
/** A JSON object. */
export type JsonObject = { readonly [member: string]: Json };

/** RFC 8785 text of a value: one spelling for one meaning. Throws on what JSON cannot say and on lone surrogates. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('no JSON spelling for this value');
  if (!text.isWellFormed()) throw new TypeError('lone surrogate in text');
  return text;
}

/** RFC 8785 bytes (UTF-8) of a value. */
export function canonicalBytes(value: unknown): Uint8Array {
  return Buffer.from(canonicalJson(value), 'utf8');
}
