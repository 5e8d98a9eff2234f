import type { ChildId, Instant, OrganisationId } from '#kernel';
import type { AgreementInForce, Category, ConsentGiven, ConsentRefused, OrganisationRegistered, Purpose, RelationshipStarted, Role } from '#contracts';

/** Who reads, as the sign-in says; never from a header, except the purpose. */
export interface Reader {
  /** Pseudonymous subject of the sign-in. */
  readonly sub: string;
  readonly organisation: OrganisationId;
  readonly role: Role;
  readonly team?: string;
  /** Level of authentication (RFC 9470). */
  readonly acr: string;
  readonly client: string;
}

/** Fold of `registry`, indexed for decisions. Built by `registry.ts`; immutable. */
export interface Registry {
  /** Revision of the last event folded; -1 for none. */
  readonly revision: number;
  readonly organisations: ReadonlyMap<OrganisationId, OrganisationRegistered & { readonly revokedKeys: ReadonlySet<string> }>;
  /** The latest version of each agreement not ended. */
  readonly agreements: ReadonlyMap<string, AgreementInForce>;
  /** Agreements by recipient and purpose, `recipient purpose` → agreements. */
  readonly byRecipient: ReadonlyMap<string, readonly AgreementInForce[]>;
}

/** Fold of one `protection-<childId>`. Immutable. */
export interface Protection {
  readonly child: ChildId;
  readonly revision: number;
  readonly consents: ReadonlyMap<string, ConsentGiven>;
  readonly refusals: ReadonlyMap<string, ConsentRefused>;
  readonly starts: ReadonlyMap<string, RelationshipStarted>;
  readonly ends: ReadonlyMap<string, { readonly organisation: OrganisationId; readonly kind: string; readonly name: string; readonly until: string }>;
}

/** The unit of decision: facts of one source and category, those that rest on consent apart. */
export interface Slice {
  readonly organisation: OrganisationId;
  readonly category: Category;
  readonly reliesOnConsent: boolean;
}

/** What is asked. Several protections where children are linked: the union, the most restrictive wins. */
export interface Question {
  readonly reader: Reader;
  readonly purpose: Purpose;
  readonly at: Instant;
  readonly registry: Registry;
  /** Undefined or empty where a stream could not be read or the child is unknown: that is a refusal. */
  readonly protections: readonly Protection[];
}

/** The rules of the policy release, by the id the published Cedar text bears too. */
export type RuleId = 'agreement' | 'own-organisation';
/** Why a slice, or everything, is refused; stable ids. */
export type RefusalId =
  | 'organisation-unknown'
  | 'role-lacks-purpose'
  | 'child-unknown'
  | 'no-relationship'
  | 'sealed'
  | 'restricted'
  | 'no-agreement'
  | 'no-consent'
  | 'consent-refused';

/** The answer for one slice, with what allowed or refused it. */
export type SliceDecision =
  | {
      readonly effect: 'permit';
      readonly slice: Slice;
      readonly rule: RuleId;
      readonly agreement?: { readonly id: string; readonly version: number };
    }
  | { readonly effect: 'deny'; readonly slice: Slice; readonly refusals: readonly RefusalId[] };

/** Id of the rules in force: part of every decision and look; changed by release. */
export const POLICY_RELEASE = '2026.1';
