import type { ChildId, OrganisationId } from '#kernel';
import type { RecordErased, Sealed } from '#contracts';
import type { Article17Ground, ErasureExemption, IdentityCheck, Requester } from './grounds.ts';

/** STORAGE FORMATS of `erasureRequest-<id>`. Words are sealed under the audit key of the hub, so they outlive what is erased. */

/** Somebody asked, a court ordered, or a retention period ended. */
export interface ErasureReceived {
  readonly request: string;
  readonly child: ChildId;
  /** Whose record of the child; null for all. */
  readonly organisation: OrganisationId | null;
  readonly from: Requester;
  readonly identity: IdentityCheck;
  readonly words?: Sealed;
}
/** It is to be done. */
export interface ErasureGranted {
  readonly request: string;
  readonly ground: RecordErased['ground'];
  /** The letter of art. 17(1); null for the other grounds. */
  readonly article17: Article17Ground | null;
  /** Who decided: pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly words?: Sealed;
}
/** It is not to be done, and why the law says so. */
export interface ErasureRefused {
  readonly request: string;
  readonly exemption: ErasureExemption;
  readonly by: string;
  readonly words?: Sealed;
}
/** The keys are about to die: who must be told, and what to search for afterwards, under a key of the request's own that dies at its end. */
export interface ErasureStarted {
  readonly request: string;
  readonly recipients: readonly OrganisationId[];
  readonly canaries: Sealed | null;
}
/** What one attempt destroyed, by store. */
export interface ErasedInStore {
  readonly store: string;
  readonly removed: number;
}
/** An attempt that did not reach every store; it is tried again. */
export interface ErasureIncomplete {
  readonly request: string;
  readonly records: number;
  readonly keysDestroyed: number;
  readonly stores: readonly ErasedInStore[];
  /** Stores that failed; `scan` where something was still found. */
  readonly failing: readonly string[];
}
/** Done: what was destroyed over all attempts, who was told, and what the search of every file came to. */
export interface ErasureCarriedOut {
  readonly request: string;
  readonly records: number;
  readonly keysDestroyed: number;
  readonly stores: readonly ErasedInStore[];
  readonly told: readonly OrganisationId[];
  /** Null where nothing of the child could be gathered to search for. */
  readonly scan: { readonly files: number; readonly words: number; readonly hits: 0 } | null;
}

/** What happens to a request for erasure. */
export type ErasureRequestChange =
  | { readonly type: 'erasure-request.received.v1'; readonly data: ErasureReceived }
  | { readonly type: 'erasure-request.granted.v1'; readonly data: ErasureGranted }
  | { readonly type: 'erasure-request.refused.v1'; readonly data: ErasureRefused }
  | { readonly type: 'erasure-request.started.v1'; readonly data: ErasureStarted }
  | { readonly type: 'erasure-request.incomplete.v1'; readonly data: ErasureIncomplete }
  | { readonly type: 'erasure-request.carried-out.v1'; readonly data: ErasureCarriedOut };
