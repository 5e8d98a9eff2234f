import { createReadStream, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setImmediate as yieldOnce } from 'node:timers/promises';

/** Where something that must be gone still stands: the file within its folder, and how it is written there. Never the word itself. */
export interface ScanHit {
  readonly file: string;
  readonly writing: string;
}

/** What a search of the files came to. */
export interface ScanResult {
  readonly files: number;
  readonly hits: readonly ScanHit[];
}

/** Shorter pieces occur by chance in gigabytes of random bytes written as base64. */
export const LEAST_CANARY = 8;

/** Small enough that nobody else waits long while one piece is searched. */
const PIECE = 256 * 1024;

interface Form {
  readonly writing: string;
  readonly bytes: Buffer;
}

/** The ways a word may stand in a file: UTF-8, UTF-16, hexadecimal, and base64 at each of its three offsets. */
export function formsOf(word: string): readonly Form[] {
  const spellings = [...new Set([word, word.toUpperCase(), word.toLowerCase()])];
  return spellings.flatMap((spelling) => {
    const bytes = Buffer.from(spelling, 'utf8');
    const utf16 = Buffer.from(spelling, 'utf16le');
    const hex = bytes.toString('hex');
    return [
      { writing: 'utf8', bytes },
      { writing: 'utf16le', bytes: utf16 },
      { writing: 'utf16be', bytes: Buffer.from(utf16).swap16() },
      { writing: 'hex', bytes: Buffer.from(hex) },
      { writing: 'hex', bytes: Buffer.from(hex.toUpperCase()) },
      ...(['base64', 'base64url'] as const).flatMap((writing) => base64Forms(bytes, writing)),
    ];
  });
}

/**
 * Searches every file under the folders, and the names of the files, for words. Words under {@link LEAST_CANARY} letters are refused with a
 * RangeError: they would be found where they are not.
 */
export async function scanFolders(folders: readonly string[], words: readonly string[]): Promise<ScanResult> {
  if (words.some((word) => word.length < LEAST_CANARY)) throw new RangeError('a word too short to search for');
  const forms = words.flatMap(formsOf);
  const longest = forms.reduce((most, { bytes }) => Math.max(most, bytes.length), 1);
  const hits: ScanHit[] = [];
  let files = 0;
  for (const [top, file] of await filesUnder(folders)) {
    files += 1;
    const name = relative(top, file);
    const found = new Set(writingsIn(Buffer.from(name), forms));
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of piecesOf(file)) {
      const bytes = Buffer.concat([rest, piece]);
      for (const writing of writingsIn(bytes, forms)) found.add(writing);
      // A word may stand across two pieces.
      rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - longest + 1)));
      await yieldOnce();
    }
    for (const writing of found) hits.push({ file: name, writing });
  }
  return { files, hits };
}

function writingsIn(bytes: Buffer, forms: readonly Form[]): readonly string[] {
  return forms.filter((form) => bytes.includes(form.bytes)).map(({ writing }) => writing);
}

/** What of a word's base64 does not depend on what stands around it. */
function base64Forms(bytes: Buffer, writing: 'base64' | 'base64url'): readonly Form[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString(writing);
    const piece = text.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
    return { writing, bytes: Buffer.from(piece) };
  });
}

async function filesUnder(folders: readonly string[]): Promise<readonly (readonly [top: string, file: string])[]> {
  const found: (readonly [string, string])[] = [];
  for (const top of folders) {
    if ((await stat(top)).isFile()) {
      found.push([join(top, '..'), top]);
      continue;
    }
    const entries: readonly Dirent[] = await readdir(top, { recursive: true, withFileTypes: true });
    for (const entry of entries) if (entry.isFile()) found.push([top, join(entry.parentPath, entry.name)]);
  }
  return found;
}

/** Nothing where the file went away since it was listed: a write-ahead log that was emptied has nothing to find. */
async function* piecesOf(file: string): AsyncGenerator<Buffer> {
  try {
    for await (const piece of createReadStream(file, { highWaterMark: PIECE })) yield piece as Buffer;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
