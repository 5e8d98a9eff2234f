import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as sharing from '#sharing';
import { release, type Disclosed } from '#sharing';
import { disclosed } from './disclosed.ts';

/** What a serialiser of personal data takes. */
const serialise = (answer: Disclosed<string>): string => release(answer);

describe('what only a decision can make', () => {
  it('goes out as it was made', () => {
    expect(serialise(disclosed('d', 'words'))).toBe('words');
  });

  it('does not compile where it is made by hand, and does not go out where the compiler was silenced', () => {
    const value = 'words';
    // @ts-expect-error a plain value is not disclosed
    expect(() => serialise(value)).toThrow('not disclosed');
    // @ts-expect-error an object of the same shape is not disclosed: the proof is a symbol that nobody else has
    expect(() => serialise({ decision: 'd', value })).toThrow('not disclosed');
    // @ts-expect-error a symbol of one's own is another
    expect(() => serialise({ decision: 'd', value, [Symbol('proof')]: true })).toThrow('not disclosed');
    // What the compiler can't tell from the real thing, the check at the door can.
    const same = disclosed('d', value);
    expect(() => serialise({ ...same, value: 'other words' })).toThrow('not disclosed');
    expect(() => serialise(JSON.parse(JSON.stringify(same)) as typeof same)).toThrow('not disclosed');
  });

  it('is made by the enforcement point only: nothing else can reach the maker', () => {
    expect(Object.keys(sharing)).not.toContain('disclosed');
    const root = join(import.meta.dirname, '../../../..');
    const makers = ['apps', 'libs', 'infra'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.includes('node_modules'))
        .map((file) => join(folder, file))
        .filter((file) => /from '[^']*\/disclosed\.ts'/.test(readFileSync(join(root, file), 'utf8'))),
    );
    expect(makers.sort()).toEqual(
      ['chunks', 'disclose', 'disclosed.spec', 'index'].map((name) => `libs/sharing/src/disclose/${name}.ts`),
    );
  });
});
