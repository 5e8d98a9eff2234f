import { epochMs, toInstant, type OrganisationId, type RecordId } from '#kernel';
import { decodeRecord, type ChildEvent } from '#contracts';
import { cachedFolds, type EventLog, type LoggedEvent, type LogToken } from '#event-log';
import { endedBy, News, SubscriptionBook } from './book.ts';
import type { MayTell } from './deciding.ts';
import type { Outbox, OutboxSignal } from './outbox/outbox.ts';
import { pseudonymOf } from './pseudonym.ts';
import { Sender, type SendingParts } from './sending.ts';
import {
  evolveSubscriptions,
  NO_SUBSCRIPTIONS,
  subscriptionStream,
  type ChannelName,
  type Subscriptions,
} from './subscription/subscription.ts';
import { happeningOf, signalsOf, type Subscribed } from './taking.ts';

/** What the delivery process works with, besides what sending does. */
export interface DeliveryParts extends Omit<SendingParts, 'keyOf'> {
  readonly log: EventLog;
  readonly outbox: Outbox;
  /** The ways out there are; what is for another waits. */
  readonly channels: ReadonlySet<ChannelName>;
  /** What is taken in at all. */
  readonly mayTell: MayTell;
  /** For the organisations' pseudonyms of children; 32 bytes. */
  readonly pseudonymKey: Uint8Array;
  /** Nothing due is looked for again after so long at the latest, in milliseconds: another process may have asked for a replay (default 1,000). */
  readonly lookAgainMs?: number;
}

const FAMILIES = ['fact', 'subscription', 'child'] as const;
/** What was settled so long ago is forgotten, in milliseconds: 30 days. */
const KEPT = 30 * 86_400_000;
const HOUR = 3_600_000;

/**
 * The one delivery process of an area: takes happenings of the log in, in order, its place stored with them; and sends what is due. Ends with
 * `signal`; rejects where the log or the database does, and goes on where it was.
 */
export async function runDelivery(parts: DeliveryParts, signal: AbortSignal): Promise<void> {
  const book = new SubscriptionBook();
  // All of them before the first signal is taken in: the place may lie behind what was asked for last.
  for await (const batch of parts.log.readAll({ families: ['subscription'] })) book.take(batch);
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const news = new News();
  const fault = (error: unknown): never => {
    failed.abort();
    throw error;
  };
  const work = [take(parts, book, news, both).catch(fault), send(parts, book, news, both).catch(fault)];
  // Both are over before it ends: whoever is next must not meet this one still at work.
  const [first] = (await Promise.allSettled(work)).filter((each) => each.status === 'rejected');
  if (first !== undefined) throw first.reason;
}

async function take(parts: DeliveryParts, book: SubscriptionBook, news: News, signal: AbortSignal): Promise<void> {
  const { log, outbox, clock } = parts;
  let place = await outbox.place();
  for await (const batch of log.subscribe({ families: FAMILIES, after: place, batch: 200, signal })) {
    if (batch.token === null) continue;
    const events = batch.kind === 'events' ? batch.events : [];
    const found = await signalsIn(parts, book, events);
    const signals = await withoutRemoved(parts, events, found);
    await outbox.take(signals, place, batch.token, clock.now());
    place = batch.token satisfies LogToken;
    if (signals.length > 0 || events.some(isOfSubscription)) news.tell();
  }
}

/** What events of facts lead to, in their order; those of one run are judged side by side. */
async function signalsIn(
  parts: DeliveryParts,
  book: SubscriptionBook,
  events: readonly LoggedEvent[],
): Promise<readonly OutboxSignal[]> {
  const signals: OutboxSignal[] = [];
  let run: Promise<readonly OutboxSignal[]>[] = [];
  for (const event of events) {
    if (event.stream.startsWith('fact-') && book.size > 0) run.push(signalsOn(parts, book, event));
    if (!isOfSubscription(event)) continue;
    signals.push(...(await Promise.all(run)).flat());
    run = [];
    book.take([event]);
  }
  signals.push(...(await Promise.all(run)).flat());
  return signals;
}

