import { dayOf, type Instant } from '#kernel';
import {
  CONFIDENTIALITY_BASES,
  isPurpose,
  LAWFUL_BASES,
  reliesOnConsent,
  sensitivityOf,
  SPECIAL_CONDITIONS,
  type FactDefinition,
  type Reason,
  type SharingBasis,
} from '#contracts';
import type { Protection } from '../model.ts';
import { consentState, type ConsentState } from '../protection/consent.ts';
import { basesOfCategory } from './category-bases.ts';

/** What the gate judges: one fact on its way in, before it is sealed. */
export interface AtTheGate {
  /** Undefined for a type the catalogue doesn't know. */
  readonly definition: Pick<FactDefinition, 'category' | 'bases'> | undefined;
  /** The category as the organisation stated it. */
  readonly category: string;
  /** As submitted or from the publication profile; undefined where neither says it. Not trusted to be complete. */
  readonly basis: Partial<SharingBasis> | undefined;
  /** The protection of the child the record belongs to, and of those linked to it; empty for a child new to the hub. */
  readonly protections: readonly Protection[];
  readonly at: Instant;
}

/** Published, kept back without payload (it may become shareable), or set aside for somebody to put right. */
export type GateDecision =
  | { readonly effect: 'publish'; readonly basis: SharingBasis; readonly reliesOnConsent: boolean }
  | { readonly effect: 'withhold'; readonly reasons: readonly Reason[] }
  | { readonly effect: 'quarantine'; readonly reasons: readonly Reason[] };

/**
 * Whether a fact may be in the hub (design §4.4): its category is its type's, all three tests are stated and among those its
 * category (`category-bases.ts`) and its type may carry, its purposes are known, and consent, if it is relied on, is in force for at least one of them. Pure.
 * Codes: TYPE_UNKNOWN, CATEGORY_MISMATCH, BASIS_MISSING, BASIS_INCOMPLETE, BASIS_NOT_ALLOWED,
 * LAWFUL_BASIS_NOT_OF_CATEGORY, CONDITION_NOT_OF_CATEGORY, CONFIDENTIALITY_NOT_OF_CATEGORY, CONDITION_MISSING, PURPOSES_MISSING,
 * PURPOSE_UNKNOWN (quarantine); CONSENT_REFUSED, CONSENT_CONFLICTING, CONSENT_WITHDRAWN, CONSENT_EXPIRED, CONSENT_NOT_GIVEN (withhold).
 */
export function gate({ definition, category, basis, protections, at }: AtTheGate): GateDecision {
  if (definition === undefined) return quarantine([{ code: 'TYPE_UNKNOWN', pointer: '/type' }]);
  const reasons: Reason[] = [];
  if (category !== definition.category) reasons.push({ code: 'CATEGORY_MISMATCH', pointer: '/category' });
  if (basis === undefined) return quarantine([...reasons, { code: 'BASIS_MISSING', pointer: '/basis' }]);
  const { lawful, condition, confidentiality, purposes } = basis;
  reasons.push(
    ...tested('lawful', lawful, LAWFUL_BASES, definition, 'LAWFUL_BASIS_NOT_OF_CATEGORY'),
    ...tested('condition', condition, SPECIAL_CONDITIONS, definition, 'CONDITION_NOT_OF_CATEGORY'),
    ...tested('confidentiality', confidentiality, CONFIDENTIALITY_BASES, definition, 'CONFIDENTIALITY_NOT_OF_CATEGORY'),
    ...purposeReasons(purposes),
  );
  if (condition === 'none' && sensitivityOf(definition.category) !== 'standard') {
    reasons.push({ code: 'CONDITION_MISSING', pointer: '/basis/condition' });
  }
  if (
    reasons.length > 0 ||
    lawful === undefined ||
    condition === undefined ||
    confidentiality === undefined ||
    purposes === undefined
  ) {
    return quarantine(reasons);
  }
  const complete: SharingBasis = { ...basis, lawful, condition, confidentiality, purposes };
  if (!reliesOnConsent(complete)) return { effect: 'publish', basis: complete, reliesOnConsent: false };
  const day = dayOf(at);
  const states = purposes.map((purpose) => consentState(definition.category, purpose, day, protections).state);
  if (states.includes('given')) return { effect: 'publish', basis: complete, reliesOnConsent: true };
  const worst = WORST_FIRST.find(([state]) => states.includes(state));
  return { effect: 'withhold', reasons: [{ code: worst?.[1] ?? 'CONSENT_NOT_GIVEN', pointer: '/basis' }] };
}

/** What a person is told where several purposes lack consent for different causes: what somebody decided before what never was. */
const WORST_FIRST: readonly (readonly [ConsentState['state'], string])[] = [
  ['refused', 'CONSENT_REFUSED'],
  ['conflicting', 'CONSENT_CONFLICTING'],
  ['withdrawn', 'CONSENT_WITHDRAWN'],
  ['expired', 'CONSENT_EXPIRED'],
];

function quarantine(reasons: readonly Reason[]): GateDecision {
  return { effect: 'quarantine', reasons };
}

function tested(
  name: 'lawful' | 'condition' | 'confidentiality',
  value: string | undefined,
  vocabulary: readonly string[],
  { bases, category }: NonNullable<AtTheGate['definition']>,
  notOfCategory: string,
): readonly Reason[] {
  const pointer = `/basis/${name}`;
  if (value === undefined || !vocabulary.includes(value)) return [{ code: 'BASIS_INCOMPLETE', pointer }];
  // The law of the category first: what no fact of it may rest on needs another basis, not another type.
  const ofCategory: readonly string[] = basesOfCategory(category)[name];
  // That a condition is missing is said once, by the gate itself.
  const missing = value === 'none' && sensitivityOf(category) !== 'standard';
  if (!missing && !ofCategory.includes(value)) return [{ code: notOfCategory, pointer }];
  const ofType: readonly string[] = bases[name];
  return ofType.includes(value) ? [] : [{ code: 'BASIS_NOT_ALLOWED', pointer }];
}

function purposeReasons(purposes: unknown): readonly Reason[] {
  const pointer = '/basis/purposes';
  if (!Array.isArray(purposes) || purposes.length === 0) return [{ code: 'PURPOSES_MISSING', pointer }];
  return purposes.flatMap((purpose, index) =>
    isPurpose(purpose) ? [] : [{ code: 'PURPOSE_UNKNOWN', pointer: `${pointer}/${index}` }],
  );
}
