import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { Outcome } from '#kernel';
import type { Reason } from '#contracts';
import type { Subscription } from '#delivery';
import { readEndpointUrl } from '#delivery/webhook';
import { Access, CurrentCaller, invalidInput, notFound, Problem, type Caller } from '#nest-platform';
import { noPersonIn } from '../registry/no-person.ts';
import type { Asker, Subscribing } from './desk.ts';
import type { Signals } from './delivery.ts';
import { SubscriptionChangeDto, SubscriptionDto } from './subscriptions.dto.ts';
import { SIGNALS } from './tokens.ts';

/** A subscription as its own organisation reads it; `secret` only in the answer that made it. */
export interface SubscriptionView {
  readonly id: string;
  readonly channel: string;
  readonly purpose: string;
  readonly categories: readonly string[] | null;
  readonly url: string | null;
  readonly status: string;
  /** Why it is off: asked for, or the receiver answered 410. */
  readonly because: string | null;
  /** Until when the secret before signs too. */
  readonly oldSecretUntil: string | null;
  readonly secret?: string;
}

/** What an organisation's own system is told of by itself; those of others are not there. Nothing here is about a child. */
@Controller('v1/signal-subscriptions')
@Access({ roles: ['organisation-system'], purpose: 'none' })
export class SubscriptionsController {
  readonly #signals: Signals;

  constructor(@Inject(SIGNALS) signals: Signals) {
    this.#signals = signals;
  }

  @ApiOperation({ summary: 'Subscribe to signals' })
  @Post()
  @HttpCode(201)
  async make(@Body() dto: SubscriptionDto, @CurrentCaller() caller: Caller): Promise<SubscriptionView> {
    const { channel, purpose, categories = null, url = null } = dto;
    if (!this.#signals.channels.has(channel)) throw notConfigured();
    if (url !== null) this.#checkUrl(url);
    return viewOf(allowed(await this.#signals.desk.make(askerOf(caller), { channel, purpose, categories, url })));
  }

  @ApiOperation({ summary: 'The organisation’s subscriptions' })
  @Get()
  async list(@CurrentCaller() { reader }: Caller): Promise<{ readonly subscriptions: readonly SubscriptionView[] }> {
    const subscriptions = await this.#signals.desk.list(reader.organisation);
    return { subscriptions: subscriptions.map((subscription) => viewOf({ subscription })) };
  }

  @ApiOperation({ summary: 'A subscription' })
  @Get(':id')
  async read(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<SubscriptionView> {
    return viewOf({ subscription: await this.#own(id, caller) });
  }

  @ApiOperation({ summary: 'Switch a subscription on or off, or roll its secret' })
  @Patch(':id')
  async change(
    @Param('id') id: string,
    @Body() { change }: SubscriptionChangeDto,
    @CurrentCaller() caller: Caller,
  ): Promise<SubscriptionView> {
    await this.#own(id, caller);
    const { desk } = this.#signals;
    const asker = askerOf(caller);
    switch (change) {
      case 'switch-on':
        return viewOf(allowed(await desk.switchOn(asker, id)));
      case 'switch-off':
        return viewOf(allowed(await desk.switchOff(asker, id, 'asked')));
      case 'roll-secret':
        return viewOf(allowed(await desk.rollSecret(asker, id)));
    }
  }

  @ApiOperation({ summary: 'End a subscription; what waits for it is dropped' })
  @Delete(':id')
  @HttpCode(204)
  async end(@Param('id') id: string, @CurrentCaller() caller: Caller): Promise<void> {
    await this.#own(id, caller);
    await this.#signals.desk.end(askerOf(caller), id);
  }

  async #own(id: string, { reader }: Caller): Promise<Subscription> {
    const found = await this.#signals.desk.find(reader.organisation, id);
    if (found === undefined) throw notFound();
    return found;
  }

  /** The URL stands in the log as it is, and is where the hub will go. */
  #checkUrl(url: string): void {
    noPersonIn({ url });
    const read = readEndpointUrl(url, this.#signals.allowLoopback);
    if (read.ok) return;
    throw invalidInput([{ code: `URL_${read.error.toUpperCase().replaceAll('-', '_')}`, pointer: '/url' }]);
  }
}

/** Who asks, as the desk keeps it. */
export function askerOf({ reader, correlationId }: Caller): Asker {
  return { organisation: reader.organisation, sub: reader.sub, correlationId };
}

function allowed(outcome: Outcome<Subscribing, Reason>): Subscribing {
  if (outcome.ok) return outcome.value;
  // Ended between two requests.
  if (outcome.error.code === 'SUBSCRIPTION_UNKNOWN') throw notFound();
  throw invalidInput([outcome.error]);
}

function viewOf({ subscription, secret }: Subscribing): SubscriptionView {
  const { subscription: id, channel, purpose, categories, url, status, because, oldSecret } = subscription;
  const view = { id, channel, purpose, categories, url, status, because, oldSecretUntil: oldSecret?.until ?? null };
  return secret === undefined ? view : { ...view, secret };
}

function notConfigured(): Problem {
  return new Problem({
    status: 422,
    code: 'HUB_CHANNEL_NOT_CONFIGURED',
    title: 'This hub sends nothing that way',
    detail: 'Whoever runs it has configured no brokers (KAFKA_BROKERS). Webhooks are always there.',
    errors: [{ code: 'CHANNEL_NOT_CONFIGURED', pointer: '/channel' }],
  });
}
