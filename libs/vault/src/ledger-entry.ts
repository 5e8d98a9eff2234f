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

/** The ledger holds what is none of ours, or less than it held: starting or going on without it could resurrect what was erased. */
export class LedgerDamaged extends Error {
  override readonly name = 'LedgerDamaged';
}

/** The entry in a line or row; throws {@link LedgerDamaged}. */
export function parseEntry(text: string): LedgerEntry {
  let value: unknown;
  try {
    value = JSON.parse(text);
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
