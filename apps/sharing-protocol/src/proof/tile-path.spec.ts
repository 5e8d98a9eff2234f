import fc from 'fast-check';
import { expect, it } from '@jest/globals';
import { readTilePath, tilePath } from './tile-path.ts';

it('spells an index as the specification does', () => {
  expect(tilePath({ level: 0, n: 1_234_067, width: 256 })).toBe('0/x001/x234/067');
  expect(tilePath({ level: 2, n: 0, width: 17 })).toBe('2/000.p/17');
});

it('reads every tile it spells, and nothing in two spellings', () => {
  const place = fc.record({
    level: fc.integer({ min: 0, max: 63 }),
    n: fc.nat({ max: 999_999_999 }),
    width: fc.integer({ min: 1, max: 256 }),
  });
  fc.assert(
    fc.property(place, (tile) => {
      const [level = '', ...rest] = tilePath(tile).split('/');
      expect(readTilePath(level, rest.join('/'))).toEqual(tile);
      expect(readTilePath(`0${level}`, rest.join('/'))).toBeUndefined();
      expect(readTilePath(level, `x000/${rest.join('/')}`)).toBeUndefined();
    }),
  );
});

it.each([
  '',
  '0',
  '00',
  '0000',
  'x001',
  'x001/',
  '001/002',
  'x01/002',
  '000.p/0',
  '000.p/256',
  '000.p/01',
  '000.p',
  '../000',
  '000/',
  '-01',
  'entries/000',
])('does not read %j', (rest) => expect(readTilePath('0', rest)).toBeUndefined());

it.each(['64', '-1', '1e1', '', 'entries'])('does not read level %j', (level) =>
  expect(readTilePath(level, '000')).toBeUndefined(),
);
