import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid } from '#kernel';
import { Access, callerOf, CORE, notFound, routeOf, type Core, type PurposefulCaller } from '#nest-platform';
import type { View } from '#projections';
import {
  accessRequestRule,
  isHeldHere,
  openRequestWords,
  subjectAccessStream,
  type Asked,
  type SubjectAccess,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { RequestPageDto } from '../erasure/erasure-requests.dto.ts';
import { refusalProblem } from '../erasure/officer.ts';
import { waitingFor } from '../views/requests/query.ts';
import { REQUESTS, SUBJECT_ACCESS } from '../views/tokens.ts';
import { answerCommand } from './answer-command.ts';
import type { AccessDue, SubjectAccessDesk } from './desk.ts';
import { AccessAnswerDto } from './subject-access.dto.ts';

/** A request that waits for a system's answer: nothing of whom it is about. */
export interface AccessQuestionItem {
  readonly request: string;
  readonly due: AccessDue;
}

/** What a system must know to answer for itself. */
export interface AccessQuestion {
  readonly request: string;
  readonly status: string;
  readonly childId: string;
  readonly receivedOn: string;
  readonly due: AccessDue;
  readonly words: string | null;
  /** What it answered; null before. */
  readonly answer: string | null;
}

/**
 * The side of an organisation's own system in a subject access request: what waits for it, what is asked, what it answers. A system states no
 * purpose here: there is one only, and it is no purpose of the role's, because the rules of sharing would then let it read facts.
 */
@Controller('v1/subject-access-questions')
@Access({ roles: ['organisation-system'], purpose: 'none' })
export class SubjectAccessQuestionsController {
  readonly #core: Core;
  readonly #desk: SubjectAccessDesk;
  readonly #requests: View;

  constructor(@Inject(CORE) core: Core, @Inject(SUBJECT_ACCESS) desk: SubjectAccessDesk, @Inject(REQUESTS) view: View) {
    this.#core = core;
    this.#desk = desk;
    this.#requests = view;
  }

  @ApiOperation({ summary: 'Subject access requests that wait for the system’s own answer' })
  @Get()
  async list(
    @Query() { after, limit = 200 }: RequestPageDto,
    @Req() request: FastifyRequest,
  ): Promise<{ readonly questions: readonly AccessQuestionItem[]; readonly next?: string }> {
    const { organisation } = callerOf(request).reader;
    const { ids, next } = await waitingFor(this.#requests.db, organisation, after, limit);
    const questions: AccessQuestionItem[] = [];
    for (const id of ids) {
      const found = await this.#desk.read(id);
      if (found.status === 'none' || found.identity === null || isHeldHere(organisation)) continue;
      questions.push({ request: id, due: this.#desk.due(found) });
    }
    return { questions, ...(next === null ? {} : { next }) };
  }

  @ApiOperation({ summary: 'What is asked of the system' })
  @Get(':id')
  async read(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AccessQuestion> {
    const { organisation } = callerOf(request).reader;
    return this.#asked(id, request, reply, async (asked, decision) => {
      const { request: of, child, receivedOn, words } = asked.received;
      const place = { stream: subjectAccessStream(of), entry: 'received' };
      return {
        request: of,
        status: asked.status,
        childId: child,
        receivedOn,
        due: this.#desk.due(asked),
        words: (await openRequestWords(this.#core.vault, decision, place, words)) ?? null,
        answer: asked.answers.get(organisation)?.answer ?? null,
      };
    });
  }

  @ApiOperation({ summary: 'Answer for the system: content, nothing held, or not known here' })
  @Post(':id/answers')
  @HttpCode(200)
  async answer(
    @Param('id') id: string,
    @Body() { answer, content }: AccessAnswerDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly request: string; readonly status: string }> {
    await this.#asked(id, request, reply, () => true);
    const { reader, correlationId } = callerOf(request);
    const said = { source: reader.organisation, answer, text: content, by: reader.sub };
    try {
      const command = await answerCommand(this.#core, id, said);
      const { status } = await this.#desk.command(id, command, reader.organisation, correlationId);
      return { request: id, status };
    } catch (error) {
      throw refusalProblem(error);
    }
  }

  /** Reads a request as a source, under a look; to every other system, and before it is known who asks, it is not there. */
  async #asked<T>(
    id: string,
    request: FastifyRequest,
    reply: FastifyReply,
    open: (asked: Open, decision: string) => T | Promise<T>,
  ): Promise<T> {
    const found: SubjectAccess = isUuid(id) ? await this.#desk.read(id) : { status: 'none' };
    const asked = found.status === 'none' ? undefined : found;
    const caller: PurposefulCaller = { ...callerOf(request), purpose: 'subject-access' };
    const place = { caller, route: routeOf(request), reply };
    return shown(this.#core, place, {
      child: asked?.received.child ?? null,
      rule: (question) =>
        asked === undefined ? { effect: 'deny', reasons: ['child-unknown'] } : accessRequestRule(question, asked),
      find: async () => undefined,
      facts: () => [],
      open: (_found, _standing, decision) => {
        if (asked === undefined) throw notFound();
        return open(asked, decision);
      },
    });
  }
}

type Open = Asked & { readonly status: string };
