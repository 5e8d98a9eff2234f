import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid } from '#kernel';
import { PEOPLE } from '#contracts';
import { Access, CORE, CurrentPurposefulRequest, type Core, type PurposefulRequest } from '#nest-platform';
import type { View } from '#projections';
import { appendLook, handleReview, openAuditWords, readReview } from '#sharing';
import { grantDisclose } from '#vault';
import { readYourWrites } from '../answer/read-your-writes.ts';
import { questionsTo } from '../views/reviews/query.ts';
import { REVIEWS } from '../views/tokens.ts';
import { refuseUnknown } from './officers.ts';
import { refusal } from './reviews.controller.ts';
import { AnswerDto } from './reviews.dto.ts';

/** The questions that officers put to the person who calls, and the answers; of the case nothing else is theirs to see. */
@Controller('v1/reviews')
@Access({ roles: PEOPLE, purpose: 'required' })
export class QuestionsController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(REVIEWS) view: View) {
    this.#core = core;
    this.#view = view;
  }

  @ApiOperation({ summary: 'Questions that officers put to you about your accesses' })
  @Get('questions')
  async questions(@CurrentPurposefulRequest() request: PurposefulRequest): Promise<{
    readonly questions: readonly {
      readonly review: string;
      readonly question: string;
      readonly time: string;
      readonly words: string | null;
    }[];
  }> {
    const { caller, route, reply } = request;
    await readYourWrites(this.#core, caller, [this.#view]);
    const decision = await appendLook(this.#core.looks, caller, {
      effect: 'permit',
      route,
      child: null,
      slices: [],
      reasons: ['own-questions'],
      facts: [],
      registry: await this.#core.tails.registry(),
      protections: [],
    });
    reply.header('hub-decision-id', decision);
    const rows = await questionsTo(this.#view.db, caller.reader.sub);
    const questions = rows.map(
      async ({ review, question, asked_at: time, stream, revision, key_id: key, iv, sealed_text: text }) => {
        const place = { stream, revision, type: 'review.decided.v1' };
        const { vault } = this.#core;
        const words = await openAuditWords(vault, grantDisclose(decision), place, { key, iv, text });
        return { review, question, time, words: words ?? null };
      },
    );
    return { questions: await Promise.all(questions) };
  }

  @ApiOperation({ summary: 'Answer a question about your accesses' })
  @Post(':review/answers')
  @HttpCode(200)
  async answer(
    @Param('review') review: string,
    @Body() dto: AnswerDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly question: string }> {
    const { caller } = request;
    const core = this.#core;
    const known = isUuid(review) ? await readReview(core.log, review) : undefined;
    // Whoever was not asked learns nothing of a case, not that there is one.
    if (known?.person !== caller.reader.sub || !known.questions.has(dto.question)) return refuseUnknown(core, request);
    const { question, answer: words } = dto;
    const book = { log: core.log, vault: core.vault, clock: core.clock };
    const command = { type: 'answer', question, words, by: caller.reader.sub } as const;
    const meta = { by: caller.reader.organisation, correlationId: caller.correlationId };
    const outcome = await handleReview(book, review, command, meta);
    if (!outcome.ok) throw refusal(outcome.error);
    return { question };
  }
}
