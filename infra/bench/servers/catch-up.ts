import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What to catch up with: a SQLite file, or a server's URL. */
export interface CatchUpOptions {
  readonly backend: 'sqlite' | 'server';
  readonly at: string;
  /** How many there are to read. */
  readonly events: number;
  /** After each batch of 500, in milliseconds; as long as a batch takes without waiting unless given. */
  readonly pause?: number;
}

/** Memory after collection, in MiB. */
export interface MemorySample {
  /** Of the catch-up that is done. */
  readonly share: number;
  /** Objects and the bytes outside them. */
  readonly held: number;
  readonly rss: number;
}

/** What a catch-up came to. */
export interface CatchUp {
  /** Events a second of a reader that never waits, over the first tenth. */
  readonly eager: number;
  /** Events a second of the slow one. */
  readonly slow: number;
  readonly samples: readonly MemorySample[];
}

/** Catches up in a process of its own. Rejects where it did not read everything. */
export async function caughtUp(options: CatchUpOptions): Promise<CatchUp> {
  const file = join(import.meta.dirname, 'slow-reader.ts');
  const args = ['--conditions=source', '--expose-gc', file, JSON.stringify(options)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as CatchUp;
}
