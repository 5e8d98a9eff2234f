import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseStrictJson } from './strict-json.ts';

const refusal = (text: string | Uint8Array, limits = {}) => {
  const read = parseStrictJson(text, limits);
  return read.ok ? 'read' : read.error.code;
};

describe('strict JSON', () => {
  it('reads what JSON.parse reads, where nothing is refused', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const read = parseStrictJson(text);
        return read.ok
          ? JSON.stringify(read.value) === JSON.stringify(JSON.parse(text))
          : read.error.code !== 'JSON_MALFORMED';
      }),
      { numRuns: 500 },
    );
  });

  it('refuses exactly what JSON.parse refuses as malformed, and never throws', () => {
    fc.assert(
      fc.property(
        fc.string({
          maxLength: 60,
          unit: fc.constantFrom('{', '}', '[', ']', '"', ':', ',', '\\', 'u', 'd', '8', '1', ' ', 'a', '0'),
        }),
        (text) => {
          const read = parseStrictJson(text);
          let parses = true;
          try {
            JSON.parse(text);
          } catch {
            parses = false;
          }
          return read.ok ? parses : parses !== (read.error.code === 'JSON_MALFORMED');
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'JSON_DUPLICATE_MEMBER'],
    ['{"a":1,"\\u0061":2}', 'JSON_DUPLICATE_MEMBER'],
    ['[{"b":{"a":1,"c":[1,{"a":2}],"a":1}}]', 'JSON_DUPLICATE_MEMBER'],
    ['{"a":{"a":1},"b":["a","a"]}', 'read'],
    ['{"__proto__":1}', 'JSON_FORBIDDEN_MEMBER'],
    ['{"x":{"\\u005f_proto__":1}}', 'JSON_FORBIDDEN_MEMBER'],
    ['{"constructor":{}}', 'JSON_FORBIDDEN_MEMBER'],
    ['{"a":"__proto__"}', 'read'],
    ['"\\ud800"', 'JSON_LONE_SURROGATE'],
    ['{"\\udc00":1}', 'JSON_LONE_SURROGATE'],
    ['"\\ud83d\\ude00"', 'read'],
    ['"\ud800"', 'JSON_LONE_SURROGATE'],
    ['[1e400]', 'JSON_NUMBER_TOO_LARGE'],
    ['-1E+999', 'JSON_NUMBER_TOO_LARGE'],
    ['1.5e400', 'JSON_NUMBER_TOO_LARGE'],
    [`{"a":${'9'.repeat(400)}}`, 'JSON_NUMBER_TOO_LARGE'],
    ['[1e308,1e-400,0e999,"1e400"]', 'read'],
    ['{"a":1,"a":2', 'JSON_MALFORMED'],
    ['{"a\\\\":1,"a\\\\":2}', 'JSON_DUPLICATE_MEMBER'],
    ['{"a":[{"a":1}],"b":{"a":{"b":1}},"c":[]}', 'read'],
    ['{"a":[{}],"a":1}', 'JSON_DUPLICATE_MEMBER'],
    ['\ufeff{}', 'JSON_MALFORMED'],
    ['', 'JSON_MALFORMED'],
  ])('%j: %s', (text, expected) => expect(refusal(text)).toBe(expected));

  it('notices a member twice among many', () => {
    const many = Array.from({ length: 40 }, (_, at) => `"m${at}":0`);
    expect(refusal(`{${many.join()}}`)).toBe('read');
    for (const at of [0, 11, 12, 13, 39]) {
      expect(refusal(`{${[...many, `"m${at}":1`].join()}}`)).toBe('JSON_DUPLICATE_MEMBER');
    }
  });

  it('counts bytes of texts as bytes', () => {
    expect(refusal('"äöü"', { maxBytes: 7 })).toBe('JSON_TOO_LARGE');
    expect(refusal('"äöü"', { maxBytes: 8 })).toBe('read');
    expect(refusal('"€€€"', { maxBytes: 10 })).toBe('JSON_TOO_LARGE');
  });

  it('looks for surrogates however deep it was told to read', () => {
    const deep = `${'['.repeat(5000)}"\\ud800"${']'.repeat(5000)}`;
    expect(refusal(deep, { maxDepth: 10_000 })).toBe('JSON_LONE_SURROGATE');
  });

  it('counts before it builds', () => {
    expect(refusal('['.repeat(50_000) + ']'.repeat(50_000))).toBe('JSON_TOO_DEEP');
    expect(refusal('[1,1,1,1]', { maxMembers: 3 })).toBe('JSON_TOO_MANY');
    expect(refusal('"aaaa"', { maxBytes: 5 })).toBe('JSON_TOO_LARGE');
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22))).toBe('JSON_NOT_UTF8');
  });
});
