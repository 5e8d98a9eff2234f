import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { keepFolder } from './durable.ts';
import { parseEntry, type LedgerEntry } from './ledger-entry.ts';

/**
 * What was erased, append-only, in a file of its own outside the keys, so that restoring older keys can't undo it (design §3.5).
 * Processes that share a file read and append in turns.
 */
export class LedgerFile {
  readonly #path: string;
  #file: number | undefined;

  /** Opens or makes the file; `:memory:` keeps nothing. */
  constructor(path: string) {
    this.#path = path;
    this.#file = path === ':memory:' ? undefined : openSync(path, 'a+', 0o600);
    if (this.#file !== undefined && fstatSync(this.#file).size === 0) keepFolder(dirname(path));
  }

  /** Everything in it; cuts off a line without its end, which was never acknowledged. Throws `LedgerDamaged`. */
  read(): readonly LedgerEntry[] {
    if (this.#file === undefined) return [];
    const text = readFileSync(this.#path);
    const whole = text.lastIndexOf(0x0a) + 1;
    if (whole < text.length) ftruncateSync(this.#file, whole);
    const lines = text.subarray(0, whole).toString('utf8').split('\n');
    return lines.filter((line) => line !== '').map(parseEntry);
  }

  /** Durable when it returns. */
  append(entry: LedgerEntry): void {
    if (this.#file === undefined) return;
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
    fsyncSync(this.#file);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
