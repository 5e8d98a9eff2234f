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
  /** A head that was shown to outsiders, as its signed note. */
  readonly shown?: string;
  readonly known: readonly NoteVerifier[];
  /** How many of the last leaves are hashed again (default 1,024). */
  readonly recent?: number;
}

/**
 * Before anything is appended: hashes the last leaves again from the log, brings the tree up to the log's head, and compares
 * size and root with every newest checkpoint. Throws {@link RollbackDetected}. What was appended after the last checkpoint
 * (a second at most) may be lost without being noticed: that window is documented. Answers with the newest of them all.
 */
export async function checkAtStart(check: StartCheck): Promise<Checkpoint | undefined> {
  const { tree } = check.tree;
  // Another process may be signing: what is signed before the log is read, the log must hold.
  const signed = newestCheckpoints(check.folders, check.known, check.shown);
  await checkRecentLeaves(tree, check.log, check.families, check.recent ?? 1024);
  await check.tree.catchUp();
  for (const { size, root } of signed) {
    if (size > BigInt(tree.size)) throw new RollbackDetected('log-shorter', tree.size);
    if (!same(tree.root(Number(size)), root)) throw new RollbackDetected('log-differs', 0);
  }
  return signed.toSorted((a, b) => Number(b.size - a.size))[0];
}

/**
 * The newest checkpoint of each file of each folder, and `more` notes, verified. Throws {@link RollbackDetected} for one that does not verify.
 */
export function newestCheckpoints(
  folders: readonly CheckpointFolder[],
  known: readonly NoteVerifier[],
  ...more: readonly (string | undefined)[]
): readonly Checkpoint[] {
  const notes = [...folders.flatMap((folder) => folder.newest()), ...more.filter((note) => note !== undefined)];
  return notes.map((note) => {
    const opened = openCheckpoint(note, known);
    if (!opened.ok) throw new RollbackDetected('checkpoint-unreadable', 0);
    return opened.value;
  });
}
