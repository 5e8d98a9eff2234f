import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Instant } from '#kernel';

/** STORAGE FORMAT: one line of the erasure ledger. Keyed hashes and random ids only; nothing here names anybody. */
export type LedgerEntry =
  /** Keys that are gone for good; with `owner` (a keyed hash) nothing more may be sealed for that owner. */
  | {
      readonly kind: 'destroyed';
      readonly at: Instant;
      readonly owner: string | null;
      readonly keys: readonly string[];
    }
  /** A source record whose late facts must not bring it back. */
  | { readonly kind: 'suppressed'; readonly at: Instant; readonly hash: string; readonly erasureId: string };

/** The ledger holds a line that is none of ours; starting without it could resurrect what was erased. */
export class LedgerDamaged extends Error {
  override readonly name = 'LedgerDamaged';
}

/** What was erased, append-only, in a file of its own beside the keys so that restoring older keys can't undo it (design §3.5). */
export class Ledger {
  readonly erasedOwners = new Set<string>();
  readonly destroyedKeys = new Set<string>();
  readonly suppressed = new Set<string>();
  readonly #file: number | undefined;

  /** Reads and keeps the ledger at a path; `:memory:` keeps nothing. Throws {@link LedgerDamaged}. */
  constructor(path: string) {
    if (path === ':memory:') return;
    this.#file = openSync(path, 'a+', 0o600);
    const text = readFileSync(this.#file);
    if (text.length === 0) keepName(path);
    // A line without its end was never acknowledged: the process died while writing it.
    const whole = text.lastIndexOf(0x0a) + 1;
    if (whole < text.length) ftruncateSync(this.#file, whole);
    for (const line of text.subarray(0, whole).toString('utf8').split('\n')) {
      if (line !== '') this.#apply(parse(line));
    }
  }

  /** Durable when it returns. */
  append(entry: LedgerEntry): void {
    if (this.#file !== undefined) {
      writeSync(this.#file, `${JSON.stringify(entry)}\n`);
      fsyncSync(this.#file);
    }
    this.#apply(entry);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }

  #apply(entry: LedgerEntry): void {
    if (entry.kind === 'suppressed') {
      this.suppressed.add(entry.hash);
      return;
    }
    if (entry.owner !== null) this.erasedOwners.add(entry.owner);
    for (const key of entry.keys) this.destroyedKeys.add(key);
  }
}

/** A new file survives a power cut only once its folder was flushed; Windows has no such call. */
function keepName(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function parse(line: string): LedgerEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new LedgerDamaged('a line of the erasure ledger is no JSON');
  }
  if (!isEntry(value)) throw new LedgerDamaged('a line of the erasure ledger has another shape');
  return value;
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  if (value.kind === 'suppressed') return 'hash' in value && typeof value.hash === 'string';
  if (value.kind !== 'destroyed' || !('owner' in value) || !('keys' in value)) return false;
  if (value.owner !== null && typeof value.owner !== 'string') return false;
  return Array.isArray(value.keys) && value.keys.every((key) => typeof key === 'string');
}
