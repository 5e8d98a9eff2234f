/** What to do with a fetched batch, by what the receiver has stored. */
export type Place =
  /** It holds what comes next; everything before `from` was handled. */
  | { readonly kind: 'take'; readonly from: number }
  /** It is of somewhere else: Kafka was not asked for the right place yet, as after every assignment. */
  | { readonly kind: 'seek'; readonly to: number }
  /** What comes next is gone: kept too short, or read too late. The rest is handled. */
  | { readonly kind: 'gap'; readonly from: number }
  /** The log ends before what was handled: made anew, or cut. It is read from its start; ids tell what was handled. */
  | { readonly kind: 'began-anew'; readonly from: number };

/**
 * Where a batch stands. `next`: the offset that the receiver's store expects; `sought`: the one that was last asked for since the assignment.
 * The store is right, never the group: nothing is lost where somebody moves the group's offsets, nothing done twice where two members hold
 * one partition for a moment.
 */
export function placeOf(
  batch: { readonly first: number; readonly last: number },
  next: number | undefined,
  sought: number | undefined,
): Place {
  if (next === undefined) return { kind: 'take', from: batch.first };
  if (batch.first <= next && next <= batch.last + 1) return { kind: 'take', from: next };
  if (sought !== next) return { kind: 'seek', to: next };
  return { kind: batch.first > next ? 'gap' : 'began-anew', from: batch.first };
}
