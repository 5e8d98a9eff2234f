import type { FactId, Instant, JsonObject, OrganisationId } from '#kernel';
import type {
  FactDefinition,
  FactKey,
  FactWithdrawn,
  Provenance,
  Reason,
  SharingBasis,
  Stated,
  SubjectIdentity,
} from '#contracts';

/** One verified item on its way to the log, whoever wrote it down. */
export interface Statement {
  readonly organisation: OrganisationId;
  /** `uuidv5(organisation, CloudEvents id)`; undefined where the format has no ids (the fact's name and time say it then). */
  readonly submissionId: FactId | undefined;
  readonly key: FactKey;
  readonly operation: 'state' | 'correct' | 'withdraw';
  /** The fact's own type; that of the corrected fact for a correction; null for a signed withdrawal, which names none. */
  readonly type: string | null;
  readonly definition: FactDefinition | undefined;
  readonly category: string;
  readonly subject: SubjectIdentity;
  readonly fact: JsonObject;
  readonly basis: Partial<SharingBasis> | undefined;
  /** When it happened; the statement's own time where the fact does not say. */
  readonly happenedAt: Instant;
  readonly stated: Pick<Stated, 'at' | 'rank'>;
  readonly withdrawalReason: FactWithdrawn['reason'];
  /** What makes it the same body or another: the exact payload, or the translated event without its place in a file. */
  readonly bodyBytes: Uint8Array;
  /** The compact JWS in ASCII. */
  readonly jws: () => Uint8Array;
  readonly provenance: Provenance;
  readonly row: number;
  /** Why it can't be published whatever the gate says. */
  readonly invalid: readonly Reason[];
  /** What is kept in quarantine, to go through the pipeline again. */
  readonly original: QuarantinedOriginal;
}

/** STORAGE FORMAT: the sealed text of a quarantined item (JSON). */
export type QuarantinedOriginal =
  | { readonly kind: 'signed'; readonly jws: string; readonly row: number }
  | {
      readonly kind: 'translated';
      readonly item: object;
      readonly translator: string;
      readonly fileHash: string;
    }
  /** Bytes a connector could not read, base64url: somebody looks, then discards; the organisation sends the row again. */
  | { readonly kind: 'raw'; readonly row: number; readonly raw: string };
