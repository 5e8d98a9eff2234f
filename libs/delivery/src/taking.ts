import { namedUuid, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import { decodeRecord, type FactBody, type FactEvent } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import type { OutboxSignal } from './outbox/outbox.ts';
import type { SignalKind } from './port.ts';
import { bodyOf, isTold } from './standing.ts';
import type { Subscription } from './subscription/subscription.ts';

/** A subscription with whose it is. */
export interface Subscribed extends Subscription {
  readonly organisation: OrganisationId;
}

/** Something that happened to a fact that somebody may be told of. */
export interface Happening {
  readonly event: LoggedEvent;
  readonly kind: SignalKind;
  readonly fact: FactId;
  readonly category: OutboxSignal['category'];
  readonly body: FactBody;
  readonly correlationId: string;
  readonly time: FactEvent['recordedAt'];
}

/**
 * What an event of a fact's stream is to others; undefined where it concerns nobody but its organisation. A withdrawal says nothing of the
 * fact, so its last words are read. What is restricted is never told by a signal: that there is something would tell.
 */
export async function happeningOf(
  log: Pick<EventLog, 'readStream'>,
  event: LoggedEvent,
): Promise<Happening | undefined> {
  const record = decodeRecord(event.data) as unknown as FactEvent;
  const body = record.type === 'fact.withdrawn.v1' ? await lastBody(log, event) : bodyOf(record);
  if (body === undefined) return undefined;
  const { category } = body;
  if (!isTold(category)) return undefined;
  const { correlationId, recordedAt: time } = record;
  const fact = event.stream.slice('fact-'.length) as FactId;
  return { event, kind: KINDS[record.type] ?? 'fact-published', fact, category, body, correlationId, time };
}

/** The signals of a happening: one for each subscription that asks for such, not for those of its own organisation. `key`: the organisation's pseudonym of the child. */
export function signalsOf(
  { event, kind, fact, category, body, correlationId, time }: Happening,
  subscriptions: Iterable<Subscribed>,
  key: (organisation: OrganisationId) => string,
): readonly OutboxSignal[] {
  const signals: OutboxSignal[] = [];
  for (const { subscription, organisation, purpose, categories } of subscriptions) {
    if (organisation === body.organisation || !body.purposes.includes(purpose)) continue;
    if (categories !== null && !categories.includes(category)) continue;
    signals.push({
      id: namedUuid('signal', subscription, event.id),
      subscription,
      organisation,
      key: key(organisation),
      kind,
      category,
      source: body.organisation,
      purpose,
      reliesOnConsent: body.reliesOnConsent,
      fact,
      record: body.recordId,
      time,
      correlationId,
    });
  }
  return signals;
}

/** Whose child it is now; undefined where its record was erased. */
export type ChildOfFact = (fact: FactId, record: RecordId) => Promise<ChildId | undefined>;

const KINDS: Partial<Record<FactEvent['type'], SignalKind>> = {
  'fact.corrected.v1': 'fact-corrected',
  'fact.withdrawn.v1': 'fact-withdrawn',
};

async function lastBody(
  log: Pick<EventLog, 'readStream'>,
  { stream, revision }: LoggedEvent,
): Promise<FactBody | undefined> {
  if (revision === 0) return undefined;
  for (const event of await log.readStream(stream, { from: revision - 1, backward: true })) {
    const body = bodyOf(decodeRecord(event.data) as unknown as FactEvent);
    if (body !== undefined) return body;
  }
  return undefined;
}
