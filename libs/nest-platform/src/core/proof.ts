import { TILE_HASHES, type Checkpointer, type LogTree, type MerkleTree } from '#transparency';
import type { Proof } from './core.ts';
import type { Heads } from './heads.ts';

/** What the tree answers, of this process's own tree: it reads on where another process has shown more events than it has. */
export function proofOf(parts: {
  readonly vkey: string;
  readonly tree: LogTree;
  readonly checkpointer: Checkpointer;
  readonly heads: Heads;
}): Proof {
  const { vkey, tree, checkpointer, heads } = parts;
  const reach = async (size: number): Promise<MerkleTree> => {
    if (Number.isSafeInteger(size) && size > tree.tree.size) await tree.catchUp();
    return tree.tree;
  };
  return {
    vkey,
    checkpoint: () => heads.shown(),
    receipt: async (eventId, bytes) => checkpointer.receipt(eventId, bytes, await heads.cosigned()),
    consistency: async (older, newer) => {
      if (![older, newer].every(Number.isSafeInteger) || older <= 0 || newer < older) return undefined;
      const read = await reach(newer);
      return newer > read.size ? undefined : base64(read.consistencyProof(older, newer));
    },
    inclusion: async (index, size) => {
      if (![index, size].every(Number.isSafeInteger) || index < 0 || index >= size) return undefined;
      const read = await reach(size);
      return size > read.size ? undefined : base64(read.inclusionProof(index, size));
    },
    tile: async (level, n, width) => (await reach(leavesOf(level, n, width))).tile(level, n, width),
  };
}

/** How many leaves there must be for the first hashes of a tile to be there. */
function leavesOf(level: number, n: number, width: number): number {
  return (n * TILE_HASHES + width) * TILE_HASHES ** level;
}

function base64(hashes: readonly Uint8Array[]): readonly string[] {
  return hashes.map((hash) => Buffer.from(hash).toString('base64'));
}
