import type { OrganisationId, PlainDate } from '#kernel';
import type { Category, Purpose, SharingDecided } from '#contracts';
import type { Protection } from '../model.ts';

/** Facts of one source and category on their way to one recipient for one purpose. */
export interface Sharing {
  readonly source: OrganisationId;
  readonly recipient: OrganisationId;
  readonly category: Category;
  readonly purpose: Purpose;
}

/** The decision of that outcome which covers this sharing on that day; undefined where there is none. One in any linked stream counts. */
export function sharingDecision(
  outcome: SharingDecided['outcome'],
  sharing: Sharing,
  day: PlainDate,
  protections: readonly Protection[],
): SharingDecided | undefined {
  for (const { sharingDecisions } of protections) {
    for (const decided of sharingDecisions.values()) {
      if (decided.outcome === outcome && covers(decided, sharing) && inForce(decided, day)) return decided;
    }
  }
  return undefined;
}

function covers(decided: SharingDecided, { source, recipient, category, purpose }: Sharing): boolean {
  return (
    decided.source === source &&
    (decided.recipient === null || decided.recipient === recipient) &&
    decided.categories.includes(category) &&
    decided.purposes.includes(purpose)
  );
}

function inForce({ from, until }: SharingDecided, day: PlainDate): boolean {
  return from <= day && (until === null || until >= day);
}
