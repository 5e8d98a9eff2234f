import { epochMs, fail, ok, randomUuid, toInstant, type OrganisationId, type Outcome } from '#kernel';
import type { Category, Purpose, Reason } from '#contracts';
import {
  subscriptionDecider,
  subscriptionStream,
  type ChannelName,
  type Subscription,
  type SubscriptionCommand,
  type Subscriptions,
} from '#delivery';
import { newWebhookSecret, webhookSecretText } from '#delivery/webhook';
import { handleCommand } from '#event-log';
import type { Core } from '#nest-platform';
import { foldOf } from '../erasure/fold.ts';
import { destroySecrets, sealSecret } from './secrets.ts';

/** What an organisation asks for. */
export interface Wanted {
  readonly channel: ChannelName;
  readonly purpose: Purpose;
  readonly categories: readonly Category[] | null;
  readonly url: string | null;
}

/** The system that asks, for the record of it. */
export interface Asker {
  readonly organisation: OrganisationId;
  readonly sub: string;
  readonly correlationId: string;
}

/** A subscription as it is now, and its secret where it got a new one: shown this once. */
export interface Subscribing {
  readonly subscription: Subscription;
  readonly secret?: string;
}

/** How long the old secret signs beside a new one, in milliseconds. */
const OLD_SECRET_MS = 24 * 3_600_000;

/** Keeps the subscriptions of organisations; each sees and changes its own. */
export class SubscriptionDesk {
  readonly #core: Pick<Core, 'log' | 'vault' | 'clock' | 'chance'>;

  constructor(core: Pick<Core, 'log' | 'vault' | 'clock' | 'chance'>) {
    this.#core = core;
  }

  /** Those that are not over, in the order they were made. */
  async list(organisation: OrganisationId): Promise<readonly Subscription[]> {
    const { log } = this.#core;
    const { active } = await foldOf<Subscriptions>(log, subscriptionStream(organisation), subscriptionDecider);
    return [...active.values()];
  }

  async find(organisation: OrganisationId, id: string): Promise<Subscription | undefined> {
    return (await this.list(organisation)).find(({ subscription }) => subscription === id);
  }

  /** Makes a subscription, a webhook's with a secret of its own. */
  async make(asker: Asker, wanted: Wanted): Promise<Outcome<Subscribing, Reason>> {
    const { chance } = this.#core;
    const subscription = randomUuid(chance);
    const made = wanted.channel === 'webhook' ? await this.#newSecret(asker, subscription) : undefined;
    const data = { ...wanted, subscription, secret: made?.sealed ?? null, by: asker.sub };
    return this.#command(asker, { type: 'make', data }, made?.text);
  }

  /** A new secret, the old one beside it for a day. */
  async rollSecret(asker: Asker, subscription: string): Promise<Outcome<Subscribing, Reason>> {
    const { sealed, text } = await this.#newSecret(asker, subscription);
    const oldUntil = toInstant(epochMs(this.#core.clock.now()) + OLD_SECRET_MS);
    const data = { subscription, secret: sealed, oldUntil, by: asker.sub };
    return this.#command(asker, { type: 'roll-secret', data }, text);
  }

  switchOn(asker: Asker, subscription: string): Promise<Outcome<Subscribing, Reason>> {
    return this.#command(asker, { type: 'switch-on', data: { subscription, by: asker.sub } });
  }

  switchOff(asker: Asker, subscription: string, because: 'gone' | 'asked'): Promise<Outcome<Subscribing, Reason>> {
    return this.#command(asker, { type: 'switch-off', data: { subscription, because } });
  }

  /** Over for good: nothing more is sent, and what signed can sign no more. */
  async end(asker: Asker, subscription: string): Promise<void> {
    await this.#handle(asker, { type: 'end', data: { subscription, by: asker.sub } });
    await destroySecrets(this.#core.vault, asker.organisation, subscription);
  }

  async #newSecret({ organisation }: Asker, subscription: string) {
    const { vault, chance } = this.#core;
    const secret = newWebhookSecret(chance);
    return { sealed: await sealSecret(vault, organisation, subscription, secret), text: webhookSecretText(secret) };
  }

  async #command(asker: Asker, command: SubscriptionCommand, secret?: string): Promise<Outcome<Subscribing, Reason>> {
    const handled = await this.#handle(asker, command);
    if (!handled.ok) return handled;
    const subscription = handled.value.state.active.get(command.data.subscription);
    if (subscription === undefined) return fail({ code: 'SUBSCRIPTION_UNKNOWN', pointer: '/subscription' });
    return ok({ subscription, ...(secret === undefined ? {} : { secret }) });
  }

  #handle({ organisation, correlationId }: Asker, command: SubscriptionCommand) {
    const { log, clock } = this.#core;
    return handleCommand({
      log,
      stream: subscriptionStream(organisation),
      decider: subscriptionDecider,
      command,
      meta: { at: clock.now(), by: organisation, correlationId },
    });
  }
}
