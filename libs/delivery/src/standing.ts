import type { FactId } from '#kernel';
import { decodeRecord, factStream, type ClearCategory, type FactBody, type FactEvent } from '#contracts';
import { readWholeStream, type EventLog } from '#event-log';
import { foldFact } from '#sharing';
import type { OutboxSignal } from './outbox/outbox.ts';

/** Where a fact stands now; `withdrawn`: nothing of it holds any more; `hidden`: only that it exists may be known, and not by a signal. */
export type StandingFact =
  (Pick<OutboxSignal, 'source' | 'category' | 'reliesOnConsent'> & Pick<FactBody, 'purposes'>) | 'withdrawn' | 'hidden';

/** Reads where a fact stands: by the statement that holds, which need not be the last that came. */
export async function standingFact(log: EventLog, fact: FactId): Promise<StandingFact> {
  const events = (await readWholeStream(log, factStream(fact))).map(
    ({ data }) => decodeRecord(data) as unknown as FactEvent,
  );
  const { holds } = foldFact(events);
  const held = holds === undefined ? undefined : events[holds.revision];
  const body = held === undefined ? undefined : bodyOf(held);
  if (body === undefined) return 'withdrawn';
  const { organisation: source, category, reliesOnConsent, purposes } = body;
  return isTold(category) ? { source, category, reliesOnConsent, purposes } : 'hidden';
}

/** True where a category is told of by signals: of what is restricted, that there is something would tell. */
export function isTold(category: ClearCategory): category is OutboxSignal['category'] {
  return category !== 'restricted';
}

/** The published body that an event of a fact's stream has; undefined for a withdrawal and for what was set aside. */
export function bodyOf(record: FactEvent): FactBody | undefined {
  switch (record.type) {
    case 'fact.published.v1':
    case 'fact.corrected.v1':
      return record.data;
    case 'fact.regated.v1':
      return record.data.outcome === 'published' ? record.data.body : undefined;
    case 'fact.withheld.v1':
    case 'fact.quarantined.v1':
    case 'fact.withdrawn.v1':
      return undefined;
  }
}
