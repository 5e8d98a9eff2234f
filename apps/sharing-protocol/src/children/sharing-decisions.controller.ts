import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, type ChildId, type OrganisationId, type PlainDate } from '#kernel';
import type { Category, Purpose, SharingDecided } from '#contracts';
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
import { openWords, sealWords, sourceRule, type CompleteQuestion, type Protection } from '#sharing';
import { grantDisclose } from '#vault';
import { SharingDecisionDto, SharingDecisionEndDto } from './sharing-decisions.dto.ts';
import { carryOut, idOr, ownRecord, permitted, PROFESSIONALS, tellersOf, type Asked } from './stating.ts';

const TYPE = 'sharing.decided.v1';
/** Compartment of the words, beside the categories of the record's facts. */
const COMPARTMENT = 'sharing-decision';

/** Decisions of an organisation not to share its facts of a child, or to share them without consent, with their reasons. */
@Controller('v1/children/:childId/sharing-decisions')
@Access({ roles: PROFESSIONALS, purpose: 'required' })
export class SharingDecisionsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Decisions of your organisation to share about a child or not' })
  @Get()
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly decisions: readonly object[] }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { value } = await permitted(this.#core, asked, await this.#rule(asked), (all, decision) =>
      Promise.all(this.#own(all, caller).map(({ child, decided }) => this.#view(decision, child, decided))),
    );
    return { decisions: value };
  }

  @ApiOperation({ summary: 'Decide not to share about a child, or to share without consent' })
  @Post()
  @HttpCode(201)
  async decide(
    @Param('childId') childId: string,
    @Body() dto: SharingDecisionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly decision: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const recipient = (dto.recipient ?? null) as OrganisationId | null;
    const registry = await this.#core.tails.registry();
    if (recipient !== null && !registry.organisations.has(recipient))
      throw invalidInput([{ code: 'ORGANISATION_UNKNOWN', pointer: '/recipient' }]);
    const { child, value: known } = await permitted(this.#core, asked, await this.#rule(asked), (all) =>
      this.#own(all, caller).find(({ decided }) => decided.decision === dto.id?.toLowerCase()),
    );
    const owner = await ownRecord(this.#core, asked);
    if (owner === undefined) throw notFound();
    const decision = idOr(this.#core, dto.id);
    const { reader } = caller;
    const of = { child, type: TYPE, id: decision, owner };
    const data: SharingDecided = {
      decision,
      outcome: dto.outcome,
      source: reader.organisation,
      recipient,
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      ground: dto.ground,
      // Asked again by whoever, on whichever day, it is the same decision.
      by: known?.decided.by ?? reader.sub,
      from: (dto.from ?? known?.decided.from ?? dayOf(this.#core.clock.now())) as PlainDate,
      until: (dto.until ?? null) as PlainDate | null,
      ...(dto.words === undefined
        ? {}
        : { words: await sealWords(this.#core.looks.vault, of, COMPARTMENT, dto.words) }),
    };
    await carryOut(this.#core, asked, known?.child ?? child, { type: 'decideSharing', data });
    return { decision };
  }

  @ApiOperation({ summary: 'End a decision to share or not' })
  @Post(':decision/endings')
  @HttpCode(200)
  async end(
    @Param('childId') childId: string,
    @Param('decision') decision: string,
    @Body() { because }: SharingDecisionEndDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly decision: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { child, value: known } = await permitted(this.#core, asked, await this.#rule(asked), (all) => ({
      at: this.#own(all, caller).find(({ decided }) => decided.decision === decision),
      over: all.some(({ over }) => over.has(decision)),
    }));
    if (known.at === undefined && !known.over) throw notFound();
    const { organisation, sub } = caller.reader;
    const data = { decision, by: sub, because };
    const command = { type: 'endSharingDecision', source: organisation, data } as const;
    await carryOut(this.#core, asked, known.at?.child ?? child, command);
    return { decision };
  }

  async #rule({ childId }: Asked): Promise<(question: CompleteQuestion) => ReturnType<typeof sourceRule>> {
    const tellers = (await tellersOf(this.#core, childId)).map(({ organisation }) => organisation);
    return (question) => sourceRule(question, tellers);
  }

  /** The decisions of the caller's organisation, with the child on whose stream each stands: one not to share outlives a record's move. */
  #own(protections: readonly Protection[], { reader }: PurposefulCaller) {
    return protections.flatMap(({ child, sharingDecisions }) =>
      [...sharingDecisions.values()]
        .filter(({ source }) => source === reader.organisation)
        .map((decided) => ({ child, decided })),
    );
  }

  async #view(look: string, child: ChildId, decided: SharingDecided): Promise<object> {
    const { decision, outcome, recipient, categories, purposes, ground, from, until, words } = decided;
    const of = { child, type: TYPE, id: decision };
    const opened = words === undefined ? undefined : await openWords(this.#core.vault, grantDisclose(look), of, words);
    const view = { decision, outcome, recipient, categories, purposes, ground, from, until };
    return opened === undefined ? view : { ...view, words: opened };
  }
}
