import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isUuid, type FactId, type PlainDate } from '#kernel';
import { Access, CORE, CurrentPurposefulRequest, notFound, type Core, type PurposefulRequest } from '#nest-platform';
import {
  accessRequestRule,
  sealRequestWords,
  subjectAccessRule,
  subjectAccessStream,
  type RequestStanding,
  type Asked,
  type SubjectAccess,
  type SubjectAccessCommand,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { refusalProblem } from '../erasure/officer.ts';
import { waitForAll } from '../views/caught-up.ts';
import { PACKS, SUBJECT_ACCESS } from '../views/tokens.ts';
import { VIEWS, type Views } from '../views/views.ts';
import { answerCommand } from './answer-command.ts';
import type { SubjectAccessDesk } from './desk.ts';
import type { AccessPack, PackMaker } from './pack.ts';
import { packHtml } from './pack-html.ts';
import {
  AccessAnswerDto,
  AccessConfirmationDto,
  AccessExtensionDto,
  AccessIdentityDto,
  AccessPackDto,
  AccessPauseDto,
  AccessRedactionDto,
  AccessRefusalDto,
  AccessResumptionDto,
} from './subject-access.dto.ts';

/** What a step leaves: where the request stands. */
export interface AccessStep {
  readonly request: string;
  readonly status: string;
}

type Steps = (asked: Asked, today: PlainDate, by: string) => SubjectAccessCommand | Promise<SubjectAccessCommand>;

/** The steps of a subject access request, from the identity of whoever asks to what is handed over. */
@Controller('v1/subject-access-requests/:id')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class SubjectAccessStepsController {
  readonly #core: Core;
  readonly #desk: SubjectAccessDesk;
  readonly #views: Views;
  readonly #packs: PackMaker;

  constructor(
    @Inject(CORE) core: Core,
    @Inject(SUBJECT_ACCESS) desk: SubjectAccessDesk,
    @Inject(VIEWS) views: Views,
    @Inject(PACKS) packs: PackMaker,
  ) {
    this.#core = core;
    this.#desk = desk;
    this.#views = views;
    this.#packs = packs;
  }

  @ApiOperation({ summary: 'Say how it was made sure who asks' })
  @Post('identity')
  @HttpCode(200)
  identity(
    @Param('id') id: string,
    @Body() { how }: AccessIdentityDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, _today, by) => ({
      type: 'verifyIdentity',
      data: { request: id, how, by },
    }));
  }

  @ApiOperation({ summary: 'Stop the clock until whoever asks answers' })
  @Post('pauses')
  @HttpCode(200)
  pause(
    @Param('id') id: string,
    @Body() { reason, from }: AccessPauseDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, on, by) => ({
      type: 'pause',
      on,
      data: { request: id, reason, from: (from ?? on) as PlainDate, by },
    }));
  }

  @ApiOperation({ summary: 'Let the clock run again' })
  @Post('resumptions')
  @HttpCode(200)
  resume(
    @Param('id') id: string,
    @Body() { until }: AccessResumptionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, on, by) => ({
      type: 'resume',
      on,
      data: { request: id, until: (until ?? on) as PlainDate, by },
    }));
  }

  @ApiOperation({ summary: 'Take two months more' })
  @Post('extensions')
  @HttpCode(200)
  extend(
    @Param('id') id: string,
    @Body() { reason }: AccessExtensionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, on, by) => ({
      type: 'extend',
      on,
      data: { request: id, reason, by },
    }));
  }

  /** By the officer of the organisation that is asked, for its own system; the system itself answers at `/v1/subject-access-questions`. */
  @ApiOperation({ summary: 'Answer for one’s own system: content, nothing held, or not known here' })
  @Post('answers')
  @HttpCode(200)
  answer(
    @Param('id') id: string,
    @Body() { answer, content: text }: AccessAnswerDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    const { caller } = request;
    const step: Steps = (_asked, _today, by) => {
      const said = { source: caller.reader.organisation, answer, text, by };
      return answerCommand(this.#core, id, said);
    };
    return this.#step(id, request, step, 'source');
  }

  @ApiOperation({ summary: 'Keep an item back, or say that it may go out' })
  @Post('redactions')
  @HttpCode(200)
  redact(
    @Param('id') id: string,
    @Body() { item, outcome, reason }: AccessRedactionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    const withhold = outcome === 'withhold' ? (reason ?? 'serious-harm') : null;
    return this.#step(id, request, (_asked, _today, by) => ({
      type: 'mark',
      data: { request: id, item, withhold, by },
    }));
  }

  @ApiOperation({ summary: 'Agree, as a second person, with what is kept back' })
  @Post('approvals')
  @HttpCode(200)
  approve(
    @Param('id') id: string,
    @Body() _confirmation: AccessConfirmationDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, _today, by) => ({
      type: 'approve',
      data: { request: id, upTo: this.#core.clock.now(), by },
    }));
  }

  @ApiOperation({ summary: 'Hand it over' })
  @Post('releases')
  @HttpCode(200)
  release(
    @Param('id') id: string,
    @Body() _confirmation: AccessConfirmationDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, (_asked, _today, by) => ({
      type: 'release',
      data: { request: id, by },
    }));
  }

  @ApiOperation({ summary: 'Refuse the request, with its reason' })
  @Post('refusals')
  @HttpCode(200)
  refuse(
    @Param('id') id: string,
    @Body() { reason, words: text }: AccessRefusalDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    return this.#step(id, request, async (_asked, _today, by) => {
      const place = { stream: subjectAccessStream(id), entry: 'refused' };
      const words = await sealRequestWords(this.#core.vault, place, this.#core.clock.now(), text);
      const data = { request: id, reason, by };
      return { type: 'refuse', data: words === undefined ? data : { ...data, words } };
    });
  }

  /** By whoever asked, or an officer for them. */
  @ApiOperation({ summary: 'Withdraw the request' })
  @Post('withdrawals')
  @HttpCode(200)
  @Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
  withdraw(
    @Param('id') id: string,
    @Body() _confirmation: AccessConfirmationDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessStep> {
    const step: Steps = (_asked, _today, by) => ({ type: 'withdraw', data: { request: id, by } });
    return this.#step(id, request, step, 'officer', 'requester');
  }

  /** A draft for the officers until it is released; for whoever asked only then. Each reading is a look. */
  @ApiOperation({ summary: 'What is handed over, as a page or as JSON' })
  @Get('pack')
  @Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
  async pack(
    @Param('id') id: string,
    @Query() { format }: AccessPackDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessPack | string> {
    const asked = await this.#asked(id);
    await waitForAll(this.#core, [this.#views.timeline]);
    const pack = await shown(this.#core, request, {
      child: asked?.received.child ?? null,
      rule: (question) => (asked === undefined ? UNKNOWN : subjectAccessRule(question, asked)),
      find: async (scope) => (asked === undefined ? undefined : this.#packs.find(scope, asked)),
      seen: (found, permitted) => (found === undefined ? [] : this.#packs.seen(found, permitted)),
      facts: (found) => (found?.facts ?? []).map(({ row }) => row.fact_id as FactId),
      open: (found, scope, decision) =>
        found === undefined || asked === undefined ? undefined : this.#packs.open(found, scope, asked, decision),
    });
    if (pack === undefined) throw notFound();
    if (format !== 'html') return pack;
    request.reply.header('content-type', 'text/html; charset=utf-8');
    request.reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'");
    return packHtml(pack);
  }

  async #asked(id: string): Promise<Exclude<SubjectAccess, { status: 'none' }> | undefined> {
    const found: SubjectAccess = isUuid(id) ? await this.#desk.read(id) : { status: 'none' };
    return found.status === 'none' ? undefined : found;
  }

  /** One step by one of those who may take it; to everybody else the request is not there. */
  async #step(
    id: string,
    request: PurposefulRequest,
    step: Steps,
    ...by: readonly RequestStanding[]
  ): Promise<AccessStep> {
    const may = by.length === 0 ? ['officer'] : by;
    const asked = await this.#asked(id);
    const open = await shown(this.#core, request, {
      child: asked?.received.child ?? null,
      rule: (question) => {
        const ruling = asked === undefined ? UNKNOWN : accessRequestRule(question, asked);
        return ruling.effect === 'permit' && !may.includes(ruling.scope)
          ? { effect: 'deny', reasons: ['not-own-record'] }
          : ruling;
      },
      find: async () => undefined,
      facts: () => [],
      open: () => asked,
    });
    if (open === undefined) throw notFound();
    const { reader, correlationId } = request.caller;
    const command = await step(open, dayOf(this.#core.clock.now()), reader.sub);
    try {
      const { status } = await this.#desk.command(id, command, reader.organisation, correlationId);
      return { request: id, status };
    } catch (error) {
      throw refusalProblem(error);
    }
  }
}

const UNKNOWN = { effect: 'deny', reasons: ['child-unknown'] } as const;
