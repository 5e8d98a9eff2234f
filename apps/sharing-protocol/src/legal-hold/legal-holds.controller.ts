import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isUuid, randomUuid, type ChildId, type OrganisationId, type PlainDate } from '#kernel';
import { handleCommand } from '#event-log';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import {
  legalHoldDecider,
  legalHoldStream,
  NO_HOLDS,
  officerRule,
  openRequestWords,
  sealRequestWords,
  type LegalHoldCommand,
  type LegalHolds,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { foldOf } from '../erasure/fold.ts';
import { officeOf } from '../erasure/officer.ts';
import { LegalHoldChangeDto, LegalHoldDto } from './legal-holds.dto.ts';

/** A hold as an officer reads it. */
export interface LegalHoldView {
  readonly hold: string;
  readonly organisation: string | null;
  readonly reason: string;
  readonly reviewOn: string;
  readonly reviewDue: boolean;
  readonly words: string | null;
}

/** Holds on what is kept of a child: while one holds, nothing it covers is destroyed, whoever asks and however old it is. */
@Controller('v1/children/:childId/legal-holds')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class LegalHoldsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Legal holds on what is kept of a child' })
  @Get()
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly holds: readonly LegalHoldView[] }> {
    const { holds } = await this.#held(childId, request);
    return { holds };
  }

  @ApiOperation({ summary: 'Place a legal hold' })
  @Post()
  @HttpCode(201)
  async place(
    @Param('childId') childId: string,
    @Body() dto: LegalHoldDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly hold: string }> {
    const { caller } = request;
    const organisation = (dto.organisation ?? null) as OrganisationId | null;
    const { child } = await this.#held(childId, request);
    // An organisation's own officer keeps what that organisation told; a child nobody has told of has nothing to keep.
    const office = officeOf(caller);
    const all = await this.#core.recordsOf(child);
    const records = all.filter((each) => organisation === null || each.organisation === organisation);
    if (records.length === 0 || (office !== null && office !== organisation)) throw notFound();
    const { clock, chance, vault } = this.#core;
    const hold = randomUuid(chance);
    const words = await sealRequestWords(
      vault,
      { stream: legalHoldStream(child), entry: hold },
      clock.now(),
      dto.words,
    );
    const { reason } = dto;
    const reviewOn = dto.reviewOn as PlainDate;
    const data = { hold, organisation, reason, reviewOn, by: caller.reader.sub };
    await this.#change(child, caller, {
      type: 'place',
      on: dayOf(clock.now()),
      data: words === undefined ? data : { ...data, words },
    });
    return { hold };
  }

  @ApiOperation({ summary: 'Review or lift a legal hold' })
  @Patch(':hold')
  async change(
    @Param('childId') childId: string,
    @Param('hold') hold: string,
    @Body() dto: LegalHoldChangeDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly hold: string }> {
    const { caller } = request;
    const { child, holds } = await this.#held(childId, request);
    const held = holds.find((each) => each.hold === hold);
    const office = officeOf(caller);
    if (held === undefined || (office !== null && office !== held.organisation)) throw notFound();
    const by = caller.reader.sub;
    if (dto.change === 'lift') {
      await this.#change(child, caller, { type: 'lift', data: { hold, by } });
    } else {
      const reviewOn = (dto.reviewOn ?? '') as PlainDate;
      const on = dayOf(this.#core.clock.now());
      await this.#change(child, caller, { type: 'review', on, data: { hold, reviewOn, by } });
    }
    return { hold };
  }

  /** The holds an officer may know of: all for the area's, those on their own records for an organisation's. */
  async #held(childId: string, request: PurposefulRequest) {
    const { caller } = request;
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const office = officeOf(caller);
    const tellers = child === null ? [] : (await this.#core.recordsOf(child)).map(({ organisation }) => organisation);
    const holds = await shown(this.#core, request, {
      child,
      rule: (question) => officerRule(question, office !== null && tellers.includes(office) ? office : null),
      find: async () =>
        child === null ? NO_HOLDS : foldOf<LegalHolds>(this.#core.log, legalHoldStream(child), legalHoldDecider),
      facts: () => [],
      open: ({ holding }: LegalHolds, _scope, decision): Promise<readonly LegalHoldView[]> => {
        const today = dayOf(this.#core.clock.now());
        const held = [...holding.values()]
          .filter(({ organisation }) => office === null || organisation === null || organisation === office)
          .map(async ({ hold, organisation, reason, reviewOn, words }) => {
            const place = { stream: legalHoldStream(child ?? ('' as ChildId)), entry: hold };
            const said = (await openRequestWords(this.#core.vault, decision, place, words)) ?? null;
            return { hold, organisation, reason, reviewOn, reviewDue: reviewOn <= today, words: said };
          });
        return Promise.all(held);
      },
    });
    if (child === null) throw notFound();
    return { child, holds };
  }

  async #change(child: ChildId, { reader, correlationId }: PurposefulCaller, command: LegalHoldCommand): Promise<void> {
    const { log, clock } = this.#core;
    const handled = await handleCommand({
      log,
      stream: legalHoldStream(child),
      decider: legalHoldDecider,
      command,
      meta: { at: clock.now(), by: reader.organisation, correlationId },
    });
    if (!handled.ok) throw invalidInput([handled.error]);
  }
}
