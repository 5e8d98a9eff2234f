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
    ['\ufeff{}', 'JSON_MALFORMED'],
    ['', 'JSON_MALFORMED'],
  ])('%j: %s', (text, expected) => expect(refusal(text)).toBe(expected));

  it('counts before it builds', () => {
    expect(refusal('['.repeat(50_000) + ']'.repeat(50_000))).toBe('JSON_TOO_DEEP');
    expect(refusal('[1,1,1,1]', { maxMembers: 3 })).toBe('JSON_TOO_MANY');
    expect(refusal('"aaaa"', { maxBytes: 5 })).toBe('JSON_TOO_LARGE');
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22))).toBe('JSON_NOT_UTF8');
  });
});
