import type { ChildId, Clock, FactId } from '#kernel';
import {
  decide,
  factsRule,
  obligationsOf,
  seenUnder,
  type Caller,
  type CompleteQuestion,
  type Disclose,
  type Permit,
  type Reader,
  type Ruling,
  type Tails,
} from '#sharing';
import type { OutboxRow, OutboxSignal } from './outbox/outbox.ts';
import type { StandingFact } from './standing.ts';

/** The slice of facts that a signal is about. */
export type SignalSlice = Pick<OutboxSignal, 'source' | 'category' | 'reliesOnConsent'>;

/** What a signal says, and for which purpose it was asked for. */
export type SignalSubject = SignalSlice & Pick<OutboxSignal, 'purpose'>;

/**
 * What the organisation's system may know of what a signal is about: the ordinary rules, narrowed to the slice it was told under and to the one
 * the fact lies in now. A correction may have moved the fact, or taken the purpose from it.
 */
export function signalRule(told: SignalSubject, now: StandingFact) {
  return (question: CompleteQuestion): Ruling<readonly Permit[]> => {
    if (question.purpose !== told.purpose) return { effect: 'deny', reasons: ['not-for-this-purpose'] };
    const ruling = factsRule(question);
    if (ruling.effect === 'deny') return ruling;
    const refused = (reason: string) =>
      ({ effect: 'deny', reasons: [reason], basis: { ...ruling.basis, obligations: [] } }) as const;
    if (now === 'hidden') return refused('restricted');
    if (now !== 'withdrawn' && !now.purposes.includes(told.purpose)) return refused('not-for-this-purpose');
    const slices = now === 'withdrawn' ? [told] : [told, now];
    const permits = new Set<Permit>();
    for (const slice of slices) {
      const found = ruling.scope.filter((permit) => isOf(permit, slice));
      if (found.length === 0) return refused(slice.reliesOnConsent ? 'no-consent' : 'no-agreement');
      for (const permit of found) permits.add(permit);
    }
    const scope = [...permits];
    const basis = { ...ruling.basis, obligations: obligationsOf(scope) };
    return { effect: 'permit', scope, slices: scope.map(seenUnder), basis };
  };
}

function isOf({ slice }: Permit, { source, category, reliesOnConsent }: SignalSlice): boolean {
  return slice.organisation === source && slice.category === category && slice.reliesOnConsent === reliesOnConsent;
}

/** Authentication of a system that is told instead of asking: nobody signed in. */
const SIGNAL_ACR = 'urn:tellonce:acr:signal';

/** The organisation's system as the one that looks: a signal is a look of its own, for the purpose it subscribed with. */
export function receiverOf(signal: OutboxSignal): Caller {
  const { id, purpose, correlationId } = signal;
  return { reader: readerOf(signal), purpose, requestId: id, correlationId };
}

function readerOf({ subscription, organisation }: Pick<OutboxSignal, 'subscription' | 'organisation'>): Reader {
  const client = `signals:${subscription}`;
  return { sub: client, organisation, role: 'organisation-system', acr: SIGNAL_ACR, client };
}

/** Which of the signals about one child may be told as things are: what a signal is taken in by. */
export type MayTell = (child: ChildId, signals: readonly OutboxSignal[]) => Promise<readonly OutboxSignal[]>;

/**
 * The first decision, when something happened: nothing leaves, so nobody looks, and of a child that is none of the organisation's business no
 * trace is kept that it was not told. Rejects where a tail can't be read.
 */
export function mayTell(tails: Tails, clock: Clock): MayTell {
  return async (child, signals) => {
    if (signals.length === 0) return [];
    const [registry, protections] = [await tails.registry(), await tails.protections(child)];
    const at = clock.now();
    return signals.filter((signal) => {
      const { source: organisation, category, reliesOnConsent, purpose } = signal;
      const question = { reader: readerOf(signal), purpose, at, registry, protections };
      return decide(question, { organisation, category, reliesOnConsent }).effect === 'permit';
    });
  };
}

/** Whether a signal that was decided a moment ago may still be told: asked as it leaves. Rejects where a tail can't be read. */
export type StillMayTell = (child: ChildId, row: OutboxRow, now: StandingFact) => Promise<boolean>;

/** The rule of the second decision, once more at the tails as they are: the look of that decision stands, so nothing is recorded again. */
export function stillMayTell(tails: Tails, clock: Clock): StillMayTell {
  return async (child, row, now) => {
    const [registry, protections] = [await tails.registry(), await tails.protections(child)];
    const { purpose } = row;
    const question = { reader: readerOf(row), purpose, at: clock.now(), registry, protections };
    return signalRule(row, now)(question).effect === 'permit';
  };
}

/**
 * The second decision, at the moment of sending, with the look: what was allowed when it was taken in may be allowed no more. `again` where
 * what the decision rests on kept moving, or could not be read.
 */
export async function decideSignal(
  disclose: Disclose,
  row: OutboxRow,
  {
    child,
    channel,
    now,
  }: { readonly child: ChildId | undefined; readonly channel: string; readonly now: StandingFact },
): Promise<'send' | 'withhold' | 'again'> {
  const last = { refused: false };
  const rule = signalRule(row, now);
  const result = await disclose({
    caller: receiverOf(row),
    child: child ?? null,
    route: `SIGNAL ${channel}`,
    rule: (question) => {
      const ruling = rule(question);
      last.refused = ruling.effect === 'deny';
      return ruling;
    },
    find: async () => row.fact,
    facts: (fact): readonly FactId[] => [fact],
    open: () => true,
  });
  if (result.ok) return 'send';
  // No rule refused it: a tail could not be read. Whoever asks may ask again; a signal that is withheld is lost.
  const unread = child !== undefined && !last.refused;
  return unread || result.error === 'moved-too-often' ? 'again' : 'withhold';
}
