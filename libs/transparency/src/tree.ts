import { leafHash } from '#kernel';
import { consistencyPath, inclusionPath, nodeHash, rangeRoot, type NodeReader } from './merkle.ts';
import { TILE_HASHES, TreeStore } from './tree-store.ts';

/** A leaf to be: what the event is called, its stored bytes, and where the log may be resumed after it. */
export interface Leaf {
  readonly id: string;
  readonly data: Uint8Array;
  readonly token: string;
}

const HASH = 32;
const TILE_LEVELS = 8;
/** Resumable places in the log are remembered this often, for the check of recent leaves at start. */
const MARK_EVERY = 256;
/** Tiles whose inner nodes are remembered: at most 255 hashes each, about 30 kB. */
const REMEMBERED = 256;

/** The RFC 6962 tree over the log, kept in tiles of 256 hashes; memory does not grow with it. Sizes and indexes in leaves. */
export class MerkleTree {
  readonly #store: TreeStore;
  readonly #listeners = new Set<(size: number) => void>();
  /** Inner nodes that proofs asked for; a complete one never changes. The tile used longest ago is forgotten first. */
  readonly #inner = new Map<string, Map<number, Uint8Array>>();
  #size: number;
  #marked: number;

  constructor(store: TreeStore) {
    this.#store = store;
    this.#size = store.size;
    this.#marked = store.mark(this.#size)?.size ?? 0;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#size;
  }

  /** Token of the last event that is a leaf: subscribe after it. */
  get token(): string | null {
    return this.#store.token;
  }

  /** Appends leaves in log order, all or none. */
  append(leaves: readonly Leaf[]): void {
    const last = leaves.at(-1);
    if (last === undefined) return;
    let [size, marked] = [this.#size, this.#marked];
    this.#store.transaction(() => {
      const hashes: Uint8Array[] = [];
      for (const { id, data, token } of leaves) {
        hashes.push(leafHash(data));
        this.#store.putLeaf(id, size);
        size += 1;
        if (size - marked < MARK_EVERY) continue;
        this.#store.putMark(size, token);
        marked = size;
      }
      this.#extend(0, this.#size, hashes);
      this.#store.putHead(size, last.token);
    });
    this.#size = size;
    this.#marked = marked;
    for (const listener of this.#listeners) listener(size);
  }

  /** Root at a size, of now unless given. Throws RangeError beyond the tree. */
  root(size = this.#size): Uint8Array {
    this.#within(size);
    return rangeRoot(0, size, this.#nodes());
  }

  /** RFC 9162 §2.1.3.1, from the stored hashes. */
  inclusionProof(index: number, size = this.#size): readonly Uint8Array[] {
    this.#within(size);
    return inclusionPath(index, size, this.#nodes());
  }

  /** RFC 9162 §2.1.4.1, from the stored hashes. */
  consistencyProof(older: number, newer = this.#size): readonly Uint8Array[] {
    this.#within(newer);
    return consistencyPath(older, newer, this.#nodes());
  }

  /** Place of an event in the tree; undefined until it is a leaf. */
  indexOf(eventId: string): number | undefined {
    return this.#store.leafOf(eventId);
  }

  /** Stored hash of one leaf. */
  leaf(index: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#size) return undefined;
    const tile = this.#store.tile(0, Math.floor(index / TILE_HASHES));
    const at = (index % TILE_HASHES) * HASH;
    return tile?.subarray(at, at + HASH);
  }

  /**
   * C2SP tlog-tiles: the first `width` hashes of a tile, 256 for a full one; undefined where they are not all there yet. Hashes only,
   * never what they are of.
   */
  tile(level: number, n: number, width: number): Uint8Array | undefined {
    if (!Number.isSafeInteger(n) || n < 0 || width < 1 || width > TILE_HASHES) return undefined;
    const tile = this.#store.tile(level, n);
    return tile === undefined || tile.length < width * HASH ? undefined : tile.subarray(0, width * HASH);
  }

  /** A place at or before `size` from which the log can be read again; undefined for its start. */
  markBefore(size: number): { readonly size: number; readonly token: string } | undefined {
    return this.#store.mark(size);
  }

  /** Calls after each growth; the answer ends that. */
  onGrowth(listener: (size: number) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    this.#store.close();
  }

  #within(size: number): void {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.#size) throw new RangeError('no tree of this size yet');
  }

  #extend(level: number, from: number, hashes: readonly Uint8Array[]): void {
    const full: Uint8Array[] = [];
    let [at, taken] = [from, 0];
    const firstFull = Math.floor(from / TILE_HASHES);
    while (taken < hashes.length) {
      const n = Math.floor(at / TILE_HASHES);
      const held = at % TILE_HASHES;
      const count = Math.min(TILE_HASHES - held, hashes.length - taken);
      const before = held === 0 ? new Uint8Array() : (this.#store.tile(level, n) ?? new Uint8Array());
      if (before.length < held * HASH) throw new Error('the tree is damaged; delete it, it is made again from the log');
      const tile = Buffer.concat([before.subarray(0, held * HASH), ...hashes.slice(taken, taken + count)]);
      this.#store.putTile(level, n, tile);
      if (held + count === TILE_HASHES) full.push(tileNode(tile, TILE_LEVELS, 0));
      at += count;
      taken += count;
    }
    if (full.length > 0) this.#extend(level + 1, firstFull, full);
  }

  /** Reads each tile at most once for one proof. */
  #nodes(): NodeReader {
    const read = new Map<string, Uint8Array>();
    return (level, index) => {
      const tileLevel = Math.floor(level / TILE_LEVELS);
      const height = level % TILE_LEVELS;
      const first = index * 2 ** height;
      const n = Math.floor(first / TILE_HASHES);
      const name = `${tileLevel}/${n}`;
      const tile = read.get(name) ?? this.#store.tile(tileLevel, n);
      if (tile === undefined) throw new Error('the tree is damaged; delete it, it is made again from the log');
      read.set(name, tile);
      return height === 0
        ? tileNode(tile, 0, first % TILE_HASHES)
        : tileNode(tile, height, first % TILE_HASHES, this.#innerOf(name));
    };
  }

  #innerOf(name: string): Map<number, Uint8Array> {
    const nodes = this.#inner.get(name) ?? new Map<number, Uint8Array>();
    this.#inner.delete(name);
    this.#inner.set(name, nodes);
    const [oldest] = this.#inner.keys();
    if (this.#inner.size > REMEMBERED && oldest !== undefined) this.#inner.delete(oldest);
    return nodes;
  }
}

/** Opens or makes the tree's file (`:memory:` for none). */
export function openMerkleTree(path: string): MerkleTree {
  return new MerkleTree(new TreeStore(path));
}

/** `known`: where inner nodes are looked up and left for the next time. */
function tileNode(tile: Uint8Array, height: number, first: number, known?: Map<number, Uint8Array>): Uint8Array {
  if (height === 0) {
    const hash = tile.subarray(first * HASH, (first + 1) * HASH);
    if (hash.length !== HASH) throw new Error('the tree is damaged; delete it, it is made again from the log');
    return hash;
  }
  const place = height * TILE_HASHES + first;
  const before = known?.get(place);
  if (before !== undefined) return before;
  const half = 2 ** (height - 1);
  const node = nodeHash(tileNode(tile, height - 1, first, known), tileNode(tile, height - 1, first + half, known));
  known?.set(place, node);
  return node;
}
