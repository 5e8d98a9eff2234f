import { leafHash } from '#kernel';
import type { Family } from '#contracts';
import type { LeafSource } from './log-source.ts';
import { same } from './merkle.ts';
import type { MerkleTree } from './tree.ts';

/** What does not fit between the log and what was signed about it. */
export type RollbackReason =
  /** Fewer events than a signed checkpoint counts. */
  | 'log-shorter'
  /** The events up to a signed checkpoint are not those that were signed. */
  | 'log-differs'
  /** The last events are not those that the tree was made from. */
  | 'recent-leaves-differ'
  /** A checkpoint is there but was not signed by us, or can't be read. */
  | 'checkpoint-unreadable'
  /** A witness cosigned more events than the log has. */
  | 'witness-ahead'
  /** A witness cosigned as many events as the log has, but others. */
  | 'witness-differs';

/** The log lost or changed what was already signed; the hub must not start. */
export class RollbackDetected extends Error {
  override readonly name = 'RollbackDetected';
  readonly reason: RollbackReason;
  /** Leaf index of the first difference known. */
  readonly index: number;
  constructor(reason: RollbackReason, index: number) {
    super(`rollback detected: ${reason} at leaf ${index}`);
    this.reason = reason;
    this.index = index;
  }
}

/**
 * Hashes the last leaves again from the log, from the nearest remembered place on (at most 255 events further back). Throws
 * {@link RollbackDetected} where an event of them is missing or another.
 */
export async function checkRecentLeaves(
  tree: MerkleTree,
  log: LeafSource,
  families: readonly Family[],
  recent: number,
): Promise<void> {
  if (tree.size === 0) return;
  const from = tree.markBefore(Math.max(0, tree.size - recent));
  let index = from?.size ?? 0;
  for await (const events of log.readAll({ families, after: from?.token ?? null })) {
    for (const { data } of events) {
      const leaf = tree.leaf(index);
      if (leaf === undefined) return;
      if (!same(leafHash(data), leaf)) throw new RollbackDetected('recent-leaves-differ', index);
      index += 1;
    }
  }
  if (index < tree.size) throw new RollbackDetected('log-shorter', index);
}
