import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { classifyTenDigits, isUln } from './uln.ts';
import { isNhsNumber, isTestNhsNumber, normaliseNhsNumber } from './nhs-number.ts';
import { isTemporaryUpn, isUpn } from './upn.ts';

const tenDigits = fc.stringMatching(/^[0-9]{10}$/);

describe('NHS number', () => {
  it.each(['9434765870', '9434765919', '9912003888', '9000000009'])('takes %s', (number) =>
    expect(isNhsNumber(number)).toBe(true),
  );
  it.each(['9434765871', '0000000000', '943476587', '94347658700', '943 476 5870', '９434765870', ''])(
    'refuses %j',
    (number) => expect(isNhsNumber(number)).toBe(false),
  );
  it('reads the ways people write it', () => {
    expect(['943 476 5870', '943-476-5870', ' 9434765870 '].map(normaliseNhsNumber)).toEqual(
      Array(3).fill('9434765870'),
    );
    expect(['943 4765 870', '943/476/5870', 'x'].map(normaliseNhsNumber)).toEqual([undefined, undefined, undefined]);
  });
  it('knows the ranges never issued', () => {
    expect([isTestNhsNumber('9000000009'), isTestNhsNumber('9991234004'), isTestNhsNumber('9434765870')]).toEqual([
      true,
      true,
      false,
    ]);
  });
  it('notices any single wrong digit and any two neighbours swapped', () => {
    fc.assert(
      fc.property(tenDigits.filter(isNhsNumber), fc.nat(9), fc.nat(9), (number, at, digit) => {
        const other = number.slice(0, at) + String(digit) + number.slice(at + 1);
        const swapped =
          at === 9 ? number : number.slice(0, at) + number.charAt(at + 1) + number.charAt(at) + number.slice(at + 2);
        return (other === number || !isNhsNumber(other)) && (swapped === number || !isNhsNumber(swapped));
      }),
      { numRuns: 300 },
    );
  });
});

describe('unique pupil number', () => {
  it.each(['B801200005001', 'X876200118001', 'P207000016049'])('takes %s', (upn) => expect(isUpn(upn)).toBe(true));
  it('follows the rule where a published help page mis-adds', () => expect(isUpn('Q207000016049')).toBe(false));
  it.each(['A801200005001', 'I801200005001', 'B80120000500', 'b801200005001'])('refuses %s', (upn) =>
    expect(isUpn(upn)).toBe(false),
  );
  it('takes local authorities younger than any list', () => {
    const letters = Array.from('ABCDEFGHJKLMNPQRTUVWXYZ');
    expect(letters.filter((letter) => isUpn(`${letter}940200005001`))).toHaveLength(1);
  });
  it('tells a temporary number', () => {
    const temporary = Array.from('ABCDEFGHJKLMNPQRTUVWXYZ')
      .map((letter) => `${letter}80120000500A`)
      .filter(isUpn);
    expect(temporary.map(isTemporaryUpn)).toEqual([true]);
    expect(isTemporaryUpn('B801200005001')).toBe(false);
  });
});

describe('unique learner number', () => {
  it('takes the published example', () => expect(isUln('9276308686')).toBe(true));
  it('never is an NHS number too', () => {
    fc.assert(fc.property(tenDigits, (number) => !(isUln(number) && isNhsNumber(number))));
    expect(['9276308686', '9434765870', '1234567890'].map(classifyTenDigits)).toEqual(['uln', 'nhs-number', undefined]);
  });
});
