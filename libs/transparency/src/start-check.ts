import { leafHash } from '#kernel';
import type { Family } from '#contracts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { CheckpointFolder } from './checkpoint-file.ts';
import type { LeafSource } from './log-source.ts';
import { same } from './merkle.ts';
import type { NoteVerifier } from './note.ts';
import type { LogTree } from './open-tree.ts';

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

/** What the check at start looks at. */
export interface StartCheck {
  readonly tree: LogTree;
  readonly log: LeafSource;
  readonly families: readonly Family[];
  /** Our own folder of checkpoints and the witness's. */
  readonly folders: readonly CheckpointFolder[];
  readonly known: readonly NoteVerifier[];
  /** How many of the last leaves are hashed again (default 1,024). */
  readonly recent?: number;
}

/**
 * Before anything is appended: hashes the last leaves again from the log, brings the tree up to the log's head, and compares
 * size and root with every newest checkpoint. Throws {@link RollbackDetected}. What was appended after the last checkpoint
 * (a second at most) may be lost without being noticed: that window is documented.
 */
export async function checkAtStart(check: StartCheck): Promise<void> {
  await checkRecent(check);
  await check.tree.catchUp();
  const { tree } = check.tree;
  for (const { size, root } of newestCheckpoints(check.folders, check.known)) {
    if (size > BigInt(tree.size)) throw new RollbackDetected('log-shorter', tree.size);
    if (!same(tree.root(Number(size)), root)) throw new RollbackDetected('log-differs', 0);
  }
}

/** The newest checkpoint of each file of each folder, verified. Throws {@link RollbackDetected} for one that does not verify. */
export function newestCheckpoints(
  folders: readonly CheckpointFolder[],
  known: readonly NoteVerifier[],
): readonly Checkpoint[] {
  return folders
    .flatMap((folder) => folder.newest())
    .map((note) => {
      const opened = openCheckpoint(note, known);
      if (!opened.ok) throw new RollbackDetected('checkpoint-unreadable', 0);
      return opened.value;
    });
}

async function checkRecent({ tree: { tree }, log, families, recent }: StartCheck): Promise<void> {
  if (tree.size === 0) return;
  const from = tree.markBefore(Math.max(0, tree.size - (recent ?? 1024)));
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
