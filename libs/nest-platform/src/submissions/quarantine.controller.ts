import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid } from '#kernel';
import type { FactId } from '#kernel';
import type { Reason } from '#contracts';
import { CORE } from '../core/core.ts';
import type { Core } from '../core/core.ts';
import { Access } from '../guard/access.ts';
import { callerOf } from '../guard/caller.ts';
import { invalidInput, notFound, Problem } from '../problem/problem.ts';
import { isOwn, readPageQuery, readResolution } from './request.ts';
import { QUARANTINE_DESK } from './tokens.ts';
import type { QuarantineDesk, QuarantinedItem } from './tokens.ts';

/** An organisation's own quarantined items: what waits, why, and what is to become of it. */
@Controller('v1/organisations/:organisation/quarantine')
@Access({ roles: ['organisation-system', 'data-protection-officer'], purpose: 'none' })
export class QuarantineController {
  readonly #desk: QuarantineDesk;

  readonly #core: Pick<Core, 'tokens'>;

  constructor(@Inject(QUARANTINE_DESK) desk: QuarantineDesk, @Inject(CORE) core: Pick<Core, 'tokens'>) {
    this.#desk = desk;
    this.#core = core;
  }

  @ApiOperation({ summary: 'Quarantined items of the organisation' })
  @ApiQuery({ name: 'cursor', type: String, required: false })
  @ApiQuery({ name: 'limit', type: 'integer', minimum: 1, maximum: 500, required: false })
  @Get()
  async list(
    @Param('organisation') organisation: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly items: readonly QuarantinedItem[]; readonly next?: string }> {
    const { reader } = callerOf(request);
    if (!isOwn(organisation, reader.organisation)) throw notFound();
    const page = readPageQuery(query);
    if (!page.ok) throw invalidInput(page.error);
    return this.#desk.list(reader.organisation, page.value.cursor, page.value.limit);
  }

  @ApiOperation({ summary: 'Replay or discard a quarantined item' })
  @ApiBody({
    schema: {
      type: 'object',
      properties: { action: { type: 'string', enum: ['replay', 'discard'] } },
      required: ['action'],
      additionalProperties: false,
    },
  })
  @Post(':factId/resolutions')
  @HttpCode(200)
  async resolve(
    @Param('organisation') organisation: string,
    @Param('factId') factId: string,
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly outcome: string; readonly reasons: readonly Reason[] }> {
    const { reader } = callerOf(request);
    if (!isOwn(organisation, reader.organisation) || !isUuid(factId)) throw notFound();
    const action = readResolution(body);
    if (!action.ok) throw invalidInput(action.error);
    const resolution = await this.#desk.resolve(reader.organisation, factId as FactId, action.value, reader.sub);
    if (resolution.outcome === 'unknown') throw notFound();
    if (resolution.outcome === 'not-replayable') throw notReplayable();
    if (resolution.token !== null) reply.header('hub-min-token', this.#core.tokens.issue(reader.sub, resolution.token));
    return { outcome: resolution.outcome, reasons: resolution.reasons };
  }
}

function notReplayable(): Problem {
  return new Problem({
    status: 422,
    code: 'CALLER_ITEM_NOT_REPLAYABLE',
    title: 'The item cannot be read; correct it and hand it in anew',
  });
}
