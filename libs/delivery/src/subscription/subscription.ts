import { fail, never, ok, type Instant, type OrganisationId, type Outcome } from '#kernel';
import { roleMayState, type Category, type Purpose, type Reason, type Sealed } from '#contracts';
import type { Decider } from '#event-log';

/** The ways out that an organisation may choose. */
export const CHANNELS = ['kafka', 'webhook'] as const;
/** One way out. */
export type ChannelName = (typeof CHANNELS)[number];

/** STORAGE FORMAT, `subscription-<organisation>`: an organisation wants to be told when there is something to ask about. */
export interface SubscriptionMade {
  readonly subscription: string;
  readonly channel: ChannelName;
  /** What its people would ask for: policy decides each signal for it, as it decides the asking. */
  readonly purpose: Purpose;
  /** Only these, or all that it may know of. */
  readonly categories: readonly Category[] | null;
  /** Webhook only: where to post. Names a system, never a person. */
  readonly url: string | null;
  /** Webhook only: what its signatures are made with. */
  readonly secret: Sealed | null;
  readonly by: string;
}
/** STORAGE FORMAT: a new secret; both sign until the old one's last moment. */
export interface SubscriptionSecretRolled {
  readonly subscription: string;
  readonly secret: Sealed;
  readonly oldUntil: Instant;
  readonly by: string;
}
/** STORAGE FORMAT: nothing is sent for now; what comes meanwhile waits. */
export interface SubscriptionSwitchedOff {
  readonly subscription: string;
  /** `gone`: the receiver answered 410. */
  readonly because: 'gone' | 'asked';
}
/** STORAGE FORMAT: sent again, what waited first. */
export interface SubscriptionSwitchedOn {
  readonly subscription: string;
  readonly by: string;
}
/** STORAGE FORMAT: over for good; what waited is dropped. */
export interface SubscriptionEnded {
  readonly subscription: string;
  readonly by: string;
}

/** What happens to the subscriptions of an organisation. */
export type SubscriptionChange =
  | { readonly type: 'subscription.made.v1'; readonly data: SubscriptionMade }
  | { readonly type: 'subscription.secret-rolled.v1'; readonly data: SubscriptionSecretRolled }
  | { readonly type: 'subscription.switched-off.v1'; readonly data: SubscriptionSwitchedOff }
  | { readonly type: 'subscription.switched-on.v1'; readonly data: SubscriptionSwitchedOn }
  | { readonly type: 'subscription.ended.v1'; readonly data: SubscriptionEnded };

/** What may be asked. */
export type SubscriptionCommand =
  | { readonly type: 'make'; readonly data: SubscriptionMade }
  | { readonly type: 'roll-secret'; readonly data: SubscriptionSecretRolled }
  | { readonly type: 'switch-off'; readonly data: SubscriptionSwitchedOff }
  | { readonly type: 'switch-on'; readonly data: SubscriptionSwitchedOn }
  | { readonly type: 'end'; readonly data: SubscriptionEnded };

/** One subscription that is not over. */
export interface Subscription extends SubscriptionMade {
  readonly status: 'on' | 'off';
  readonly because: SubscriptionSwitchedOff['because'] | null;
  /** The one before, while it still signs. */
  readonly oldSecret: { readonly sealed: Sealed; readonly until: Instant } | null;
}
/** The subscriptions of one organisation. */
export interface Subscriptions {
  readonly active: ReadonlyMap<string, Subscription>;
  readonly ended: ReadonlySet<string>;
}

/** Most subscriptions of one organisation at a time. */
export const MOST_SUBSCRIPTIONS = 20;
/** An organisation without any. */
export const NO_SUBSCRIPTIONS: Subscriptions = { active: new Map(), ended: new Set() };
/** The stream of an organisation's subscriptions. */
export const subscriptionStream = (organisation: OrganisationId): string => `subscription-${organisation}`;

/** An organisation's own system asks for signals, and ends them. */
export const subscriptionDecider = {
  initialState: NO_SUBSCRIPTIONS,
  evolve: evolveSubscriptions,
  decide: decideSubscription,
} satisfies Decider<SubscriptionCommand, Subscriptions, SubscriptionChange, SubscriptionChange, Reason>;

