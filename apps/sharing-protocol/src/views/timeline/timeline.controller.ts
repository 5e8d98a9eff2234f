import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { endOfDay, isUuid, parsePlainDate, startOfDay, type ChildId, type FactId } from '#kernel';
import { PEOPLE, purposeBits } from '#contracts';
import { Access, CORE, CurrentPurposefulCaller, invalidInput, type Core, type PurposefulCaller } from '#nest-platform';
import type { View } from '#projections';
import { factsRule, release } from '#sharing';
import { answered } from '../../children/answered.ts';
import { readYourWrites } from '../../children/read-your-writes.ts';
import { TIMELINE } from '../tokens.ts';
import { openPage, seenIn, slicesFor, type TimelineItem } from './answer.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { timelinePage, type TimelineQuestion } from './query.ts';
import { TimelineQueryDto } from './timeline.dto.ts';

/** A page of a child's timeline: what this reader may see for this purpose. `next` only where something permitted follows. */
export interface TimelineAnswer {
  readonly items: readonly TimelineItem[];
  readonly next?: string;
}

/** What happened to this child, newest first. To people only: a system's key stands for nobody who has a reason to look. */
@Controller('v1/children/:childId/timeline')
@Access({ roles: PEOPLE, purpose: 'required' })
export class TimelineController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(TIMELINE) view: View) {
    this.#core = core;
    this.#view = view;
  }

  @ApiOperation({ summary: 'Timeline of a child' })
  @Get()
  async read(
    @Param('childId') childId: string,
    @Query() query: TimelineQueryDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TimelineAnswer> {
    const core = this.#core;
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const filter = filterOf(query);
    await readYourWrites(core, caller, [this.#view]);
    const result = await core.disclose({
      caller,
      child,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      rule: factsRule,
      find: async (permits) => {
        const records = child === null ? [] : core.recordsOf(child).map(({ recordId }) => recordId);
        const slices = slicesFor(permits, records, core.vault);
        return timelinePage(this.#view.db, { ...filter, records, slices, purposeBit: purposeBits([caller.purpose]) });
      },
      seen: ({ rows }, permitted) => seenIn(core.vault, rows, permitted),
      facts: ({ rows }) => rows.map((row) => row.fact_id as FactId),
      open: ({ rows, after }, _permits, decision): TimelineAnswer => ({
        items: openPage(core.vault, decision, rows),
        ...(after === null ? {} : { next: encodeCursor(after) }),
      }),
    });
    return release(answered(result, reply));
  }
}

function filterOf(query: TimelineQueryDto): Omit<TimelineQuestion, 'records' | 'slices' | 'purposeBit'> {
  const [from, to, asOf] = (['from', 'to', 'asOf'] as const).map((name) => dayIn(query, name));
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  if (query.cursor !== undefined && after === undefined)
    throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
  return {
    orderBy: query.orderBy ?? 'happened',
    limit: query.limit ?? 50,
    ...(from === undefined ? {} : { from: startOfDay(from) }),
    ...(to === undefined ? {} : { to: endOfDay(to) }),
    ...(asOf === undefined ? {} : { asOf }),
    ...(query.type === undefined ? {} : { types: query.type.split(',').slice(0, 50) }),
    ...(after === undefined ? {} : { after }),
  };
}

function dayIn(query: TimelineQueryDto, name: 'from' | 'to' | 'asOf') {
  const text = query[name];
  if (text === undefined) return undefined;
  const day = parsePlainDate(text);
  if (day === undefined) throw invalidInput([{ code: 'DAY_INVALID', pointer: `/${name}` }]);
  return day;
}
