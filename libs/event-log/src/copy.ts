import { FAMILIES } from '#contracts';
import { appendSurely } from './command-handling.ts';
import type { EventLog, LoggedEvent, LogToken } from './port.ts';

/** The log that is copied into holds something the other does not: it is not a copy of it, or not any more. */
export class NotACopy extends Error {
  override readonly name = 'NotACopy';
  /** Stream and revision of the first event that does not fit. */
  readonly stream: string;
  readonly revision: number;
  constructor(stream: string, revision: number) {
    super(`NOT_A_COPY (${stream} ${String(revision)})`);
    this.stream = stream;
    this.revision = revision;
  }
}

/** How far a copy is: events since it was begun or continued. */
export interface CopyProgress {
  readonly copied: number;
}

/**
 * Copies every event of ours, byte for byte and in the order of the log, so that the tree over the copy has the same root; one append after
 * another, because a server promises no order between two at once. Continued where an earlier run ended: what is there is not written again.
 * Ends at the head that `from` had when it was reached. Throws {@link NotACopy} where `to` ends with an event that `from` does not have.
 */
export async function copyLog(options: {
  readonly from: EventLog;
  readonly to: EventLog;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress) => void;
}): Promise<CopyProgress> {
  const { from, to, signal, onProgress } = options;
  let copied = 0;
  for await (const batch of from.readAll({ families: FAMILIES, after: await placeOf(from, to), batch: 500 })) {
    for (const run of runs(batch)) {
      signal?.throwIfAborted();
      const [first] = run;
      if (first === undefined) continue;
      await appendSurely(to, first.stream, first.revision - 1, run);
      copied += run.length;
    }
    onProgress?.({ copied });
  }
  return { copied };
}

/** Events of one stream that follow each other directly, which one append may hold. */
function* runs(events: readonly LoggedEvent[]): Generator<readonly LoggedEvent[]> {
  let run: LoggedEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const joins = run[0]?.stream === event.stream && run.length < 100 && bytes + event.data.byteLength < 500_000;
    if (!joins && run.length > 0) {
      yield run;
      run = [];
      bytes = 0;
    }
    run.push(event);
    bytes += event.data.byteLength;
  }
  if (run.length > 0) yield run;
}

/** The token in `from` of the last event that `to` has; null where it has none. */
async function placeOf(from: EventLog, to: EventLog): Promise<LogToken | null> {
  let last: LoggedEvent | undefined;
  // A server has no cheap way to its last event of ours, so its log is read once; a copy is seldom begun again.
  for await (const batch of to.readAll({ families: FAMILIES, batch: 1000 })) last = batch.at(-1) ?? last;
  if (last === undefined) return null;
  const [same] = await from.readStream(last.stream, { from: last.revision, limit: 1 });
  if (same === undefined || !isSame(same, last)) throw new NotACopy(last.stream, last.revision);
  return same.token;
}

/**
 * Reads both logs side by side and hands over each event once, for the root of the tree; memory does not grow. Throws {@link NotACopy} at the
 * first event that one has and the other has not, or that is not the same bytes under the same id at the same place.
 */
export async function* alike(one: EventLog, other: EventLog): AsyncGenerator<readonly LoggedEvent[]> {
  const others = eventsOf(other);
  for await (const batch of one.readAll({ families: FAMILIES, batch: 1000 })) {
    for (const event of batch) {
      const { done, value } = await others.next();
      if (done === true || !isSame(event, value)) throw new NotACopy(event.stream, event.revision);
    }
    yield batch;
  }
  const { done, value } = await others.next();
  if (done !== true) throw new NotACopy(value.stream, value.revision);
}

async function* eventsOf(log: EventLog): AsyncGenerator<LoggedEvent, undefined> {
  for await (const batch of log.readAll({ families: FAMILIES, batch: 1000 })) yield* batch;
  return undefined;
}

function isSame(a: LoggedEvent, b: LoggedEvent): boolean {
  return (
    a.id === b.id &&
    a.stream === b.stream &&
    a.revision === b.revision &&
    a.type === b.type &&
    Buffer.compare(a.data, b.data) === 0
  );
}
