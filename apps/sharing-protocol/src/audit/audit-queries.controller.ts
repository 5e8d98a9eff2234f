import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Access, CurrentPurposefulCaller, invalidInput, type PurposefulCaller, PageDto } from '#nest-platform';
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
  async ask(
    @Body() dto: AuditQueryDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<QueryStatus> {
    const filters = filtersOf(dto.filters);
    if (!filters.ok) throw invalidInput(filters.error);
    const { decision, status } = await this.#desk.ask(caller, routeOf(request), filters.value);
    reply.header('hub-decision-id', decision);
    reply.header('location', `/v1/audit-queries/${status.id}`);
    return status;
  }

  @ApiOperation({ summary: 'How far a question is answered' })
  @Get(':id')
  async status(
    @Param('id') id: string,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<QueryStatus> {
    return told(await this.#desk.status(caller, routeOf(request), id), reply);
  }

  @ApiOperation({ summary: 'A page of the answer, newest first' })
  @Get(':id/results')
  async results(
    @Param('id') id: string,
    @Query() query: PageDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<AuditResults> {
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    const place = after === undefined ? undefined : { at: after.at, decision: after.fact };
    const limit = query.limit ?? 50;
    const { rows, next } = told(await this.#desk.page(caller, routeOf(request), id, { after: place, limit }), reply);
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
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { decision, mediaType, fileName, bytes } = await this.#desk.export(caller, routeOf(request), id, format);
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
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    return told(await this.#desk.manifest(caller, routeOf(request), id, which), reply);
  }
}

function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? ''}`;
}

function told<T>(disclosed: Disclosed<T>, reply: FastifyReply): T {
  reply.header('hub-decision-id', disclosed.decision);
  return release(disclosed);
}
