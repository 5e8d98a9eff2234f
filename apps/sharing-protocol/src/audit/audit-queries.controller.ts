import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import {
  Access,
  CurrentPurposefulRequest,
  invalidInput,
  PageDto,
  type AnswerHeaders,
  type PurposefulRequest,
} from '#nest-platform';
import { release, type Disclosed } from '#sharing';
import { decodeCursor, encodeCursor } from '../views/timeline/cursor.ts';
import { AUDIT } from '../views/tokens.ts';
import { AuditQueryDto, ExportDto, ManifestDto } from './audit-queries.dto.ts';
import type { AuditDesk, QueryStatus } from './desk.ts';
import { filtersOf } from './filters.ts';
import type { AuditRow } from './row.ts';

/** One page of an answer; `next` where there are more. */
export interface AuditResults {
  readonly decisions: readonly AuditRow[];
  readonly next?: string;
}

/** Questions about decisions across children, and their answers as pages and files. Asking, reading and exporting are looks too. */
@Controller('v1/audit-queries')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class AuditQueriesController {
  readonly #desk: AuditDesk;

  constructor(@Inject(AUDIT) desk: AuditDesk) {
    this.#desk = desk;
  }

  @ApiOperation({ summary: 'Ask for decisions; the answer is of this moment, however long it takes to read' })
  @Post()
  @HttpCode(202)
  async ask(@Body() dto: AuditQueryDto, @CurrentPurposefulRequest() request: PurposefulRequest): Promise<QueryStatus> {
    const { caller, route, reply } = request;
    const filters = filtersOf(dto.filters);
    if (!filters.ok) throw invalidInput(filters.error);
    const { decision, status } = await this.#desk.ask(caller, route, filters.value);
    reply.header('hub-decision-id', decision);
    reply.header('location', `/v1/audit-queries/${status.id}`);
    return status;
  }

  @ApiOperation({ summary: 'How far a question is answered' })
  @Get(':id')
  async status(@Param('id') id: string, @CurrentPurposefulRequest() request: PurposefulRequest): Promise<QueryStatus> {
    const { caller, route, reply } = request;
    return told(await this.#desk.status(caller, route, id), reply);
  }

  @ApiOperation({ summary: 'A page of the answer, newest first' })
  @Get(':id/results')
  async results(
    @Param('id') id: string,
    @Query() query: PageDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AuditResults> {
    const { caller, route, reply } = request;
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    const place = after === undefined ? undefined : { at: after.at, decision: after.fact };
    const limit = query.limit ?? 50;
    const { rows, next } = told(await this.#desk.page(caller, route, id, { after: place, limit }), reply);
    return {
      decisions: rows,
      ...(next === null ? {} : { next: encodeCursor({ at: next.at, fact: next.decision }) }),
    };
  }

  @ApiOperation({ summary: 'The answer as a file: CSV, JSON Lines, or FHIR R4 AuditEvent as NDJSON (IHE BALP)' })
  @ApiProduces('text/csv', 'application/jsonl', 'application/fhir+ndjson')
  @Get(':id/export')
  async export(
    @Param('id') id: string,
    @Query() { format }: ExportDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { caller, route } = request;
    const { decision, mediaType, fileName, bytes } = await this.#desk.export(caller, route, id, format);
    await reply
      .header('hub-decision-id', decision)
      .header('content-type', mediaType)
      .header('content-disposition', `attachment; filename="${fileName}"`)
      .send(Readable.from(bytes, { objectMode: false }));
  }

  @ApiOperation({ summary: 'Proof of the exported file: a receipt of the event that names its SHA-256' })
  @Get(':id/export/manifest')
  @Header('content-type', 'text/plain; charset=utf-8')
  async manifest(
    @Param('id') id: string,
    @Query() which: ManifestDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<string> {
    const { caller, route, reply } = request;
    return told(await this.#desk.manifest(caller, route, id, which), reply);
  }
}

function told<T>(disclosed: Disclosed<T>, reply: AnswerHeaders): T {
  reply.header('hub-decision-id', disclosed.decision);
  return release(disclosed);
}
