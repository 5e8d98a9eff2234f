import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { endOfDay, isUuid, parsePlainDate, startOfDay, type ChildId, type FactId } from '#kernel';
import { PEOPLE, purposeBits } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import { factsRule, obligationsOf, seenUnder } from '#sharing';
import { shown } from '../../answer/shown.ts';
import { readYourWrites } from '../../answer/read-your-writes.ts';
import { TIMELINE } from '../tokens.ts';
import {
  oneEach,
  openExisting,
  openPage,
  permitsSeen,
  slicesFor,
  underPermits,
  type ExistingItem,
  type TimelineItem,
} from './answer.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { existingRows, timelinePage, type TimelineQuestion } from './query.ts';
import { TimelineQueryDto } from './timeline.dto.ts';

/** A page of a child's timeline: what this reader may see for this purpose. `next` only where something permitted follows. */
export interface TimelineAnswer {
  readonly items: readonly TimelineItem[];
  /** On the first page of today: what this reader may only know to exist. Absent where there is nothing such. */
  readonly exists?: readonly ExistingItem[];
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
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<TimelineAnswer> {
    const { caller } = request;
    const core = this.#core;
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const filter = filterOf(query);
    const first = query.cursor === undefined && query.asOf === undefined;
    await readYourWrites(core, caller, [this.#view]);
    return shown(core, request, {
      child,
      rule: factsRule,
      find: async (permits) => {
        const records = child === null ? [] : (await core.recordsOf(child)).map(({ recordId }) => recordId);
        const purposeBit = purposeBits([caller.purpose]);
        const of = (mode: 'content' | 'existence') => permits.filter((permit) => permit.mode === mode);
        const slices = await slicesFor(of('content'), records, core.vault);
        const { rows, after } = await timelinePage(this.#view.db, { ...filter, records, slices, purposeBit });
        const only = first ? await slicesFor(of('existence'), records, core.vault) : [];
        const existing = await existingRows(this.#view.db, { records, slices: only, purposeBit });
        return {
          page: await underPermits(core.vault, rows, of('content')),
          existing: oneEach(await underPermits(core.vault, existing, of('existence'))),
          after,
        };
      },
      seen: ({ page, existing }) => permitsSeen([...page, ...existing]).map(seenUnder),
      obligations: ({ page, existing }) => obligationsOf(permitsSeen([...page, ...existing])),
      facts: ({ page, existing }) => [...page, ...existing].map(({ row }) => row.fact_id as FactId),
      open: async ({ page, existing, after }, _permits, decision): Promise<TimelineAnswer> => {
        const [exists, items] = await Promise.all([
          openExisting(core.vault, decision, existing),
          openPage(core.vault, decision, page),
        ]);
        return {
          items,
          ...(exists.length === 0 ? {} : { exists }),
          ...(after === null ? {} : { next: encodeCursor(after) }),
        };
      },
    });
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
