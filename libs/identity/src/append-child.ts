import { canonicalJson, type ChildId, type Clock, type OrganisationId, type RecordId } from '#kernel';
import { childStream, encodeRecord, type ChildEvent } from '#contracts';
import { AppendInDoubt, WrongExpectedRevision, type EventLog, type LoggedEvent } from '#event-log';

/** Where an act of the hub comes from, for the record. */
export interface Meta {
  readonly correlationId: string;
  readonly causationId?: string;
}

const HUB = 'hub' as OrganisationId;

/**
 * Appends to `child-<childId>`, deciding again after a conflict; nothing where the last word on that record is this very event.
 * `revision` is the stream's last where the caller knows it (-1 for a new child); an append in doubt is answered by reading again.
 */
export async function appendToChild(
  log: EventLog,
  clock: Clock,
  child: ChildId,
  event: { readonly type: ChildEvent['type']; readonly data: { readonly recordId: RecordId } },
  meta: Meta,
  revision?: number,
): Promise<void> {
  const stream = childStream(child);
  let last = revision;
  let doubts = 0;
  for (;;) {
    if (last === undefined) {
      const stored = await log.readStream(stream);
      if (saysAlready(stored, event)) return;
      last = stored.at(-1)?.revision ?? -1;
    }
    const record = encodeRecord({
      format: 1,
      stream,
      revision: last + 1,
      type: event.type,
      recordedAt: clock.now(),
      by: HUB,
      correlationId: meta.correlationId,
      ...(meta.causationId === undefined ? {} : { causationId: meta.causationId }),
      data: event.data,
    });
    try {
      await log.append(stream, last < 0 ? 'none' : last, [record]);
      return;
    } catch (error) {
      const doubt = error instanceof AppendInDoubt && doubts++ < 5;
      if (!doubt && !(error instanceof WrongExpectedRevision)) throw error;
      last = undefined;
    }
  }
}

function saysAlready(
  stored: readonly LoggedEvent[],
  event: { readonly type: string; readonly data: { readonly recordId: RecordId } },
): boolean {
  const last = stored
    .map(({ data }) => JSON.parse(Buffer.from(data).toString('utf8')) as ChildEvent)
    .findLast(({ data }) => data.recordId === event.data.recordId);
  return last !== undefined && last.type === event.type && canonicalJson(last.data) === canonicalJson(event.data);
}
