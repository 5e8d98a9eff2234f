import type { ChildId, FactId } from '#kernel';
import {
  factsRule,
  obligationsOf,
  seenUnder,
  type Caller,
  type CompleteQuestion,
  type Disclose,
  type Permit,
  type Ruling,
} from '#sharing';
import type { OutboxRow } from './outbox/outbox.ts';

/** The slice of facts that a signal is about. */
export type SignalSlice = Pick<OutboxRow, 'source' | 'category' | 'reliesOnConsent'>;

/** What the organisation's system may know of this one slice: the ordinary rules, narrowed to it. */
export function signalRule({ source, category, reliesOnConsent }: SignalSlice) {
  return (question: CompleteQuestion): Ruling<readonly Permit[]> => {
    const ruling = factsRule(question);
    if (ruling.effect === 'deny') return ruling;
    const permits = ruling.scope.filter(
      ({ slice }) =>
        slice.organisation === source && slice.category === category && slice.reliesOnConsent === reliesOnConsent,
    );
    const basis = { ...ruling.basis, obligations: obligationsOf(permits) };
    if (permits.length === 0)
      return { effect: 'deny', reasons: [reliesOnConsent ? 'no-consent' : 'no-agreement'], basis };
    return {
      effect: 'permit',
      scope: permits,
      slices: permits.map(seenUnder),
      basis,
    };
  };
}

/** Authentication of a system that is told instead of asking: nobody signed in. */
const SIGNAL_ACR = 'urn:tellonce:acr:signal';

/** The organisation's system as the one that looks: a signal is a look of its own, for the purpose it subscribed with. */
export function receiverOf({ id, subscription, organisation, purpose, correlationId }: OutboxRow): Caller {
  const client = `signals:${subscription}`;
  return {
    reader: { sub: client, organisation, role: 'organisation-system', acr: SIGNAL_ACR, client },
    purpose,
    requestId: id,
    correlationId,
  };
}

/**
 * Decides a signal at the moment of sending, and records the look: what was allowed when it was taken in may be allowed no more. True where it
 * may leave; `again` where what the decision rests on kept moving.
 */
export async function decideSignal(
  disclose: Disclose,
  row: OutboxRow,
  child: ChildId | undefined,
  channel: string,
): Promise<'send' | 'withhold' | 'again'> {
  const result = await disclose({
    caller: receiverOf(row),
    child: child ?? null,
    route: `SIGNAL ${channel}`,
    rule: signalRule(row),
    find: async () => row.fact,
    facts: (fact): readonly FactId[] => [fact],
    open: () => true,
  });
  if (result.ok) return 'send';
  return result.error === 'moved-too-often' ? 'again' : 'withhold';
}
