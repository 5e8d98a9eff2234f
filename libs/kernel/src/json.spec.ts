import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, canonicalJson } from './json.ts';

describe('canonical JSON', () => {
  it('spells the example of RFC 8785 §3.2.2', () => {
    const value: unknown = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('orders members by UTF-16 units (RFC 8785 §3.2.3)', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(Object.values(JSON.parse(canonicalJson(value).replace('"1"', '"x"')) as object)).toEqual([
      2, 4, 6, 7, 1, 5, 3,
    ]);
    expect(canonicalJson({ '9': 1, '10': 2 })).toBe('{"10":2,"9":1}');
  });

  it.each([
    [-0, '0'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [9007199254740992, '9007199254740992'],
    [1e21, '1e+21'],
  ])('spells %d as %s', (number, text) => expect(canonicalJson(number)).toBe(text));

  it.each([
    ['undefined', undefined],
    ['NaN in a list', [Number.NaN]],
    ['Infinity', { a: Number.POSITIVE_INFINITY }],
    ['a lone surrogate', '\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
    ['a big integer', 1n],
    ['a function', () => 1],
  ])('throws on %s', (_, value) => expect(() => canonicalJson(value)).toThrow());

  it('says the same of the same, in whatever order it was made', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (made) => {
        const value = JSON.parse(JSON.stringify(made)) as Record<string, unknown>;
        const other = Object.fromEntries(Object.entries(value).reverse());
        const text = canonicalJson(value);
        return canonicalJson(other) === text && canonicalJson(JSON.parse(text)) === text;
      }),
    );
    expect(canonicalBytes({ a: 'é' })).toEqual(Buffer.from('{"a":"é"}', 'utf8'));
  });
});
