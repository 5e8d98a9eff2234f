import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { parsePlainDate, type OrganisationId } from '#kernel';
import type { AgreementInForce } from '#contracts';
import { Access, CORE, CurrentCaller, invalidInput, notFound, type Caller, type Core } from '#nest-platform';
import { agreementInWords, type AgreementRecord, type RegistryCommand } from '#sharing';
import { noPersonIn } from '../registry/no-person.ts';
import { AgreementsQueryDto, ReasonDto, UndoingDto } from './agreements.dto.ts';
import { changed, nameIn, partyOf, type Changed } from './party.ts';

/** An agreement that both parties approved and neither ended. */
export type HeldAgreement = AgreementInForce & {
  readonly state: 'in-force' | 'suspended';
  readonly suspendedBy: readonly OrganisationId[];
};

/** Agreements in force, and what either party may do to one alone: everything that only restricts. Nothing here is about a child. */
@Controller('v1/agreements')
@Access({ roles: ['data-protection-officer', 'organisation-system'], purpose: 'none' })
export class AgreementsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  /** With `reviewBy`, those whose parties have to look at them again by that day, the earliest first. */
  @ApiOperation({ summary: 'Agreements in force' })
  @Get()
  @Access({ roles: 'signed-in', purpose: 'none' })
  async list(@Query() query: AgreementsQueryDto): Promise<{ readonly agreements: readonly HeldAgreement[] }> {
    const { book } = await this.#core.tails.registry();
    const agreements = [...book.values()].flatMap((record) => heldIn(record) ?? []);
    const { reviewBy } = query;
    if (reviewBy === undefined) return { agreements };
    if (parsePlainDate(reviewBy) === undefined) throw invalidInput([{ code: 'DATE_INVALID', pointer: '/reviewBy' }]);
    const due = agreements.filter(({ terms }) => terms !== undefined && terms.reviewBy <= reviewBy);
    const day = ({ terms }: HeldAgreement) => terms?.reviewBy ?? '';
    return { agreements: due.sort((a, b) => (day(a) < day(b) ? -1 : day(a) > day(b) ? 1 : 0)) };
  }

  /** To everybody signed in, parents included: what is agreed about children is no secret from them. Drafts are the parties' own. */
  @ApiOperation({ summary: 'An agreement in force, and what it says in plain English' })
  @Get(':agreement')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async read(
    @Param('agreement') agreement: string,
  ): Promise<{ readonly agreement: HeldAgreement; readonly words: ReturnType<typeof agreementInWords> }> {
    const registry = await this.#core.tails.registry();
    const record = registry.book.get(agreement);
    const held = record === undefined ? undefined : heldIn(record);
    if (held === undefined) throw notFound();
    return { agreement: held, words: agreementInWords(held, nameIn(registry)) };
  }

  @ApiOperation({ summary: 'Share nothing under an agreement until it is resumed' })
  @Post(':agreement/suspensions')
  @HttpCode(200)
  async suspend(
    @Param('agreement') agreement: string,
    @Body() { reason }: ReasonDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    noPersonIn({ reason });
    const party = await this.#party(agreement, caller);
    return this.#command({ type: 'suspendAgreement', data: { agreement, party, reason } }, caller);
  }

  @ApiOperation({ summary: 'Take back one’s own suspension of an agreement' })
  @Post(':agreement/resumptions')
  @HttpCode(200)
  async resume(@Param('agreement') agreement: string, @CurrentCaller() caller: Caller): Promise<Changed> {
    const party = await this.#party(agreement, caller);
    return this.#command({ type: 'resumeAgreement', data: { agreement, party } }, caller);
  }

  @ApiOperation({ summary: 'End an agreement' })
  @Post(':agreement/endings')
  @HttpCode(200)
  async end(
    @Param('agreement') agreement: string,
    @Body() { reason }: ReasonDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    noPersonIn({ reason });
    const party = await this.#party(agreement, caller);
    return this.#command({ type: 'endAgreement', data: { agreement, party, reason } }, caller);
  }

  /** 409 with HUB_UNDO_NEEDS_BOTH_PARTIES where the version before would let somebody see more than the one in force. */
  @ApiOperation({ summary: 'Undo the coming into force of a version: the one before holds again' })
  @Post(':agreement/undoings')
  @HttpCode(200)
  async undo(
    @Param('agreement') agreement: string,
    @Body() { version, reason }: UndoingDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    noPersonIn({ reason });
    const party = await this.#party(agreement, caller);
    return this.#command({ type: 'undoAgreement', data: { agreement, version, party, reason } }, caller);
  }

  async #party(agreement: string, caller: Caller): Promise<OrganisationId> {
    return partyOf(await this.#core.tails.registry(), agreement, caller);
  }

  async #command(command: RegistryCommand, { reader, correlationId }: Caller): Promise<Changed> {
    return changed(await this.#core.registryCommand(command, { by: reader.organisation, correlationId }));
  }
}

function heldIn({ held, suspendedBy }: AgreementRecord): HeldAgreement | undefined {
  const current = held.at(-1);
  if (current === undefined) return undefined;
  const state = suspendedBy.size === 0 ? 'in-force' : 'suspended';
  return { ...current, state, suspendedBy: [...suspendedBy].sort() };
}
