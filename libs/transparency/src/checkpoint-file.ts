import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const TAIL = 16_384;

/**
 * The checkpoints of one folder: `checkpoints`, append-only, each note followed by an empty line; and `latest`. One folder
 * is ours; the witness's, outside `var`, has the same shape. One process writes a folder at a time.
 */
export class CheckpointFolder {
  readonly #folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
  }

  /** Durable when it returns. */
  append(note: string): void {
    const file = openSync(join(this.#folder, 'checkpoints'), 'a+', 0o600);
    try {
      const size = fstatSync(file).size;
      const { text, start } = tailOf(file, size);
      const whole = wholeLength(text);
      // What the last process could not finish was never shown to anybody.
      if (start + whole < size) ftruncateSync(file, start + whole);
      writeSync(file, `${note}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.#replaceLatest(note);
  }

  /** The newest notes as found, unverified: the end of `checkpoints`, and `latest`. Empty before the first. */
  newest(): readonly string[] {
    const found: string[] = [];
    try {
      const file = openSync(join(this.#folder, 'checkpoints'), 'r');
      const { text } = tailOf(file, fstatSync(file).size);
      closeSync(file);
      const last = splitNotes(text.subarray(0, wholeLength(text)).toString('utf8')).at(-1);
      if (last !== undefined) found.push(last);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    try {
      found.push(readFileSync(join(this.#folder, 'latest'), 'utf8'));
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return found;
  }

  /** All notes, oldest first: for the verifier. */
  all(): readonly string[] {
    try {
      const bytes = readFileSync(join(this.#folder, 'checkpoints'));
      return splitNotes(bytes.subarray(0, wholeLength(bytes)).toString('utf8'));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #replaceLatest(note: string): void {
    const next = join(this.#folder, 'latest.next');
    const file = openSync(next, 'w', 0o600);
    writeSync(file, note);
    fsyncSync(file);
    closeSync(file);
    renameSync(next, join(this.#folder, 'latest'));
  }
}

/** The notes of a `checkpoints` file. */
export function splitNotes(text: string): readonly string[] {
  const parts = text.split('\n\n');
  const notes: string[] = [];
  for (let at = 0; at + 1 < parts.length; at += 2) notes.push(`${parts[at] ?? ''}\n\n${parts[at + 1] ?? ''}\n`);
  return notes;
}

function tailOf(file: number, size: number): { readonly text: Buffer; readonly start: number } {
  const start = Math.max(0, size - TAIL);
  const bytes = Buffer.alloc(size - start);
  readSync(file, bytes, 0, bytes.length, start);
  if (start === 0) return { text: bytes, start };
  // Begin at a note: after the first signature that is followed by its empty line.
  const signature = bytes.indexOf('\n— ');
  const end = bytes.indexOf('\n\n', signature + 1) + 2;
  if (signature < 0 || end < 2) throw new Error('the file of checkpoints does not end in checkpoints');
  return { text: bytes.subarray(end), start: start + end };
}

/** Bytes up to the end of the last note that is complete, its empty line included. */
function wholeLength(text: Buffer): number {
  const signature = text.lastIndexOf('\n\n');
  if (signature < 0) return 0;
  const before = text.lastIndexOf('\n', signature - 1);
  const line = text.subarray(before + 1, signature).toString('utf8');
  if (line.startsWith('— ')) return signature + 2;
  return wholeLength(text.subarray(0, signature));
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
