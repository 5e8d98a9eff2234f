import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedDoubleEvent } from './store.ts';

/** Which events a filtered subscription lets through. */
export type Filter = (event: RecordedDoubleEvent) => boolean;

/** The filter of a request; everything where it has none. */
export function filterOf(options: ReadReq.Options): Filter {
  const filter = options.getFilter();
  if (filter === undefined) return () => true;
  const byStream = filter.getStreamIdentifier();
  const expression = byStream ?? filter.getEventType();
  if (expression === undefined) return () => true;
  const subject = (event: RecordedDoubleEvent) => (byStream === undefined ? event.type : event.stream);
  const pattern = expression.getRegex();
  if (pattern !== '') {
    const regex = new RegExp(pattern);
    return (event) => regex.test(subject(event));
  }
  const prefixes = expression.getPrefixList();
  return (event) => prefixes.some((prefix) => subject(event).startsWith(prefix));
}
