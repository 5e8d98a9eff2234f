import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { OutboxRow } from '#delivery';
import { Access, CORE, CurrentCaller, invalidInput, notFound, type Caller, type Core } from '#nest-platform';
import type { Signals } from './delivery.ts';
import { DeliveriesQueryDto, ReplayDto } from './subscriptions.dto.ts';
import { SIGNALS } from './tokens.ts';

/** What became of one signal; not of whom it is about. */
export interface DeliveryView {
  readonly signal: string;
  readonly kind: string;
  readonly category: string;
  readonly state: string;
  readonly attempts: number;
  /** Of the last attempt that failed. */
  readonly code: string | null;
  /** When it happened that is told of. */
  readonly time: string;
  /** When it is tried again; null where it waits no longer. */
  readonly dueAt: string | null;
  readonly settledAt: string | null;
}

/** Where signals to an organisation's own system are: those that were let go once. Nothing here is about a child. */
@Controller('v1/signal-subscriptions/:id')
@Access({ roles: ['organisation-system'], purpose: 'none' })
export class DeliveriesController {
  readonly #signals: Signals;
  readonly #core: Core;

  constructor(@Inject(SIGNALS) signals: Signals, @Inject(CORE) core: Core) {
    this.#signals = signals;
    this.#core = core;
  }

  @ApiOperation({ summary: 'Signals of a subscription that were tried, the newest first' })
  @Get('deliveries')
  async list(
    @Param('id') id: string,
    @Query() { state, cursor, limit = 50 }: DeliveriesQueryDto,
    @CurrentCaller() caller: Caller,
  ): Promise<{ readonly deliveries: readonly DeliveryView[]; readonly next?: string }> {
    await this.#mustOwn(id, caller);
    const before = cursor === undefined ? undefined : await this.#placeOf(id, cursor, caller);
    const rows = await this.#signals.outbox.list(id, {
      limit: limit + 1,
      ...(state === undefined ? {} : { state }),
      ...(before === undefined ? {} : { before }),
    });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      deliveries: rows.slice(0, limit).map(viewOf),
      ...(last === undefined ? {} : { next: last.id }),
    };
  }

  @ApiOperation({ summary: 'Send dead letters again' })
  @Post('replays')
  @HttpCode(200)
  async replay(
    @Param('id') id: string,
    @Body() { signal }: ReplayDto,
    @CurrentCaller() caller: Caller,
  ): Promise<{ readonly replayed: number }> {
    await this.#mustOwn(id, caller);
    return { replayed: await this.#signals.outbox.replay(id, this.#core.clock.now(), signal) };
  }

  async #mustOwn(id: string, { reader }: Caller): Promise<void> {
    if ((await this.#signals.desk.find(reader.organisation, id)) === undefined) throw notFound();
  }

  /** A cursor is the id of the last signal on the page before: a place in the outbox would tell how much others are told. */
  async #placeOf(id: string, cursor: string, { reader }: Caller): Promise<number> {
    const row = await this.#signals.outbox.find(reader.organisation, cursor);
    if (row?.subscription !== id) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    return row.seq;
  }
}

function viewOf({ id, kind, category, state, attempts, code, time, dueAt, settledAt }: OutboxRow): DeliveryView {
  const waits = state === 'waiting';
  return { signal: id, kind, category, state, attempts, code, time, dueAt: waits ? dueAt : null, settledAt };
}
