import type { ChildId, DecisionId, FactId, Instant, OrganisationId } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Obligation } from '../vocabulary/obligations.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Role } from '../vocabulary/roles.ts';
import type { RelationshipKind } from './protection-events.ts';
import type { StoredRecord } from './record.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** `look-<decisionId>`: one decided disclosure or refusal. Everything about reader and child is sealed under the audit key. */
export interface LookRecorded {
  readonly decision: DecisionId;
  readonly sealed: Sealed;
}
/** `look-<decisionId>`: the tails moved between decision and answer; nothing was disclosed under this decision. */
export interface LookAborted {
  readonly decision: DecisionId;
}

/** What is sealed in a look (BALP plus purpose): no payload, ever. */
export interface LookContent {
  readonly at: Instant;
  readonly reader: {
    readonly sub: string;
    readonly organisation: OrganisationId;
    readonly role: Role;
    readonly team?: string;
    readonly acr: string;
    /** When the person signed in (OIDC `auth_time`), seconds since 1970-01-01T00:00Z. */
    readonly authTime?: number;
    readonly client: string;
  };
  readonly purpose: Purpose;
  readonly detail?: string;
  readonly route: string;
  readonly child: ChildId | null;
  readonly effect: 'permit' | 'deny';
  /** Slices that were seen, with what allowed each; empty for a refusal, which has reasons. */
  readonly slices: readonly {
    readonly organisation: OrganisationId;
    readonly category: Category;
    readonly rule: string;
    readonly agreement?: string;
    readonly version?: number;
    /** The consent relied on. */
    readonly consent?: string;
    /** The decision to share without consent relied on. */
    readonly sharingDecision?: string;
    /** Only that something of the category exists was shown. */
    readonly mode?: 'existence';
  }[];
  /** What let the reader work with the child: the fact or claim that says so. Absent for refusals and for what needs none. */
  readonly relationship?: { readonly id: string; readonly kind: RelationshipKind | 'self-claimed' };
  /** The emergency access it was read under. */
  readonly breakGlass?: string;
  /** What the agreements relied on asked for, and the hub did or set going. */
  readonly obligations?: readonly Obligation[];
  /** Something that must be there was missing when it was decided. */
  readonly alarm?: true;
  readonly reasons: readonly string[];
  /** Facts whose words were disclosed. */
  readonly facts: readonly FactId[];
  /** Revisions of `registry` and of each protection stream the decision read; -1 for an empty stream. */
  readonly registryRevision: number;
  readonly protection: readonly { readonly child: ChildId; readonly revision: number }[];
  readonly policy: string;
  readonly requestId: string;
}

/** The events of a `look-<decisionId>` stream. */
export type LookEvent = StoredRecord<'look.recorded.v1', LookRecorded> | StoredRecord<'look.aborted.v1', LookAborted>;
