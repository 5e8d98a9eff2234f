import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes, canonicalJson, type Instant, type OrganisationId } from '#kernel';
import { decodeRecord, readRecord, UnreadableRecord } from './decode.ts';
import { encodeRecord, type StoredRecord } from './record.ts';

const record: StoredRecord = {
  format: 1,
  stream: 'look-3f0c8e52-1111-4222-8333-944455556666',
  revision: 0,
  type: 'look.aborted.v1',
  recordedAt: '2026-11-24T09:30:00.000Z' as Instant,
  by: 'hub' as OrganisationId,
  correlationId: 'c1',
  data: { decision: '3f0c8e52-1111-4222-8333-944455556666' },
};
const text = canonicalJson(record);
const codeOf = (input: string | Uint8Array) => {
  try {
    readRecord(typeof input === 'string' ? Buffer.from(input) : input);
    return 'read';
  } catch (error) {
    return error instanceof UnreadableRecord ? error.code : `threw ${String(error)}`;
  }
};
const but = (changes: Record<string, unknown>) => codeOf(canonicalBytes({ ...record, ...changes }));

describe('reading a stored record', () => {
  it('gives back what was written', () => {
    expect(decodeRecord(encodeRecord(record).data)).toEqual(record);
    expect(but({ causationId: 'c0' })).toBe('read');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a space more', `${text} `],
    ['members out of order', text.replace('"format":1,', '').replace('{', '{"format":1,')],
    ['a member twice', text.replace('"format":1', '"format":1,"format":1')],
    ['an escape nobody needs', text.replace('aborted', '\\u0061borted')],
    ['a number spelt otherwise', text.replace('"revision":0', '"revision":0.0')],
    ['a minus zero', text.replace('"revision":0', '"revision":-0')],
    ['a lone surrogate', text.replace('"c1"', '"\\ud800"')],
    ['a prototype', text.replace('"data":{', '"data":{"__proto__":1,')],
    ['levels without end', text.replace('"data":{', `"data":{"a":${'['.repeat(5000)}${']'.repeat(5000)},`)],
    ['a byte order mark', `\ufeff${text}`],
    ['members that JavaScript reorders', text.replace('"data":{', '"data":{"9":1,"10":1,')],
  ])('refuses %s', (_, input) => expect(codeOf(input)).toBe('RECORD_MALFORMED'));

  it('takes members that JavaScript reorders in their canonical order, and texts that look like escapes', () => {
    expect(but({ data: { '10': 1, '9': 1, '-': 2, a: 'C:\\udder' } })).toBe('read');
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(codeOf(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('RECORD_MALFORMED');
  });

  it.each([
    { stream: 'nobody-1' },
    { stream: 7 },
    { revision: -1 },
    { revision: 0.5 },
    { revision: '0' },
    { type: 'look' },
    { recordedAt: '2026-02-30T09:30:00.000Z' },
    { recordedAt: '2026-11-24T09:30:00Z' },
    { recordedAt: '2026-11-24' },
    { by: 'Nobody Known' },
    { correlationId: 1 },
    { causationId: null },
    { data: [] },
    { data: null },
    { data: 'x' },
    { more: 1 },
    { correlationId: undefined },
    { correlationId: undefined, extra: 'c1' },
  ])('refuses %j', (changes) => {
    const whole: Record<string, unknown> = { ...record, ...changes };
    const said = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
    expect(codeOf(canonicalBytes(said))).toBe('RECORD_MALFORMED');
  });

  it('names what it does not know', () => {
    expect(but({ format: 2 })).toBe('RECORD_FORMAT_UNKNOWN');
    expect(but({ type: 'look.aborted.v2' })).toBe('RECORD_TYPE_UNKNOWN');
    expect(but({ type: 'fact.published.v1' })).toBe('RECORD_TYPE_UNKNOWN');
  });

  it('leaves the types of other families to their aggregates', () => {
    expect(but({ stream: 'equipment-radio-aid-17', type: 'equipment.came-home.v3' })).toBe('read');
  });

  it('reads every record that was written, whatever its data, and no flipped bit passes for the same bytes', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()),
        fc.nat(),
        fc.nat(7),
        (data, at, bit) => {
          fc.pre(!/__proto__|constructor|prototype/.test(JSON.stringify(data)));
          const bytes = canonicalBytes({ ...record, data: JSON.parse(JSON.stringify(data)) as object });
          const read = codeOf(bytes);
          const flipped = Uint8Array.from(bytes);
          const place = at % bytes.length;
          flipped[place] = (flipped[place] ?? 0) ^ (1 << bit);
          if (codeOf(flipped) !== 'read') return read === 'read';
          return read === 'read' && !Buffer.from(canonicalBytes(readRecord(flipped))).equals(bytes);
        },
      ),
      { numRuns: 300 },
    );
  });
});
