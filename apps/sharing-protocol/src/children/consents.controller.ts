import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Req, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid, type ChildId, type PlainDate } from '#kernel';
import { looksPersonal, type Category, type ConsentGiven, type ConsentRefused, type Purpose } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulCaller,
  invalidInput,
  notFound,
  type Core,
  type PurposefulCaller,
} from '#nest-platform';
import { consentsRule, release, type Protection, type ProtectionCommand } from '#sharing';
import { answered } from './answered.ts';
import { ConsentChangeDto, ConsentDto } from './consents.dto.ts';

/** A consent as the family reads it. */
interface ConsentView {
  readonly consent: string;
  readonly state: 'given' | 'refused';
  readonly categories: readonly string[];
  readonly purposes: readonly string[];
  readonly authority: string;
  readonly until: string | null;
}

/** Consents of a child: read and changed by those with authority. A change holds for the very next request of anybody. */
@Controller('v1/children/:childId/consents')
@Access({ roles: ['parent', 'young-person'], purpose: 'required' })
export class ConsentsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Consents of a child' })
  @Get()
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly consents: readonly ConsentView[] }> {
    const { held } = await this.#consents(childId, caller, request, reply);
    return { consents: held.map(({ view }) => view) };
  }

  @ApiOperation({ summary: 'Give or refuse a consent' })
  @Post()
  @HttpCode(201)
  async decide(
    @Param('childId') childId: string,
    @Body() dto: ConsentDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly consent: string }> {
    // The name stands in the log as it is.
    if (looksPersonal(dto.consent)) throw invalidInput([{ code: 'ID_LOOKS_PERSONAL', pointer: '/consent' }]);
    const { child } = await this.#consents(childId, caller, request, reply);
    const { consent, authority } = dto;
    const by = caller.reader.sub;
    const scope = {
      consent,
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      authority,
      by,
    };
    const until = (dto.until ?? null) as PlainDate | null;
    const given: ConsentGiven = { ...scope, until };
    await this.#change(
      child,
      caller,
      reply,
      dto.decision === 'give' ? { type: 'giveConsent', data: given } : { type: 'refuseConsent', data: scope },
    );
    return { consent };
  }

  @ApiOperation({ summary: 'Withdraw a consent' })
  @Patch(':consent')
  async withdraw(
    @Param('childId') childId: string,
    @Param('consent') consent: string,
    @Body() _change: ConsentChangeDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly consent: string }> {
    const { held } = await this.#consents(childId, caller, request, reply);
    // Where a record was moved, a refusal still stands under the child it was made for.
    const directive = held.find(({ view }) => view.consent === consent);
    if (directive === undefined) throw notFound();
    const data = { consent, by: caller.reader.sub };
    await this.#change(directive.child, caller, reply, { type: 'withdrawConsent', data });
    return { consent };
  }

  async #consents(childId: string, caller: PurposefulCaller, request: FastifyRequest, reply: FastifyReply) {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const result = await this.#core.disclose({
      caller,
      child,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      rule: consentsRule,
      find: async () => (child === null ? [] : this.#core.tails.protections(child)),
      facts: () => [],
      open: (protections) => protections.flatMap((each) => viewsOf(each).map((view) => ({ child: each.child, view }))),
    });
    const held = release(answered(result, reply));
    if (child === null) throw notFound();
    return { child, held };
  }

  async #change(
    child: ChildId,
    caller: PurposefulCaller,
    reply: FastifyReply,
    command: ProtectionCommand,
  ): Promise<void> {
    const { reader, correlationId } = caller;
    const outcome = await this.#core.protectionCommand(child, command, { by: reader.organisation, correlationId });
    if (!outcome.ok) throw invalidInput(outcome.error);
    const { token } = outcome.value;
    if (token !== null) reply.header('hub-min-token', this.#core.tokens.issue(reader.sub, token));
  }
}

function viewsOf({ consents, refusals }: Protection): readonly ConsentView[] {
  return [
    ...[...consents.values()].map((each) => viewOf(each, 'given', each.until)),
    ...[...refusals.values()].map((each) => viewOf(each, 'refused', null)),
  ];
}

function viewOf(
  { consent, categories, purposes, authority }: ConsentRefused,
  state: ConsentView['state'],
  until: string | null,
): ConsentView {
  return { consent, state, categories, purposes, authority, until };
}
