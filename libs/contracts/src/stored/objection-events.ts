import type { OrganisationId, PlainDate } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Purpose } from '../vocabulary/purposes.ts';
import type { Sealed } from './sealed.ts';

/** STORAGE FORMATS of the hub's own streams. Names are past tense and never change; see `record.ts`. */

/** `protection-<childId>`: the family objects to what an organisation shares (UK GDPR art. 21(1)). It restricts nothing until it is decided. */
export interface ObjectionMade {
  readonly objection: string;
  /** Whose sharing is objected to. */
  readonly organisation: OrganisationId;
  readonly categories: readonly Category[];
  readonly purposes: readonly Purpose[];
  /** Who objects: pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly on: PlainDate;
  /** Their words, under the family's record of the child. */
  readonly words?: Sealed;
}
/** What may stand against an objection (UK GDPR art. 21(1)). */
export const OVERRIDING_GROUNDS = ['compelling-legitimate-grounds', 'legal-claims'] as const;
/** `protection-<childId>`: the organisation answered an objection; upheld, a decision not to share goes with it. */
export interface ObjectionDecided {
  readonly objection: string;
  readonly outcome: 'upheld' | 'overridden';
  /** The decision not to share that carries it out; only where upheld. */
  readonly decision?: string;
  /** Only where overridden. */
  readonly ground?: (typeof OVERRIDING_GROUNDS)[number];
  /** Who decided: pseudonymous subject of the sign-in. */
  readonly by: string;
  readonly on: PlainDate;
  /** Their words, under the organisation's record of the child. */
  readonly words?: Sealed;
}
