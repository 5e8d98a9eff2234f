import type { Instant, OrganisationId } from '#kernel';
import type { Reason } from './stored/fact-events.ts';
import type { SubmittedCloudEvent } from './facts/definition.ts';

/** What a connector knows about a file besides its bytes. */
export interface TranslationContext {
  readonly organisation: OrganisationId;
  readonly receivedAt: Instant;
  /** When the organisation made the file, for formats that do not say so themselves. */
  readonly statedAt: Instant;
  /** Setting the file is about (URN, ODS code or our id), for formats that do not say so themselves. */
  readonly setting?: string;
}

/**
 * Which fact an item states. `source-id`: the organisation's own id of the thing, never an id of a person. `per-record`: the format has
 * no id of its own, so the fact is named by the child's random record id and these words (no hash of a person stands in a stream name).
 */
export type FactKey =
  { readonly kind: 'source-id'; readonly id: string } | { readonly kind: 'per-record'; readonly name: string };

/** One item of a file: a statement to publish, or why it can't be used, with the bytes to keep in quarantine. */
export type TranslatedItem =
  | {
      readonly ok: true;
      /** 1 for the first data row or message. */
      readonly row: number;
      readonly operation: 'state' | 'withdraw';
      readonly key: FactKey;
      /** As if the organisation had sent it; `type` is the fact's own type, `time` the statement's. */
      readonly event: SubmittedCloudEvent;
    }
  | { readonly ok: false; readonly row: number; readonly reasons: readonly Reason[]; readonly raw: Uint8Array };

/** The whole file can't be read (not CSV, DOCTYPE, too deep); answered as problem+json, nothing of it is stored. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';
  readonly reason: Reason;
  constructor(reason: Reason) {
    super(reason.code);
    this.reason = reason;
  }
}

/** A format of a sector: one folder under `apps/<sector>/src/connectors/`. Streams: constant memory whatever the size. */
export interface Connector {
  /** `class-list-csv/1`; the translator's name and version in a fact's provenance. */
  readonly format: string;
  readonly mediaTypes: readonly string[];
  readonly maxBytes: number;
  translate(input: AsyncIterable<Uint8Array>, context: TranslationContext): AsyncIterable<TranslatedItem>;
}
