import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { leafHash } from '#kernel';
import { consistencyProof, inclusionProof, rootOf, RunningRoot, verifyConsistency, verifyInclusion } from './merkle.ts';
import { openMerkleTree, type Leaf } from './tree.ts';

const leafOf = (n: number): Leaf => ({ id: `event-${n}`, data: Buffer.from(`data ${n}`), token: `t${n}` });
const leaves = Array.from({ length: 1400 }, (_, n) => leafOf(n));
const hashes = leaves.map(({ data }) => leafHash(data));
const flip = (hash: Uint8Array, bit: number): Uint8Array =>
  hash.map((byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));

describe('proofs', () => {
  it('verify for every leaf of trees of any size, and fail after any flipped bit, missing or surplus element', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (size, a, b, bit) => {
          const [index, tree] = [a % size, hashes.slice(0, size)];
          const [root, proof] = [rootOf(tree), inclusionProof(tree, a % size)];
          const leaf = tree[index] ?? new Uint8Array();
          const check = (p: readonly Uint8Array[], r = root, l = leaf, i = index): boolean =>
            verifyInclusion(l, BigInt(i), BigInt(size), p, r);
          expect(check(proof)).toBe(true);
          expect(check(proof, flip(root, bit))).toBe(false);
          expect(check(proof, root, flip(leaf, bit))).toBe(false);
          expect(check([...proof, root])).toBe(false);
          if (size === 1) return;
          expect(check(proof.slice(1))).toBe(false);
          expect(check(proof, root, leaf, (index + 1 + (b % (size - 1))) % size)).toBe(false);
          expect(check(proof.map((hash, at) => (at === b % proof.length ? flip(hash, bit) : hash)))).toBe(false);
        },
      ),
    );
  });

  it('show that an older tree is a prefix, and nothing else', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (size, a, b, bit) => {
          const older = 1 + (a % size);
          const tree = hashes.slice(0, size);
          const proof = consistencyProof(tree, older);
          const [from, to] = [rootOf(tree.slice(0, older)), rootOf(tree)];
          const check = (p: readonly Uint8Array[], r1 = from, r2 = to): boolean =>
            verifyConsistency(BigInt(older), BigInt(size), r1, r2, p);
          expect(check(proof)).toBe(true);
          expect(check(proof, flip(from, bit))).toBe(false);
          expect(check(proof, from, flip(to, bit))).toBe(false);
          expect(check([...proof, to])).toBe(false);
          if (proof.length === 0) return;
          expect(check(proof.slice(0, -1))).toBe(false);
          expect(check(proof.map((hash, at) => (at === b % proof.length ? flip(hash, bit) : hash)))).toBe(false);
        },
      ),
    );
  });
});

describe('the kept tree', () => {
  it('is the tree of its leaves, however they came in batches', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 }),
        fc.nat(),
        (batches, a) => {
          const tree = openMerkleTree(':memory:');
          const running = new RunningRoot();
          for (const count of batches) tree.append(leaves.slice(tree.size, tree.size + count));
          const size = tree.size;
          for (const hash of hashes.slice(0, size)) running.add(hash);
          const [index, older] = [a % size, 1 + (a % size)];
          expect(tree.root()).toEqual(running.root());
          expect(tree.root(older)).toEqual(rootOf(hashes.slice(0, older)));
          expect(tree.inclusionProof(index)).toEqual(inclusionProof(hashes.slice(0, size), index));
          expect(tree.consistencyProof(older)).toEqual(consistencyProof(hashes.slice(0, size), older));
          expect([tree.indexOf(`event-${index}`), tree.indexOf('nobody')]).toEqual([index, undefined]);
          expect(() => tree.root(size + 1)).toThrow(RangeError);
          tree.close();
        },
      ),
      { numRuns: 25 },
    );
  });

  it('goes beyond two levels of tiles', () => {
    const many = Array.from({ length: 66_000 }, (_, n) => leafOf(n));
    const tree = openMerkleTree(':memory:');
    for (let at = 0; at < many.length; at += 5_000) tree.append(many.slice(at, at + 5_000));
    const running = new RunningRoot();
    for (const { data } of many) running.add(leafHash(data));
    expect(tree.root()).toEqual(running.root());
    const proof = tree.inclusionProof(65_535);
    const leaf = createHash('sha256').update('\0data 65535').digest();
    expect(verifyInclusion(leaf, 65_535n, 66_000n, proof, tree.root())).toBe(true);
    tree.close();
  });
});
