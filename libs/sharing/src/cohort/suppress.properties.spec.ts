import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SMALL_NUMBERS, suppressed, type Suppressed } from './suppress.ts';

const { threshold, roundTo } = SMALL_NUMBERS;
const table = (...children: readonly number[]) =>
  suppressed(children.map((each, at) => ({ value: `v${String(at)}`, children: each })));
const shown = ({ cells }: Suppressed) => cells.map(({ children }) => children);

describe('a table of children', () => {
  it('shows no small number, and nothing exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 400 }), { maxLength: 30 }), (children) => {
        const published = table(...children);
        for (const [at, each] of shown(published).entries()) {
          if (each === null) continue;
          expect(children[at]).toBeGreaterThanOrEqual(threshold);
          expect(each % roundTo).toBe(0);
        }
        expect(published.total === null || published.total % roundTo === 0).toBe(true);
      }),
    );
  });

  it('shows numbers where none is small', () => {
    expect(table(12, 48, 30)).toEqual({
      cells: [
        { value: 'v0', children: 10 },
        { value: 'v1', children: 50 },
        { value: 'v2', children: 30 },
      ],
      total: 90,
    });
  });

  it('hides the total with the first small number: what is left over would be it', () => {
    expect(table(3, 48, 30, 100)).toEqual({
      cells: [
        { value: 'v0', children: null },
        { value: 'v1', children: 50 },
        { value: 'v2', children: 30 },
        { value: 'v3', children: 100 },
      ],
      total: null,
    });
  });

  it('counts what is no number of children as a fault', () => {
    for (const wrong of [-1, 0.5, Number.NaN, Infinity]) expect(() => table(wrong)).toThrow(RangeError);
  });
});

describe('check 16: who knows the method and everything published', () => {
  const MOST = 44;
  it.each([1, 2, 3])('can tell of a hidden number among %i only that it is small', (values) => {
    const possible = new Map<string, Set<number>[]>();
    for (let n = 0; n < (MOST + 1) ** values; n++) {
      const world = Array.from({ length: values }, (_, at) => Math.floor(n / (MOST + 1) ** at) % (MOST + 1));
      const key = JSON.stringify(table(...world));
      const sets = possible.get(key) ?? world.map(() => new Set<number>());
      for (const [at, each] of world.entries()) sets[at]?.add(each);
      possible.set(key, sets);
    }
    const small = Array.from({ length: threshold }, (_, each) => each);
    let hidden = 0;
    for (const [key, sets] of possible) {
      for (const [at, children] of shown(JSON.parse(key) as Suppressed).entries()) {
        if (children !== null) continue;
        hidden += 1;
        expect([...(sets[at] ?? [])].toSorted((a, b) => a - b)).toEqual(small);
      }
    }
    expect(hidden).toBeGreaterThan(0);
  });

  it('can not tell a school of one child from one of none', () => {
    expect(table(57, 31, 1)).toEqual(table(57, 31, 0));
  });
});
