import type { DoubleExpected, ProposedEvent } from './store.ts';

/** The parts of both calls' options that name what is expected. */
interface ExpectationOptions {
  hasNoStream(): boolean;
  hasAny(): boolean;
  hasStreamExists(): boolean;
}

/** What an append expects; `exact` is read where it is none of the others. */
export function expectationOf(options: ExpectationOptions, exact: string): DoubleExpected {
  if (options.hasNoStream()) return 'none';
  if (options.hasAny()) return 'any';
  if (options.hasStreamExists()) return 'exists';
  return Number(exact);
}

/** A proposed message of either call. */
interface ProposedMessage {
  getId(): { getString(): string; hasStructured(): boolean } | undefined;
  getMetadataMap(): { get(name: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** The one message of a call that is larger is refused before it is looked at. */
export const MOST_MESSAGE = 16 * 2 ** 20;

/** The event that is asked to be stored; undefined for a bad request. */
export function proposedOf(message: ProposedMessage): ProposedEvent | undefined {
  const id = message.getId()?.getString() ?? '';
  const type = message.getMetadataMap().get('type') ?? '';
  const contentType = message.getMetadataMap().get('content-type');
  if (!UUID.test(id) || type === '' || contentType === undefined) return undefined;
  return {
    id: id.toLowerCase(),
    type,
    json: contentType === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** What counts for the append limit. */
export function sizeOf({ type, data, metadata }: ProposedEvent): number {
  return data.byteLength + metadata.byteLength + 2 * type.length;
}

/** A stream's name out of a message. */
export function nameOf(identifier: { getStreamName_asU8(): Uint8Array } | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}