/** The subscriptions after one more event. */
export function evolveSubscriptions(before: Subscriptions, { type, data }: SubscriptionChange): Subscriptions {
  const known = before.active.get(data.subscription);
  switch (type) {
    case 'subscription.made.v1':
      return kept(before, { ...data, status: 'on', because: null, oldSecret: null });
    case 'subscription.secret-rolled.v1': {
      if (known === undefined) return before;
      const oldSecret = known.secret === null ? null : { sealed: known.secret, until: data.oldUntil };
      return kept(before, { ...known, secret: data.secret, oldSecret });
    }
    case 'subscription.switched-off.v1':
      return known === undefined ? before : kept(before, { ...known, status: 'off', because: data.because });
    case 'subscription.switched-on.v1':
      return known === undefined ? before : kept(before, { ...known, status: 'on', because: null });
    case 'subscription.ended.v1': {
      const active = new Map(before.active);
      active.delete(data.subscription);
      return { active, ended: new Set(before.ended).add(data.subscription) };
    }
    default:
      return never(type);
  }
}

/** The events a command leads to, none where it is so already; or why not. */
export function decideSubscription(
  command: SubscriptionCommand,
  { active, ended }: Subscriptions,
): Outcome<readonly SubscriptionChange[], Reason> {
  const { data } = command;
  const known = active.get(data.subscription);
  if (command.type === 'end' && ended.has(data.subscription)) return ok([]);
  if (command.type !== 'make' && known === undefined)
    return fail({ code: 'SUBSCRIPTION_UNKNOWN', pointer: '/subscription' });
  switch (command.type) {
    case 'make':
      return decideMaking(command.data, active, ended);
    case 'roll-secret':
      return known?.channel === 'webhook'
        ? ok([{ type: 'subscription.secret-rolled.v1', data: command.data }])
        : fail({ code: 'CHANNEL_HAS_NO_SECRET', pointer: '/subscription' });
    case 'switch-off':
      return known?.status === 'off' ? ok([]) : ok([{ type: 'subscription.switched-off.v1', data: command.data }]);
    case 'switch-on':
      return known?.status === 'on' ? ok([]) : ok([{ type: 'subscription.switched-on.v1', data: command.data }]);
    case 'end':
      return ok([{ type: 'subscription.ended.v1', data: command.data }]);
  }
}

function decideMaking(
  data: SubscriptionMade,
  active: Subscriptions['active'],
  ended: Subscriptions['ended'],
): Outcome<readonly SubscriptionChange[], Reason> {
  if (active.has(data.subscription) || ended.has(data.subscription))
    return fail({ code: 'SUBSCRIPTION_ID_TAKEN', pointer: '/subscription' });
  if (active.size >= MOST_SUBSCRIPTIONS) return fail({ code: 'TOO_MANY_SUBSCRIPTIONS', pointer: '/' });
  // Signals go to a system: what a system may not ask for, it is not told of either.
  if (!roleMayState('organisation-system', data.purpose))
    return fail({ code: 'PURPOSE_NOT_OF_A_SYSTEM', pointer: '/purpose' });
  if (data.categories?.length === 0) return fail({ code: 'CATEGORIES_EMPTY', pointer: '/categories' });
  const webhook = data.channel === 'webhook';
  if (webhook !== (data.url !== null))
    return fail({ code: webhook ? 'URL_REQUIRED' : 'URL_NOT_OF_THIS_CHANNEL', pointer: '/url' });
  // One topic an organisation: two subscriptions would tell everything twice there.
  if (!webhook && [...active.values()].some(({ channel }) => channel === 'kafka'))
    return fail({ code: 'KAFKA_SUBSCRIBED_ALREADY', pointer: '/channel' });
  return ok([{ type: 'subscription.made.v1', data }]);
}

function kept(before: Subscriptions, subscription: Subscription): Subscriptions {
  return { ...before, active: new Map(before.active).set(subscription.subscription, subscription) };
}
