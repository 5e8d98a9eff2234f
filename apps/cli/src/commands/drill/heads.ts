import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAMILIES } from '#contracts';
import { openSqliteLogReader } from '#event-log/sqlite';
import { openCheckpoint, openMerkleTree, parseVkey, splitNotes, verifyLog, type LogVerdict } from '#transparency';

/** What the restored log was held against. */
export interface HeldAgainst {
  readonly verdict: LogVerdict;
  /** Events in the restored log. */
  readonly size: number;
  /** The largest size that was signed, by any head there is: beyond `size` where the backup is older. */
  readonly signed: number;
  /** Signed heads that the restored log reaches, and so was held against. */
  readonly heads: number;
}

/**
 * Holds a restored folder against every signed head it reaches, its own and those that somebody outside kept; heads beyond its end say how much
 * a backup that is older lacks. A head whose signature is not good fails it.
 */
export async function holdAgainstHeads(folder: string, vkey: string, witness?: string): Promise<HeldAgainst> {
  const known = [parseVkey(vkey)];
  const folders = [join(folder, 'checkpoints'), ...(witness === undefined ? [] : [witness])];
  const notes = [...new Set(folders.flatMap((each) => notesIn(join(each, 'checkpoints'))))];
  const log = await openSqliteLogReader({ path: join(folder, 'log.db') });
  const treeFile = join(folder, 'tree.db');
  const tree = existsSync(treeFile) ? openMerkleTree(treeFile) : undefined;
  try {
    const read = () => log.readAll({ families: FAMILIES, batch: 1000 });
    let size = 0;
    for await (const batch of read()) size += batch.length;
    const sizes = notes.map((note) => {
      const opened = openCheckpoint(note, known);
      return opened.ok ? Number(opened.value.size) : undefined;
    });
    const reached = notes.filter((_, at) => (sizes[at] ?? 0) <= size);
    const verdict = await verifyLog(read(), {
      checkpoints: reached,
      known,
      ...(tree === undefined ? {} : { leaf: (index: number) => (index < tree.size ? tree.leaf(index) : undefined) }),
    });
    return { verdict, size, signed: Math.max(0, ...sizes.map((each) => each ?? 0)), heads: reached.length };
  } finally {
    tree?.close();
    await log.close();
  }
}

function notesIn(file: string): readonly string[] {
  return existsSync(file) ? splitNotes(readFileSync(file, 'utf8')) : [];
}
