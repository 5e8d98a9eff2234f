import type { FactId, Instant, RecordId } from '#kernel';
import type { Meta } from '#identity';
import { FactStreams } from './fact-stream.ts';
import type { Publisher } from './model.ts';
import type { PublisherParts } from './parts.ts';
import { Pipeline } from './publisher.ts';
import { eraseQuarantined, expireQuarantine, resolveQuarantine, type Resolution, type Resolved } from './quarantine.ts';

/** Publishing, and what operators do with what could not be published. */
export interface Publishing extends Publisher {
  resolveQuarantine(item: FactId, resolution: Resolution): Promise<Resolved>;
  expireQuarantine(at: Instant, meta: Meta): Promise<number>;
  eraseQuarantined(record: RecordId, meta: Meta): Promise<number>;
}

/** Puts a publisher together: verify → validate → match → gate → seal → append (design §1). */
export function openPublisher(parts: PublisherParts): Publishing {
  const publisher = new Pipeline(parts);
  const streams = new FactStreams(parts.log, parts.vault, parts.clock);
  const quarantine = { vault: parts.vault, identity: parts.identity, streams, publisher };
  return {
    submit: (organisation, submission, correlationId) => publisher.submit(organisation, submission, correlationId),
    resolveQuarantine: (item, resolution) => resolveQuarantine(quarantine, item, resolution),
    expireQuarantine: (at, meta) => expireQuarantine(quarantine, at, meta),
    eraseQuarantined: (record, meta) => eraseQuarantined(quarantine, record, meta),
  };
}
