import type { PlainDate } from '#kernel';
import type { Category, ConsentGiven, Purpose } from '#contracts';
import type { Protection } from '../model.ts';

/** How consent stands for one category and purpose on a day. */
export type ConsentState =
  | { readonly state: 'given'; readonly consent: ConsentGiven }
  | { readonly state: 'refused' | 'withdrawn' | 'expired' | 'not-given' };

/**
 * How consent stands for one category and purpose. A refusal in any linked stream holds over every consent; otherwise one
 * consent in force on that day (its last day included) is enough.
 */
export function consentState(
  category: Category,
  purpose: Purpose,
  day: PlainDate,
  protections: readonly Protection[],
): ConsentState {
  let best: ConsentState = { state: 'not-given' };
  for (const { refusals } of protections) {
    for (const refusal of refusals.values()) if (covers(refusal, category, purpose)) return { state: 'refused' };
  }
  for (const { consents, withdrawn } of protections) {
    for (const consent of consents.values()) {
      if (!covers(consent, category, purpose)) continue;
      if (consent.until === null || consent.until >= day) return { state: 'given', consent };
      best = { state: 'expired' };
    }
    for (const directive of withdrawn.values()) if (covers(directive, category, purpose)) best = { state: 'withdrawn' };
  }
  return best;
}

function covers(
  directive: Pick<ConsentGiven, 'categories' | 'purposes'>,
  category: Category,
  purpose: Purpose,
): boolean {
  return directive.categories.includes(category) && directive.purposes.includes(purpose);
}
