import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf } from '#kernel';
import { Access, CORE, CurrentPurposefulRequest, type Core, type PurposefulRequest } from '#nest-platform';
import { RETENTION_RELEASE, RETENTION_SCHEDULE, type RetentionRule } from '#statutory';
import { lookedAt, officeOf } from '../erasure/officer.ts';
import { RETENTION } from '../views/tokens.ts';
import type { DueRecord, RetentionDesk } from './desk.ts';
import { RetentionDueDto } from './retention.dto.ts';

/** How long what is kept, and what is no longer to be. Nothing is destroyed by itself: `POST /v1/erasures` with `retention-ended` asks again. */
@Controller('v1/retention')
export class RetentionController {
  readonly #core: Core;
  readonly #desk: RetentionDesk;

  constructor(@Inject(CORE) core: Core, @Inject(RETENTION) desk: RetentionDesk) {
    this.#core = core;
    this.#desk = desk;
  }

  @ApiOperation({ summary: 'The retention schedule, with its sources' })
  @Get('schedule')
  @Access({ roles: 'signed-in', purpose: 'none' })
  schedule(): { readonly release: string; readonly rules: readonly RetentionRule[] } {
    return { release: RETENTION_RELEASE, rules: RETENTION_SCHEDULE };
  }

  @ApiOperation({ summary: 'Records that are no longer to be kept' })
  @Get('due')
  @Access({ roles: ['data-protection-officer'], purpose: 'required' })
  async due(
    @Query() query: RetentionDueDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly release: string; readonly due: readonly DueRecord[]; readonly next?: string }> {
    await lookedAt(this.#core, request, null, 'permit', ['retention-due']);
    const today = dayOf(this.#core.clock.now());
    const { due, next } = await this.#desk.due(today, officeOf(request.caller), query.after, query.limit ?? 50);
    return { release: RETENTION_RELEASE, due, ...(next === null ? {} : { next }) };
  }
}
