/**
 * What a recipient's agreement asks of the hub at each disclosure under it: leave free text out, tell the family, tell the organisation
 * whose facts were seen, alert the area's data-protection officer. Carried out by the hub itself and recorded with the look.
 */
export const OBLIGATIONS = ['redact-free-text', 'tell-family', 'tell-source', 'alert-dpo'] as const;

/** One obligation. */
export type Obligation = (typeof OBLIGATIONS)[number];

/** True for an exactly spelled obligation. */
export function isObligation(text: unknown): text is Obligation {
  return OBLIGATIONS.includes(text as Obligation);
}
