import { setTimeout as wait } from 'node:timers/promises';
import { epochMs, toInstant, type OrganisationId } from '#kernel';
import { decodeRecord } from '#contracts';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import type { Outbox, OutboxSignal } from './outbox/outbox.ts';
import { pseudonymOf } from './pseudonym.ts';
import { Sender, type SendingParts } from './sending.ts';
import {
  evolveSubscriptions,
  NO_SUBSCRIPTIONS,
  type SubscriptionChange,
  type Subscriptions,
} from './subscription/subscription.ts';
import { happeningOf, signalsOf, type Subscribed } from './taking.ts';

/** What the delivery process works with, besides what sending does. */
export interface DeliveryParts extends SendingParts {
  readonly log: EventLog;
  readonly outbox: Outbox;
  /** For the organisations' pseudonyms of children; 32 bytes. */
  readonly pseudonymKey: Uint8Array;
  /** Nothing due is looked for again after so long at the latest, in milliseconds: another process may have asked for a replay (default 1,000). */
  readonly lookAgainMs?: number;
}

const FAMILIES = ['fact', 'subscription'] as const;
/** What was settled so long ago is forgotten, in milliseconds: 30 days. */
const KEPT = 30 * 86_400_000;

/**
 * The one delivery process of an area: takes happenings of the log in, in order, its place stored with them; and sends what is due. Ends with
 * `signal`; rejects where the log or the database does, and goes on where it was.
 */
export async function runDelivery(parts: DeliveryParts, signal: AbortSignal): Promise<void> {
  const subscriptions = new SubscriptionBook();
  // All of them before the first signal is taken in: the place may lie behind what was asked for last.
  for await (const batch of parts.log.readAll({ families: ['subscription'] })) subscriptions.take(batch);
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  const news = new News();
  const fault = (error: unknown): never => {
    failed.abort();
    throw error;
  };
  await Promise.all([
    take(parts, subscriptions, news, both).catch(fault),
    send(parts, subscriptions, news, both).catch(fault),
  ]);
}

async function take(parts: DeliveryParts, book: SubscriptionBook, news: News, signal: AbortSignal): Promise<void> {
  const { log, outbox, clock } = parts;
  let place = await outbox.place();
  for await (const batch of log.subscribe({ families: FAMILIES, after: place, batch: 200, signal })) {
    if (batch.token === null) continue;
    const signals = batch.kind === 'events' ? await signalsIn(parts, book, batch.events) : [];
    await outbox.take(signals, place, batch.token, clock.now());
    place = batch.token satisfies LogToken;
    if (signals.length > 0) news.tell();
  }
}

async function signalsIn(
  parts: DeliveryParts,
  book: SubscriptionBook,
  events: readonly LoggedEvent[],
): Promise<readonly OutboxSignal[]> {
  const signals: OutboxSignal[] = [];
  for (const event of events) {
    if (!event.stream.startsWith('fact-')) {
      book.take([event]);
      if (endedIn(event) !== undefined) await parts.outbox.drop(endedIn(event) ?? '');
      continue;
    }
    const happening = book.size === 0 ? undefined : await happeningOf(parts.log, event);
    if (happening === undefined) continue;
    const child = await parts.childOfFact(happening.fact, happening.body.recordId);
    if (child === undefined) continue;
    const key = (organisation: OrganisationId) => pseudonymOf(parts.pseudonymKey, organisation, child);
    signals.push(...signalsOf(happening, book.made(happening.time), key));
  }
  return signals;
}

async function send(parts: DeliveryParts, book: SubscriptionBook, news: News, signal: AbortSignal): Promise<void> {
  const sender = new Sender(parts);
  let pruned = -Infinity;
  while (!signal.aborted) {
    const now = epochMs(parts.clock.now());
    if (now - pruned > 3_600_000) {
      await parts.outbox.prune(toInstant(now - KEPT));
      pruned = now;
    }
    const seen = news.count;
    if ((await sender.sendDue(book.all())) > 0) continue;
    await news.after(seen, parts.lookAgainMs ?? 1_000, signal);
  }
}

/** Every subscription there is, as far as the log was read. */
class SubscriptionBook {
  readonly #byOrganisation = new Map<OrganisationId, Subscriptions>();
  readonly #madeAt = new Map<string, string>();

  get size(): number {
    return this.#byOrganisation.size;
  }

  take(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      const record = decodeRecord(event.data);
      const change = record as unknown as SubscriptionChange;
      const organisation = event.stream.slice('subscription-'.length) as OrganisationId;
      const before = this.#byOrganisation.get(organisation) ?? NO_SUBSCRIPTIONS;
      this.#byOrganisation.set(organisation, evolveSubscriptions(before, change));
      if (change.type === 'subscription.made.v1') this.#madeAt.set(change.data.subscription, record.recordedAt);
    }
  }

  all(): readonly Subscribed[] {
    return [...this.#byOrganisation].flatMap(([organisation, { active }]) =>
      [...active.values()].map((subscription) => ({ ...subscription, organisation })),
    );
  }

  /** Those that were there at a time: nothing is told of what was before. */
  made(at: string): readonly Subscribed[] {
    return this.all().filter(({ subscription }) => (this.#madeAt.get(subscription) ?? '') <= at);
  }
}

function endedIn({ data, type }: LoggedEvent): string | undefined {
  if (type !== 'subscription.ended.v1') return undefined;
  return (decodeRecord(data) as unknown as Extract<SubscriptionChange, { type: 'subscription.ended.v1' }>).data
    .subscription;
}

/** Tells the sender that something was taken in. */
class News {
  #count = 0;
  #told = Promise.withResolvers<undefined>();

  get count(): number {
    return this.#count;
  }
  tell(): void {
    this.#count += 1;
    this.#told.resolve(undefined);
    this.#told = Promise.withResolvers<undefined>();
  }
  /** Until there is more than `seen`, or the time is over. */
  async after(seen: number, atMostMs: number, signal: AbortSignal): Promise<void> {
    if (this.#count !== seen) return;
    const over = new AbortController();
    const late = wait(atMostMs, undefined, { signal: AbortSignal.any([signal, over.signal]) }).catch(() => undefined);
    await Promise.race([this.#told.promise, late]);
    over.abort();
  }
}
