import type { Family } from '#contracts';
import { openCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { CheckpointFolder } from './checkpoint-file.ts';
import type { LeafSource } from './log-source.ts';
import { same } from './merkle.ts';
import type { NoteVerifier } from './note.ts';
import type { LogTree } from './open-tree.ts';
import { checkRecentLeaves, RollbackDetected } from './recent-leaves.ts';

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
  const { tree } = check.tree;
  await checkRecentLeaves(tree, check.log, check.families, check.recent ?? 1024);
  await check.tree.catchUp();
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