const isOfSubscription = ({ stream }: LoggedEvent): boolean => stream.startsWith('subscription-');

async function signalsOn(
  parts: DeliveryParts,
  book: SubscriptionBook,
  event: LoggedEvent,
): Promise<readonly OutboxSignal[]> {
  const happening = await happeningOf(parts.log, event);
  if (happening === undefined) return [];
  const child = await parts.childOfFact(happening.fact, happening.body.recordId);
  if (child === undefined) return [];
  const key = (organisation: OrganisationId) => pseudonymOf(parts.pseudonymKey, organisation, child);
  return parts.mayTell(child, signalsOf(happening, book.made(happening.time), key));
}

/** Drops what waits for a subscription that is over, and everything about a record that was erased: what was there, and what this batch would add. */
async function withoutRemoved(
  { outbox }: DeliveryParts,
  events: readonly LoggedEvent[],
  signals: readonly OutboxSignal[],
): Promise<readonly OutboxSignal[]> {
  const gone = new Set<string>();
  for (const event of events) {
    const ended = endedBy(event);
    if (ended !== undefined) await outbox.drop(ended);
    const erased = erasedBy(event);
    if (erased !== undefined) await outbox.erase(erased);
    for (const each of [ended, erased]) if (each !== undefined) gone.add(each);
  }
  return gone.size === 0
    ? signals
    : signals.filter(({ subscription, record }) => !gone.has(subscription) && !gone.has(record));
}

function erasedBy({ type, data }: LoggedEvent): RecordId | undefined {
  if (type !== 'record.erased.v1') return undefined;
  return (decodeRecord(data) as unknown as Extract<ChildEvent, { type: 'record.erased.v1' }>).data.recordId;
}

/** A sender for each subscription, so that a slow receiver holds up nobody but itself. */
async function send(parts: DeliveryParts, book: SubscriptionBook, news: News, signal: AbortSignal): Promise<void> {
  const { outbox, clock, lookAgainMs = 1_000 } = parts;
  const sender = new Sender({
    ...parts,
    keyOf: (organisation, child) => pseudonymOf(parts.pseudonymKey, organisation, child),
  });
  const standing = subscriptionsNow(parts.log);
  const failed = new AbortController();
  const until = AbortSignal.any([signal, failed.signal]);
  const serve = async (subscribed: Subscribed): Promise<void> => {
    while (!until.aborted) {
      const seen = news.count;
      const current = await standing(subscribed);
      if (current === undefined) return;
      const open = current.status === 'on' && parts.channels.has(current.channel);
      if (open && (await sender.sendDue(current)) > 0) continue;
      await news.after(seen, lookAgainMs, until);
    }
  };
  const served = new Map<string, Promise<void>>();
  const faults: unknown[] = [];
  let pruned = -Infinity;
  while (!until.aborted) {
    const now = epochMs(clock.now());
    if (now - pruned > HOUR) {
      await outbox.prune(toInstant(now - KEPT));
      pruned = now;
    }
    const seen = news.count;
    for (const each of book.all()) {
      const { subscription } = each;
      if (served.has(subscription)) continue;
      const work = serve(each).catch((error: unknown) => {
        faults.push(error);
        failed.abort();
      });
      served.set(
        subscription,
        work.finally(() => served.delete(subscription)),
      );
    }
    await news.after(seen, lookAgainMs, until);
  }
  await Promise.all(served.values());
  if (faults.length > 0) throw faults[0];
}

/** How a subscription stands at the acknowledged tail: one that was ended or switched off a moment ago is sent nothing more. */
function subscriptionsNow(log: EventLog): (subscribed: Subscribed) => Promise<Subscribed | undefined> {
  const folds = cachedFolds<Subscriptions>({
    log,
    initial: () => NO_SUBSCRIPTIONS,
    evolve: evolveSubscriptions,
    most: 1_000,
  });
  return async ({ subscription, organisation }) => {
    const { state } = await folds(subscriptionStream(organisation));
    const current = state.active.get(subscription);
    return current === undefined ? undefined : { ...current, organisation };
  };
}
