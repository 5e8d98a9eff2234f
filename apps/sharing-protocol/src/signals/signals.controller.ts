import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type ChildId, type FactId } from '#kernel';
import { signalRule, standingFact, type OutboxRow } from '#delivery';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import { shown } from '../answer/shown.ts';
import type { Signals } from './delivery.ts';
import { SIGNALS } from './tokens.ts';

/** What a signal is about. */
export interface SignalView {
  readonly id: string;
  readonly kind: string;
  readonly category: string;
  /** The organisation that stated it. */
  readonly source: string;
  readonly childId: string;
  readonly time: string;
}

/**
 * Where a thin signal says to ask: decided anew and kept as a look. Everything else, the signals of others included, is the one 404.
 */
@Controller('v1/signals')
@Access({ roles: ['organisation-system'], purpose: 'required' })
export class SignalsController {
  readonly #signals: Signals;
  readonly #core: Core;

  constructor(@Inject(SIGNALS) signals: Signals, @Inject(CORE) core: Core) {
    this.#signals = signals;
    this.#core = core;
  }

  @ApiOperation({ summary: 'What a signal is about' })
  @Get(':id')
  async read(@Param('id') id: string, @CurrentPurposefulRequest() request: PurposefulRequest): Promise<SignalView> {
    const { caller } = request;
    const row = await this.#find(id, caller);
    const child = row === undefined ? undefined : await this.#signals.childOfFact(row.fact, row.record);
    const now = row === undefined ? 'hidden' : await standingFact(this.#core.log, row.fact);
    return shown(this.#core, request, {
      child: child ?? null,
      rule: (question) =>
        row === undefined ? { effect: 'deny', reasons: ['child-unknown'] } : signalRule(row, now)(question),
      find: async () => ({ row, child }),
      facts: (found): readonly FactId[] => (found.row === undefined ? [] : [found.row.fact]),
      open: (found): SignalView => viewOf(found.row, found.child),
    });
  }

  async #find(id: string, { reader }: PurposefulCaller): Promise<OutboxRow | undefined> {
    return isUuid(id) ? this.#signals.outbox.find(reader.organisation, id) : undefined;
  }
}

function viewOf(row: OutboxRow | undefined, child: ChildId | undefined): SignalView {
  // A permission without either is one that no rule gives.
  if (row === undefined || child === undefined) throw new TypeError('a signal without a child');
  const { id, kind, category, source, time } = row;
  return { id, kind, category, source, childId: child, time };
}
