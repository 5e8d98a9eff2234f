import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiHeader, ApiOperation, ApiQuery } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock, Outcome } from '#kernel';
import type { LogToken } from '#event-log';
import type { Connector } from '#contracts';
import { CORE } from '../core/core.ts';
import type { Core } from '../core/core.ts';
import { Access } from '../guard/access.ts';
import { callerOf } from '../guard/caller.ts';
import { unsupportedMediaType } from '../http/body.ts';
import { invalidInput, notFound, Problem } from '../problem/problem.ts';
import type { ProblemPlace } from '../problem/problem.ts';
import { BATCH_LIMITS, BATCH_MEDIA_TYPE } from './batch.ts';
import { bodyOf } from './body.ts';
import { ConnectorRegistry } from './connector-registry.ts';
import { Intake } from './intake.ts';
import type { IntakeAnswer, IntakeRequest } from './intake.ts';
import type { Receipt, ReceiptItem, Receipts } from './receipt.ts';
import {
  isOwn,
  mediaTypeOf,
  placeOf,
  readIdempotencyKey,
  readPageQuery,
  readSubmissionQuery,
  wantsBackground,
} from './request.ts';
import { BodyTooLarge } from './spool.ts';
import { CLOCK, RECEIPTS } from './tokens.ts';

/** Organisations' systems hand in files and signed facts, and read what became of them. */
@Controller('v1')
@Access({ roles: ['organisation-system'], purpose: 'none' })
export class SubmissionsController {
  readonly #intake: Intake;
  readonly #registry: ConnectorRegistry;
  readonly #receipts: Receipts;
  readonly #clock: Clock;
  readonly #core: Pick<Core, 'tokens'>;

  constructor(
    @Inject(Intake) intake: Intake,
    @Inject(ConnectorRegistry) registry: ConnectorRegistry,
    @Inject(RECEIPTS) receipts: Receipts,
    @Inject(CLOCK) clock: Clock,
    @Inject(CORE) core: Pick<Core, 'tokens'>,
  ) {
    this.#intake = intake;
    this.#registry = registry;
    this.#receipts = receipts;
    this.#clock = clock;
    this.#core = core;
  }

  @ApiOperation({ summary: 'Hand in a file or signed facts' })
  @ApiConsumes(BATCH_MEDIA_TYPE)
  @ApiBody({
    description: 'Signed facts, one compact JWS each, or a file in the format of its media type',
    schema: { type: 'array', items: { type: 'string' }, maxItems: BATCH_LIMITS.items },
  })
  @ApiQuery({ name: 'format', type: String, required: false, description: 'Where a media type has several formats' })
  @ApiQuery({
    name: 'statedAt',
    type: String,
    format: 'date-time',
    required: false,
    description: 'When a file was made',
  })
  @ApiQuery({ name: 'setting', type: String, required: false, description: 'URN of the setting of a class list' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key again answers as before' })
  @ApiHeader({ name: 'Prefer', required: false, description: 'respond-async: answered before the work is done' })
  @Post('organisations/:organisation/submissions')
  @HttpCode(202)
  async submit(
    @Param('organisation') organisation: string,
    @Query() query: unknown,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ReceiptView> {
    const { reader, correlationId } = callerOf(request);
    if (!isOwn(organisation, reader.organisation)) throw notFound();
    const { format: wanted, ...about } = valid(readSubmissionQuery(query, this.#clock.now()));
    const key = valid(readIdempotencyKey(request.headers['idempotency-key']));
    const format = this.#formatOf(mediaTypeOf(request.headers['content-type']), wanted);
    if (Number(request.headers['content-length'] ?? 0) > limitOf(format)) throw tooLarge();
    const answer = await this.#take({
      ...about,
      organisation: reader.organisation,
      correlationId,
      format,
      body: bodyOf(request.body),
      ...(key === undefined ? {} : { idempotencyKey: key }),
      background: wantsBackground(request.headers['prefer']),
    });
    const receipt = receiptOf(answer);
    reply.header('location', `/v1/submissions/${receipt.id}`);
    if (receipt.token !== undefined)
      reply.header('hub-min-token', this.#core.tokens.issue(reader.sub, receipt.token as LogToken));
    return viewOf(receipt);
  }

  @ApiOperation({ summary: 'The receipt of a submission' })
  @ApiQuery({ name: 'cursor', type: String, required: false })
  @ApiQuery({ name: 'limit', type: 'integer', minimum: 1, maximum: 500, required: false })
  @Get('submissions/:id')
  async read(@Param('id') id: string, @Query() query: unknown, @Req() request: FastifyRequest): Promise<ReceiptPage> {
    const page = valid(readPageQuery(query));
    const place = placeOf(page.cursor);
    if (place === undefined) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/query/cursor' }]);
    const receipt = await this.#receipts.find(callerOf(request).reader.organisation, id);
    if (receipt === undefined) throw notFound();
    const { items, next } = await this.#receipts.items(id, place, page.limit);
    return { ...viewOf(receipt), items, ...(next === undefined ? {} : { next: String(next) }) };
  }

  #formatOf(mediaType: string, format: string | undefined): Connector | 'signed-batch' {
    if (mediaType === BATCH_MEDIA_TYPE && format === undefined) return 'signed-batch';
    const connector = this.#registry.find(mediaType, format);
    if (connector === undefined) throw unsupportedMediaType();
    return connector;
  }

  async #take(request: IntakeRequest): Promise<IntakeAnswer> {
    try {
      return await this.#intake.take(request);
    } catch (error) {
      throw error instanceof BodyTooLarge ? tooLarge() : error;
    }
  }
}

/** A receipt as its organisation reads it. */
export type ReceiptView = Omit<Receipt, 'organisation' | 'token'>;
/** The same with a page of items. */
export type ReceiptPage = ReceiptView & { readonly items: readonly ReceiptItem[]; readonly next?: string };

function receiptOf(answer: IntakeAnswer): Receipt {
  if (answer.kind === 'other-body') {
    throw new Problem({
      status: 422,
      code: 'CALLER_IDEMPOTENCY_KEY_REUSED',
      title: 'This Idempotency-Key was used for another request',
    });
  }
  if (answer.kind === 'unreadable') {
    throw new Problem({
      status: 400,
      code: 'CALLER_FILE_UNREADABLE',
      title: 'The file cannot be read; nothing of it was taken',
      errors: [answer.reason],
    });
  }
  return answer.receipt;
}

function viewOf({ id, format, state, startedAt, finishedAt, counts, failure }: Receipt): ReceiptView {
  return {
    id,
    format,
    state,
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    counts,
    ...(failure === undefined ? {} : { failure }),
  };
}

function valid<T>(outcome: Outcome<T, readonly ProblemPlace[]>): T {
  if (!outcome.ok) throw invalidInput(outcome.error);
  return outcome.value;
}

function limitOf(format: Connector | 'signed-batch'): number {
  return format === 'signed-batch' ? BATCH_LIMITS.bytes : format.maxBytes;
}

function tooLarge(): Problem {
  return new Problem({
    status: 413,
    code: 'CALLER_BODY_TOO_LARGE',
    title: 'The body is too large',
    headers: { connection: 'close' },
  });
}
