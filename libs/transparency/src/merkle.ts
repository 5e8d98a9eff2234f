import { createHash } from 'node:crypto';

/** Hash of a complete subtree: `level` 0 is a leaf, and node (level, index) covers the leaves from index·2^level on. */
export type NodeReader = (level: number, index: number) => Uint8Array;

const NODE = Uint8Array.of(1);
/** RFC 6962 §2.1: the root of a tree without leaves. */
export const EMPTY_ROOT: Uint8Array = createHash('sha256').digest();

/** RFC 6962 §2.1 hash of an inner node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return createHash('sha256').update(NODE).update(left).update(right).digest();
}

/** Root of the leaves [begin, end), begin being a multiple of a power of two at least as large as the range. */
export function rangeRoot(begin: number, end: number, node: NodeReader): Uint8Array {
  const count = end - begin;
  if (count <= 0) return EMPTY_ROOT;
  const level = Math.log2(count);
  if (Number.isInteger(level)) return node(level, begin / count);
  const middle = begin + splitOf(count);
  return nodeHash(rangeRoot(begin, middle, node), rangeRoot(middle, end, node));
}

/** RFC 9162 §2.1.3.1. Throws RangeError unless 0 ≤ index < size. */
export function inclusionPath(index: number, size: number, node: NodeReader): readonly Uint8Array[] {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new RangeError('no such leaf');
  }
  const path: Uint8Array[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin);
    if (index < middle) {
      path.push(rangeRoot(middle, end, node));
      end = middle;
    } else {
      path.push(rangeRoot(begin, middle, node));
      begin = middle;
    }
  }
  return path.reverse();
}

/** RFC 9162 §2.1.4.1. Throws RangeError unless 0 < older ≤ newer. */
export function consistencyPath(older: number, newer: number, node: NodeReader): readonly Uint8Array[] {
  if (!Number.isSafeInteger(older) || !Number.isSafeInteger(newer) || older <= 0 || older > newer) {
    throw new RangeError('no such pair of trees');
  }
  const path: Uint8Array[] = [];
  let [begin, end] = [0, newer];
  while (older < end) {
    const middle = begin + splitOf(end - begin);
    if (older <= middle) {
      path.push(rangeRoot(middle, end, node));
      end = middle;
    } else {
      path.push(rangeRoot(begin, middle, node));
      begin = middle;
    }
  }
  if (begin > 0) path.push(rangeRoot(begin, end, node));
  return path.reverse();
}

/** Nodes of leaves held in memory. */
export function nodesOf(leaves: readonly Uint8Array[]): NodeReader {
  return function node(level, index): Uint8Array {
    if (level > 0) return nodeHash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1));
    const leaf = leaves[index];
    if (leaf === undefined) throw new RangeError('no such leaf');
    return leaf;
  };
}

/** RFC 6962 §2.1 root over leaf hashes. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  return rangeRoot(0, leaves.length, nodesOf(leaves));
}

/** RFC 9162 §2.1.3.1 over leaf hashes in memory. */
export function inclusionProof(leaves: readonly Uint8Array[], index: number): readonly Uint8Array[] {
  return inclusionPath(index, leaves.length, nodesOf(leaves));
}

/** RFC 9162 §2.1.4.1 over leaf hashes in memory: the first `older` leaves are a prefix. */
export function consistencyProof(leaves: readonly Uint8Array[], older: number): readonly Uint8Array[] {
  return consistencyPath(older, leaves.length, nodesOf(leaves));
}

/** RFC 9162 §2.1.3.2: this leaf hash stands at this index of the tree with this root. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index < 0n || index >= size || !allHashes([leaf, root, ...proof])) return false;
  let [fn, sn, hash] = [index, size - 1n, leaf];
  for (const element of proof) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(element, hash);
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else hash = nodeHash(hash, element);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(hash, root);
}

/** RFC 9162 §2.1.4.2: the older tree is a prefix of the newer. False for an empty older tree, which proves nothing. */
export function verifyConsistency(
  older: bigint,
  newer: bigint,
  olderRoot: Uint8Array,
  newerRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (older <= 0n || older > newer) return false;
  if (older === newer) return proof.length === 0 && same(olderRoot, newerRoot);
  if (!allHashes([olderRoot, newerRoot, ...proof])) return false;
  const path = (older & (older - 1n)) === 0n ? [olderRoot, ...proof] : proof;
  const [first, ...rest] = path;
  if (first === undefined || proof.length === 0) return false;
  let [fn, sn] = [older - 1n, newer - 1n];
  while ((fn & 1n) === 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  let [fr, sr] = [first, first];
  for (const element of rest) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      fr = nodeHash(element, fr);
      sr = nodeHash(element, sr);
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else sr = nodeHash(sr, element);
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && same(fr, olderRoot) && same(sr, newerRoot);
}

/** Same bytes; hashes here are public, so the time it takes may tell. */
export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The root of leaves as they come, in memory that grows with the logarithm of their number. */
export class RunningRoot {
  readonly #stack: { readonly level: number; readonly hash: Uint8Array }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(leaf: Uint8Array): void {
    this.#size += 1;
    let [level, hash] = [0, leaf];
    for (let top = this.#stack.at(-1); top?.level === level; top = this.#stack.at(-1)) {
      hash = nodeHash(top.hash, hash);
      level += 1;
      this.#stack.pop();
    }
    this.#stack.push({ level, hash });
  }

  root(): Uint8Array {
    return (
      this.#stack.reduceRight<Uint8Array | undefined>(
        (right, { hash }) => (right === undefined ? hash : nodeHash(hash, right)),
        undefined,
      ) ?? EMPTY_ROOT
    );
  }
}

function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function allHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every(({ length }) => length === 32);
}
