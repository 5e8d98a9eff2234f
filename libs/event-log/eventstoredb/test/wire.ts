import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';

/** One step of a recorded call. */
export interface WireStep {
  /** Base64, or how many bytes a message had that was too large to keep. */
  readonly request?: string;
  readonly requestEnd?: true;
  readonly responseHeaders?: Readonly<Record<string, string | number>>;
  readonly response?: string;
  readonly trailers?: Readonly<Record<string, string>>;
  readonly leftOut?: string;
  readonly cancelledByClient?: true;
}

/** One recorded call. */
export interface WireCall {
  readonly scenario: string;
  readonly path: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly events: readonly WireStep[];
}

const ANSWERS = {
  Append: streams.AppendResp,
  BatchAppend: streams.BatchAppendResp,
  Read: streams.ReadResp,
  Tombstone: streams.TombstoneResp,
  GetSupportedMethods: features.SupportedMethods,
};

/** A response as plain data, without what differs from server to server: positions, times and ids that the server makes. */
export function decoded(path: string, bytes: Uint8Array): unknown {
  const name = path.slice(path.lastIndexOf('/') + 1) as keyof typeof ANSWERS;
  return masked(ANSWERS[name].deserializeBinary(bytes).toObject());
}

/** True for a checkpoint that a subscription sends while it catches up: it names a place that no event need stand at. */
export function isCatchUpCheckpoint(answer: unknown): boolean {
  const { checkpoint } = answer as { checkpoint?: { preparePosition?: unknown } };
  return checkpoint?.preparePosition === '0';
}

function masked(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value[0] === 'created' && value.length === 2 ? ['created', 'a time'] : value.map(masked);
  }
  if (typeof value !== 'object' || value === null) return value;
  const isTombstone = JSON.stringify(value).includes('$streamDeleted') && 'streamRevision' in value;
  return Object.fromEntries(
    Object.entries(value).map(([name, of]) => {
      if (name === 'commitPosition' || name === 'preparePosition') return [name, of === '0' ? '0' : 'a position'];
      if (name === 'subscriptionId' || (name === 'id' && isTombstone)) return [name, 'an id'];
      return [name, masked(of)];
    }),
  );
}

const NOT_COMPARED = new Set(['date', 'grpc-accept-encoding', 'grpc-encoding', 'accept-encoding']);

/**
 * Headers as the recordings have them: what gRPC libraries add of themselves (also the words "OK" beside a status 0) is left out, words are
 * not percent-encoded.
 */
export function plainHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name, value]) => !NOT_COMPARED.has(name) && !(name === 'grpc-message' && value === 'OK'))
      .map(([name, value]) => [name, name === 'grpc-message' ? decodeURIComponent(String(value)) : String(value)]),
  );
}

/** A request of exactly so many bytes: one event that is too large. `answer`: what the recording says it was answered with. */
export function largeRequest(path: string, bytes: number, answer: Uint8Array | undefined): Uint8Array {
  const metadata = (map: { set(name: string, value: string): unknown }) => {
    map.set('type', 'probe.v1');
    map.set('content-type', 'application/octet-stream');
  };
  const id = new shared.UUID();
  id.setString('00000000-0000-4000-8000-000000000015');
  const of = (size: number): Uint8Array => {
    if (path.endsWith('/Append')) {
      const message = new streams.AppendReq.ProposedMessage();
      message.setId(id);
      metadata(message.getMetadataMap());
      message.setData(Buffer.alloc(size));
      return new streams.AppendReq().setProposedMessage(message).serializeBinary();
    }
    const told = streams.BatchAppendResp.deserializeBinary(answer ?? new Uint8Array());
    const message = new streams.BatchAppendReq.ProposedMessage();
    message.setId(id);
    metadata(message.getMetadataMap());
    message.setData(Buffer.alloc(size));
    const options = new streams.BatchAppendReq.Options();
    options.setStreamIdentifier(told.getStreamIdentifier());
    const request = new streams.BatchAppendReq().setOptions(options).setIsFinal(true);
    request.setCorrelationId(told.getCorrelationId());
    request.addProposedMessages(message);
    return request.serializeBinary();
  };
  const around = of(bytes).byteLength - bytes;
  return of(bytes - around);
}
