import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leafHash, sha256 } from './hash.ts';
import { factIdOf, isOrganisationId, isUuid, namedUuid, randomUuid, uuidOfHash, type OrganisationId } from './ids.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('ids', () => {
  it('names by version 5 as RFC 9562 does, each part with its length', () => {
    // Computed by hand once: the names of facts in every log hang on it.
    const namespace = Buffer.from('6f1f4a2e7c575d0b9f0e0d6c3f5b8a11', 'hex');
    const digest = createHash('sha1').update(namespace).update('2:ab1:c').digest('hex');
    const id = namedUuid('ab', 'c');
    expect(id.replaceAll('-', '').slice(0, 12)).toBe(digest.slice(0, 12));
    expect([id[14], '89ab'.includes(id.charAt(19)), isUuid(id)]).toEqual(['5', true, true]);
    expect(id).toBe('7c6ebd15-5296-5e95-9529-246a1ccba86a');
    expect(namedUuid('process', 'x', 3)).toBe(namedUuid('process', 'x', '3'));
  });

  it('tells parts apart, wherever they meet', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (a, b) =>
        JSON.stringify(a) === JSON.stringify(b)
          ? namedUuid(...a) === namedUuid(...b)
          : namedUuid(...a) !== namedUuid(...b),
      ),
    );
    expect(namedUuid('ab', 'c')).not.toBe(namedUuid('a', 'bc'));
  });

  it('names a fact by its organisation and its CloudEvents id', () => {
    const school = 'oakfield-primary' as OrganisationId;
    expect(factIdOf(school, 'enrol-oak-2201')).toBe('e27eb012-e8bf-5a85-8a4e-80c4ac022a9d');
    expect(factIdOf('mill-lane' as OrganisationId, 'enrol-oak-2201')).not.toBe(factIdOf(school, 'enrol-oak-2201'));
  });

  it('makes version 8 of the first 16 bytes of a hash', () => {
    expect(uuidOfHash(Uint8Array.from({ length: 32 }, () => 0xff))).toBe('ffffffff-ffff-8fff-bfff-ffffffffffff');
    expect(uuidOfHash(new Uint8Array(32))).toBe('00000000-0000-8000-8000-000000000000');
    const hash = sha256('x');
    const before = hex(hash);
    uuidOfHash(hash);
    expect(hex(hash)).toBe(before);
  });

  it('makes version 4 of 16 bytes of chance', () => {
    const asked: number[] = [];
    const chance = { bytes: (count: number) => (asked.push(count), new Uint8Array(count).fill(0xab)) };
    expect(randomUuid(chance)).toBe('abababab-abab-4bab-abab-abababababab');
    expect(asked).toEqual([16]);
  });

  it.each(['oakfield-primary', 'a', 'trust2', 'a-1'])('%s names an organisation', (id) =>
    expect(isOrganisationId(id)).toBe(true),
  );
  it.each(['', 'Oakfield', 'a--b', '-a', 'a-', '1a', 'a_b', 'a b', `a${'b'.repeat(64)}`, 'a\n'])('%j does not', (id) =>
    expect(isOrganisationId(id)).toBe(false),
  );
  it.each([
    '',
    'ABABABAB-abab-4bab-abab-abababababab',
    'abababab-abab-4bab-abab-ababababababa',
    'abababababab4bababababababababab',
  ])('%j is no UUID of ours', (id) => expect(isUuid(id)).toBe(false));
});

describe('hashes', () => {
  it('are those of RFC 6962 (leaf of nothing) and FIPS 180-4', () => {
    expect(hex(leafHash(new Uint8Array()))).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d');
    expect(hex(sha256('a', Buffer.from('bc')))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
