import { setTimeout as wait } from 'node:timers/promises';
import type { OrganisationId } from '#kernel';
import { decodeRecord } from '#contracts';
import type { LoggedEvent } from '#event-log';
import {
  evolveSubscriptions,
  NO_SUBSCRIPTIONS,
  type SubscriptionChange,
  type Subscriptions,
} from './subscription/subscription.ts';
import type { Subscribed } from './taking.ts';

/** Every subscription there is, as far as the log was read; what it has read once, it reads again without going back. */
export class SubscriptionBook {
  readonly #byOrganisation = new Map<OrganisationId, { readonly subscriptions: Subscriptions; readonly at: number }>();
  readonly #madeAt = new Map<string, string>();

  get size(): number {
    return this.#byOrganisation.size;
  }

  /** Takes events of `subscription-` streams, each stream's in order. */
  take(events: readonly LoggedEvent[]): void {
    for (const event of events) {
      const organisation = event.stream.slice('subscription-'.length) as OrganisationId;
      const { subscriptions, at } = this.#byOrganisation.get(organisation) ?? NONE;
      if (event.revision <= at) continue;
      const record = decodeRecord(event.data);
      const change = record as unknown as SubscriptionChange;
      const after = evolveSubscriptions(subscriptions, change);
      this.#byOrganisation.set(organisation, { subscriptions: after, at: event.revision });
      if (change.type === 'subscription.made.v1') this.#madeAt.set(change.data.subscription, record.recordedAt);
    }
  }

  all(): readonly Subscribed[] {
    return [...this.#byOrganisation].flatMap(([organisation, { subscriptions }]) =>
      [...subscriptions.active.values()].map((subscription) => ({ ...subscription, organisation })),
    );
  }

  /** Those that were there at a time: nothing is told of what was before. */
  made(at: string): readonly Subscribed[] {
    return this.all().filter(({ subscription }) => (this.#madeAt.get(subscription) ?? '') <= at);
  }
}

const NONE = { subscriptions: NO_SUBSCRIPTIONS, at: -1 };

/** The subscription that an event ends; undefined for every other event. */
export function endedBy({ data, type }: LoggedEvent): string | undefined {
  if (type !== 'subscription.ended.v1') return undefined;
  return (decodeRecord(data) as unknown as Extract<SubscriptionChange, { type: 'subscription.ended.v1' }>).data
    .subscription;
}

/** Tells those who send that something is there for them. */
export class News {
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
