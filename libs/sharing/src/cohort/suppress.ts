/** How many children have one value of a closed list. */
export interface Count {
  readonly value: string;
  readonly children: number;
}

/** A table as it may be published; null where a number is not shown. */
export interface Suppressed {
  readonly cells: readonly { readonly value: string; readonly children: number | null }[];
  readonly total: number | null;
}

/**
 * Statistical disclosure control of a table of children (DfE SEND statistics: small numbers suppressed, the rest rounded to the nearest
 * five; ONS: secondary suppression). Policy release data.
 */
export const SMALL_NUMBERS = {
  /** Fewer children than this are never shown; none at all is fewer too. */
  threshold: 10,
  /** What is shown is rounded to the nearest multiple. */
  roundTo: 5,
} as const;

/**
 * The table without what would tell of few children: every count under the threshold, zero included, is left out, and with the first of
 * them the total, from which it could be worked out (the complementary suppression that leaves nothing to solve for). Throws a RangeError
 * for what is no count.
 */
export function suppressed(counts: readonly Count[], rule: typeof SMALL_NUMBERS = SMALL_NUMBERS): Suppressed {
  for (const { children } of counts)
    if (!Number.isSafeInteger(children) || children < 0) throw new RangeError('a count of children');
  const shown = (children: number): number | null =>
    children < rule.threshold ? null : Math.round(children / rule.roundTo) * rule.roundTo;
  const cells = counts.map(({ value, children }) => ({ value, children: shown(children) }));
  const hidden = cells.some(({ children }) => children === null);
  return { cells, total: hidden ? null : shown(counts.reduce((sum, { children }) => sum + children, 0)) };
}
