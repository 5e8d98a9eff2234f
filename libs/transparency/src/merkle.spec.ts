import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { EMPTY_ROOT, rootOf, verifyConsistency, verifyInclusion } from './merkle.ts';
import { leafHash } from '#kernel';

const samples = join(process.env['SAMPLES_DIR'] ?? '../shared/samples', 'merkle');
const vectors = existsSync(samples)
  ? readdirSync(samples, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))
  : [];

interface Vector {
  readonly leafIdx?: string;
  readonly treeSize?: string;
  readonly size1?: string;
  readonly size2?: string;
  readonly root?: string;
  readonly leafHash?: string;
  readonly root1?: string;
  readonly root2?: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

const bytes = (text = ''): Uint8Array => Buffer.from(text, 'base64');

function verdict(vector: Vector): boolean {
  const proof = (vector.proof ?? []).map(bytes);
  if (vector.leafIdx !== undefined) {
    const [index, size] = [BigInt(vector.leafIdx), BigInt(vector.treeSize ?? '')];
    return verifyInclusion(bytes(vector.leafHash), index, size, proof, bytes(vector.root));
  }
  const [older, newer] = [BigInt(vector.size1 ?? ''), BigInt(vector.size2 ?? '')];
  return verifyConsistency(older, newer, bytes(vector.root1), bytes(vector.root2), proof);
}

const suite = vectors.length > 0 ? describe : describe.skip;
suite(`vectors of transparency-dev/merkle (skipped where SAMPLES_DIR has none)`, () => {
  it('are all 196', () => expect(vectors).toHaveLength(196));
  it.each(vectors)('%s', (name) => {
    const text = readFileSync(join(samples, name), 'utf8');
    // Sizes up to 2^64-1 do not fit a JSON number of JavaScript.
    const exact = text.replace(/"(leafIdx|treeSize|size1|size2)": (\d+)/g, '"$1": "$2"');
    const vector = JSON.parse(exact) as Vector;
    expect({ name: relative('.', name), ok: verdict(vector) }).toEqual({
      name: relative('.', name),
      ok: !vector.wantErr,
    });
  });
});

describe('roots of RFC 6962', () => {
  it('starts at the hash of nothing', () => {
    expect(Buffer.from(EMPTY_ROOT).toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(rootOf([])).toEqual(EMPTY_ROOT);
  });

  it('gives the roots known for the eight inputs of Certificate Transparency', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
    const leaves = inputs.map((hex) => leafHash(Buffer.from(hex, 'hex')));
    const roots = [1, 8].map((size) => Buffer.from(rootOf(leaves.slice(0, size))).toString('hex'));
    expect(roots).toEqual([
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]);
  });
});
