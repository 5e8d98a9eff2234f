import { Body, Controller, Get, HttpCode, Inject, Put, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { endOfDay, isUuid, type OrganisationId } from '#kernel';
import { decodeRecord, SAMPLING_PLAN_STREAM, type SamplingEvent, type SamplingLine } from '#contracts';
import { handleCommand, readWholeStream } from '#event-log';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import { isSampled, lastDayOfWeek, samplingDecider } from '#sharing';
import { DETECTIONS_STATE, type Detections } from '../detections/open-detections.ts';
import type { CandidateRow } from '../detections/state.ts';
import { reviewId } from './cases.ts';
import { lookAtList, mustAudit, mustBeOfArea, officersScope } from './officers.ts';
import { SamplesQueryDto, SamplingPlanDto } from './reviews.dto.ts';

/** Candidates are read in pieces of so many until a page is full. */
const PIECE = 500;

/** Which accesses are reviewed without any suspicion: the plan, and the sample of a week that follows from it. */
@Controller('v1')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class SamplingController {
  readonly #core: Core;
  readonly #detections: Detections;

  constructor(@Inject(CORE) core: Core, @Inject(DETECTIONS_STATE) detections: Detections) {
    this.#core = core;
    this.#detections = detections;
  }

  @ApiOperation({ summary: 'The sampling plan' })
  @Get('review-sampling-plan')
  async plan(
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly lines: readonly SamplingLine[] }> {
    await lookAtList(this.#core, request);
    return { lines: await this.#lines() };
  }

  @ApiOperation({ summary: 'Replace the sampling plan' })
  @Put('review-sampling-plan')
  @HttpCode(200)
  async replace(
    @Body() dto: SamplingPlanDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly changed: boolean }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    await mustBeOfArea(this.#core, request);
    const { reader, correlationId } = caller;
    const lines = dto.lines.map(({ of, percent, purpose, organisation }) => ({
      of,
      percent,
      purpose: purpose ?? null,
      organisation: (organisation ?? null) as OrganisationId | null,
    }));
    const handled = await handleCommand({
      log: this.#core.log,
      stream: SAMPLING_PLAN_STREAM,
      decider: samplingDecider,
      command: { lines, by: reader.sub },
      meta: { at: this.#core.clock.now(), by: reader.organisation, correlationId },
    });
    if (!handled.ok) throw invalidInput([handled.error]);
    return { changed: handled.value.changes > 0 };
  }

  /**
   * The sample of a week, by the plan as it was at the week's end, in the order of the draws. Whoever holds the log draws it again from the
   * ids: nobody picked it.
   */
  @ApiOperation({ summary: 'The looks that the plan draws for a week' })
  @Get('review-samples')
  async samples(@Query() query: SamplesQueryDto, @CurrentPurposefulRequest() request: PurposefulRequest) {
    const { caller } = request;
    const { week, limit = 100 } = query;
    const sunday = lastDayOfWeek(week);
    if (sunday === undefined) throw invalidInput([{ code: 'WEEK_INVALID', pointer: '/week' }]);
    const after = query.cursor === undefined ? { draw: -1, decision: '' } : readCursor(query.cursor);
    if (after === undefined) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    await lookAtList(this.#core, request);
    const lines = await this.#lines(endOfDay(sunday));
    const scope = officersScope(caller);
    const drawn = lines.length === 0 ? [] : this.#drawn(week, lines, scope, after, limit + 1);
    const rows = drawn.slice(0, limit);
    const last = rows.at(-1);
    const samples = rows.map((row) => ({ ...row, review: reviewId({ cause: 'sample', reference: row.decision }) }));
    const more = drawn.length > limit && last !== undefined;
    return { week, lines, samples, ...(more ? { next: `${String(last.draw)}.${last.decision}` } : {}) };
  }

  #drawn(
    week: string,
    lines: readonly SamplingLine[],
    scope: OrganisationId | null,
    after: { readonly draw: number; readonly decision: string },
    most: number,
  ): readonly CandidateRow[] {
    const drawn: CandidateRow[] = [];
    for (let place = after; ;) {
      const piece = this.#detections.state.candidates(week, place, PIECE);
      for (const row of piece) {
        if ((scope === null || row.organisation === scope) && isSampled(row, lines)) drawn.push(row);
        if (drawn.length === most) return drawn;
      }
      const last = piece.at(-1);
      if (last === undefined || piece.length < PIECE) return drawn;
      place = last;
    }
  }

  /** The lines in force, or those that were at an instant. */
  async #lines(at?: string): Promise<readonly SamplingLine[]> {
    const events = await readWholeStream(this.#core.log, SAMPLING_PLAN_STREAM);
    const plans = events.map(({ data }) => decodeRecord(data) as unknown as SamplingEvent);
    const then = plans.filter(({ recordedAt }) => at === undefined || recordedAt <= at);
    return then.at(-1)?.data.lines ?? [];
  }
}

function readCursor(text: string): { readonly draw: number; readonly decision: string } | undefined {
  const [draw = '', decision = ''] = text.split('.');
  return /^\d{1,10}$/.test(draw) && isUuid(decision) ? { draw: Number(draw), decision } : undefined;
}
