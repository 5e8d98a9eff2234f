import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { FAMILIES } from '#contracts';
import { openSqliteLogReader } from '#event-log/sqlite';
import { openMerkleTree, parseVkey, splitNotes, verifyLog, type LogVerdict } from '#transparency';

/** Where the log lies, which key signed its heads, and checkpoints that somebody outside kept. */
export interface VerifyOptions {
  readonly varDir: string;
  readonly vkey: string;
  readonly witness?: string;
}

/** Reads the whole log beside a running hub and holds it against every signed checkpoint; names the first difference. */
export async function verifyFolder({ varDir, vkey, witness }: VerifyOptions): Promise<LogVerdict> {
  const folders = [join(varDir, 'checkpoints'), ...(witness === undefined ? [] : [witness])];
  const checkpoints = folders.flatMap((folder) => notesIn(join(folder, 'checkpoints')));
  if (checkpoints.length === 0) throw new Error('no signed checkpoint is there to verify against');
  const log = await openSqliteLogReader({ path: join(varDir, 'log.db') });
  const treeFile = join(varDir, 'tree.db');
  const tree = existsSync(treeFile) ? openMerkleTree(treeFile) : undefined;
  try {
    const stored = tree;
    return await verifyLog(log.readAll({ families: FAMILIES, batch: 1000 }), {
      checkpoints: [...new Set(checkpoints)],
      known: [parseVkey(vkey)],
      ...(stored === undefined
        ? {}
        : { leaf: (index: number) => (index < stored.size ? stored.leaf(index) : undefined) }),
    });
  } finally {
    tree?.close();
    await log.close();
  }
}

/** A verdict in words an operator can act on. */
export function verdictLine(verdict: LogVerdict): string {
  if (verdict.ok) {
    return `the log holds: ${String(verdict.size)} events, root ${Buffer.from(verdict.root).toString('base64')}, signed up to ${String(verdict.signed)}`;
  }
  const { fault, index, at, before } = verdict.difference;
  const place = at === null ? '' : `, at ${at.stream} revision ${String(at.revision)} (position ${at.token})`;
  const range = before === undefined ? '' : ` (between leaf ${String(index)} and ${String(before)})`;
  return `the log does NOT hold: ${fault} at leaf ${String(index)}${range}${place}`;
}

/** Copies the log, the tree and the checkpoints consistently, beside a running hub. Never the keys: they are backed up apart, and briefly. */
export async function backupFolder(varDir: string, to: string): Promise<readonly string[]> {
  mkdirSync(to, { recursive: true, mode: 0o700 });
  const copied: string[] = [];
  for (const name of ['log.db', 'tree.db']) {
    const from = join(varDir, name);
    if (!existsSync(from)) continue;
    const database = new DatabaseSync(from, { readOnly: true });
    await backup(database, join(to, name));
    database.close();
    copied.push(name);
  }
  const checkpoints = join(varDir, 'checkpoints');
  if (existsSync(checkpoints)) {
    mkdirSync(join(to, 'checkpoints'), { recursive: true, mode: 0o700 });
    for (const name of readdirSync(checkpoints)) copyFileSync(join(checkpoints, name), join(to, 'checkpoints', name));
    copied.push('checkpoints');
  }
  return copied;
}

function notesIn(file: string): readonly string[] {
  return existsSync(file) ? splitNotes(readFileSync(file, 'utf8')) : [];
}
