import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BATCH_LIMITS, readBatch } from './batch.ts';

const code = (text: string): unknown => {
  const read = readBatch(text);
  return read.ok ? read.value : read.error;
};

describe('a batch of signed facts', () => {
  it('is an array of compact JWS strings, spaced as the sender likes', () => {
    expect(code(' [ "a.b.c" ,\n"d-_.e.f" ] ')).toEqual(['a.b.c', 'd-_.e.f']);
    expect(code('[]')).toEqual([]);
  });

  it.each([
    ['{}', { code: 'BATCH_NOT_AN_ARRAY' }],
    ['', { code: 'BATCH_NOT_AN_ARRAY' }],
    ['["a.b.c", {"__proto__": {}}]', { code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/1' }],
    ['["a.b"]', { code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/0' }],
    ['["a.b.c"', { code: 'BATCH_NOT_AN_ARRAY', pointer: '/1' }],
    ['["a.b.c",]', { code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/1' }],
    ['["a.b.c"] x', { code: 'BATCH_NOT_AN_ARRAY', pointer: '/1' }],
    ['["a.\\ud800.c"]', { code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/0' }],
  ])('refuses %s with the place', (text, reason) => {
    expect(code(text)).toEqual(reason);
  });

  it('is not hurt by depth', () => {
    expect(code('['.repeat(BATCH_LIMITS.bytes))).toEqual({ code: 'BATCH_ITEM_NOT_A_COMPACT_JWS', pointer: '/0' });
  });

  it('holds at most 1,000 facts, each of the size of a fact', () => {
    const many = Array.from({ length: 1_001 }, () => 'a.b.c');
    expect(code(JSON.stringify(many))).toEqual({ code: 'BATCH_TOO_MANY_ITEMS', pointer: '/1000' });
    expect(code(JSON.stringify(many.slice(1)))).toHaveLength(1_000);
    expect(code(JSON.stringify([`a.${'b'.repeat(BATCH_LIMITS.jwsBytes)}.c`]))).toEqual({
      code: 'FACT_TOO_LARGE',
      pointer: '/0',
    });
  });

  it('never throws, and what it reads JSON.parse reads alike', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('[', ']', '"', 'a.b.c', '"a.b.c"', ',', ' ', '\\', '{') }),
        (text) => {
          const read = readBatch(text);
          if (read.ok) expect(read.value).toEqual(JSON.parse(text));
        },
      ),
    );
  });
});
