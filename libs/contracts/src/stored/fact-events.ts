import type { FactId, Instant, JsonObject, OrganisationId, RecordId } from '#kernel';
import type { ClearCategory } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Sealed } from './sealed.ts';
import type { StoredRecord } from './record.ts';

/** Where a fact's words come from. Only `organisation-signed` is claimed to be unforgeable by the operator (design §3.6). */
export interface Provenance {
  readonly kind: 'organisation-signed' | 'hub-translated' | 'family' | 'hub-derived';
  /** Key id and algorithm of the sealed compact JWS (RFC 7515 §7.1); for `hub-translated` the hub's own key. */
  readonly kid: string;
  readonly alg: string;
  /** Name and version of the translator, `nems-newborn-hearing/1`; only where the hub translated. */
  readonly translator?: string;
}

/**
 * Which of several statements of one fact holds: the later `at`; of two at the same time the higher `rank`
 * (0 new, 1 correction, 2 withdrawal); then the greater `by` as text. A total order, so views come out alike in every order of arrival.
 */
export interface Stated {
  /** The organisation's statement time. */
  readonly at: Instant;
  readonly rank: 0 | 1 | 2;
  /** Id of the submission that said it, `uuidv5(organisation, CloudEvents id)`. */
  readonly by: string;
}

/** STORAGE FORMAT: what a published fact shows in the clear, and its sealed words. Pseudonymous personal data. */
export interface FactBody {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  /** `restricted.fact.v1` for restricted and sealed categories. */
  readonly factType: string;
  readonly category: ClearCategory;
  /** Field class `index` only: codes of closed lists, dates, setting, organisation and asset ids. Empty where restricted. */
  readonly index: JsonObject;
  readonly happenedAt: Instant;
  readonly stated: Stated;
  readonly purposes: readonly Purpose[];
  readonly reliesOnConsent: boolean;
  readonly provenance: Provenance;
  /** The compact JWS, as ASCII bytes, whose payload is the exact CloudEvent. */
  readonly sealed: Sealed;
}

/** Why a fact was not published: a stable code, and the JSON pointer or column it is about. Never a value. */
export interface Reason {
  readonly code: string;
  readonly pointer?: string;
  readonly row?: number;
  readonly column?: string;
}

/** STORAGE FORMAT: a fact that may not be shared now; no payload is kept. */
export interface FactWithheld {
  readonly recordId: RecordId;
  readonly organisation: OrganisationId;
  readonly factType: string;
  readonly category: ClearCategory;
  readonly reasons: readonly Reason[];
}

/** STORAGE FORMAT: input that can't be used yet, sealed under a key of its own that ends at resolution or after 30 days. */
export interface FactQuarantined {
  readonly organisation: OrganisationId;
  readonly factType: string | null;
  readonly reasons: readonly Reason[];
  readonly sealed: Sealed;
  readonly expiresAt: Instant;
}

/** STORAGE FORMAT: the gate ran again on a withheld or quarantined fact, or an operator resolved it. */
export type FactRegated =
  | { readonly outcome: 'published'; readonly body: FactBody }
  | { readonly outcome: 'withheld'; readonly body: FactWithheld }
  | { readonly outcome: 'quarantined'; readonly body: FactQuarantined }
  | { readonly outcome: 'discarded'; readonly organisation: OrganisationId; readonly reasons: readonly Reason[] };

/** STORAGE FORMAT: withdrawn by its own organisation; may be the first event where the fact itself never arrived. */
export interface FactWithdrawn {
  readonly recordId: RecordId | null;
  readonly organisation: OrganisationId;
  readonly stated: Stated;
  readonly reason: 'entered-in-error' | 'no-longer-shared' | 'duplicate';
}

/** The events of a `fact-<factId>` stream. The first may be any of them: messages overtake each other. */
export type FactEvent =
  | StoredRecord<'fact.published.v1', FactBody>
  | StoredRecord<'fact.withheld.v1', FactWithheld>
  | StoredRecord<'fact.quarantined.v1', FactQuarantined>
  | StoredRecord<'fact.regated.v1', FactRegated>
  | StoredRecord<'fact.corrected.v1', FactBody>
  | StoredRecord<'fact.withdrawn.v1', FactWithdrawn>;

/** The stream of a fact. */
export function factStream(factId: FactId): string {
  return `fact-${factId}`;
}

/** True where `a` holds over `b` (see {@link Stated}). */
export function statedAfter(a: Stated, b: Stated): boolean {
  if (a.at !== b.at) return a.at > b.at;
  if (a.rank !== b.rank) return a.rank > b.rank;
  return a.by > b.by;
}
