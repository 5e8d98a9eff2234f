import type { LedgerEntry } from './ledger-entry.ts';

/** What a vault knows to be erased. */
export class Erased {
  readonly owners = new Set<string>();
  readonly keys = new Set<string>();
  readonly suppressed = new Set<string>();
  readonly #onKey: (id: string) => void;

  /** `onKey` hears of each destroyed key at once: whoever holds it drops it. */
  constructor(onKey: (id: string) => void) {
    this.#onKey = onKey;
  }

  /** True where the entry says nothing that is not known. */
  has(entry: LedgerEntry): boolean {
    if (entry.kind === 'suppressed') return this.suppressed.has(entry.hash);
    return (entry.owner === null || this.owners.has(entry.owner)) && entry.keys.every((key) => this.keys.has(key));
  }

  add(entry: LedgerEntry): void {
    if (entry.kind === 'suppressed') {
      this.suppressed.add(entry.hash);
      return;
    }
    if (entry.owner !== null) this.owners.add(entry.owner);
    for (const key of entry.keys) {
      this.keys.add(key);
      this.#onKey(key);
    }
  }
}
