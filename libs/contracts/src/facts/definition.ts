import type { TObject } from '@sinclair/typebox';
import type { JsonObject } from '#kernel';
import type { Category } from '../vocabulary/categories.ts';
import type { Sector } from '../vocabulary/roles.ts';
import type { CONFIDENTIALITY_BASES, LAWFUL_BASES, SPECIAL_CONDITIONS } from '../vocabulary/basis.ts';

/**
 * How a field of a fact is kept (design §3.4): `identifier` sealed, with a keyed hash in the deletable identity table;
 * `content` sealed; `index` in the clear, so only codes of closed lists, dates, setting, organisation and asset ids.
 */
export type FieldClass = 'identifier' | 'content' | 'index';

/** One submitted fact: everything the hub must know about a type, in one file under `facts/<sector>/`. */
export interface FactDefinition {
  /** `<sector>.<what-happened>.v<n>` */
  readonly type: string;
  readonly sector: Sector | 'any';
  readonly category: Category;
  /** One sentence for the catalogue. */
  readonly says: string;
  /** JSON Schema (TypeBox) of the CloudEvent's `data`; additional members are refused; every leaf has a `fieldClass`. */
  readonly data: TObject;
  /** A realistic, valid example of `data`. */
  readonly example: JsonObject;
  /** Member of `data` that says when it happened (date or date-time), a top-level name; absent where nothing but the statement has a time. */
  readonly happened?: string;
  /** Members of `data` that may be shown where only the existence of such a fact may be known; none where absent. */
  readonly existence?: readonly string[];
  /** Bases this type may carry; anything else is quarantined. */
  readonly bases: {
    readonly lawful: readonly (typeof LAWFUL_BASES)[number][];
    readonly condition: readonly (typeof SPECIAL_CONDITIONS)[number][];
    readonly confidentiality: readonly (typeof CONFIDENTIALITY_BASES)[number][];
  };
  /** The relationship this fact starts or ends, where it does (design §4.5); absent for most. */
  readonly relationship?: {
    readonly effect: 'starts' | 'ends';
    /** Reads kind, name, day and limits out of `data`. */
    readonly of: (data: JsonObject) => {
      readonly kind: import('../stored/protection-events.ts').RelationshipKind;
      readonly name: string;
      readonly day: string;
      readonly team?: string;
      readonly person?: string;
    };
  };
  /** The authority to decide for the child that this fact records, where it does; absent for most. */
  readonly authority?: {
    /** Reads it out of `data`. */
    readonly of: (data: JsonObject) => {
      readonly kind: import('../stored/authority-events.ts').AuthorityKind;
      readonly evidence: import('../stored/authority-events.ts').AuthorityEvidence;
      readonly day: string;
      readonly lastDay?: string;
      readonly person?: string;
    };
  };
}

/** Who the fact is about, as the organisation knows the child: in every submission, sealed with it. Identifiers only. */
export interface SubjectIdentity {
  /** The organisation's own id of the person. */
  readonly localId: string;
  readonly nhsNumber?: string;
  readonly upn?: string;
  readonly surname?: string;
  readonly givenName?: string;
  /** `YYYY-MM-DD` */
  readonly birthDate?: string;
  readonly postcode?: string;
}

/** CloudEvents 1.0 envelope as organisations sign it; `data` is `{subject, fact}`. */
export interface SubmittedCloudEvent {
  readonly specversion: '1.0';
  readonly id: string;
  /** `/organisations/<id>`; must be the signer's. */
  readonly source: string;
  readonly type: string;
  /** When it was stated (RFC 3339). */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly category: string;
  /** JSON text of a SharingBasis (CloudEvents extensions are scalars); absent where the publication profile says it. */
  readonly basis?: string;
  readonly correlationid?: string;
  readonly causationid?: string;
  readonly data: { readonly subject: SubjectIdentity; readonly fact: JsonObject };
}
