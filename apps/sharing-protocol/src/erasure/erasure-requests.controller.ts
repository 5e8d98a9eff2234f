import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, randomUuid, type ChildId, type OrganisationId } from '#kernel';
import { Access, CORE, CurrentPurposefulRequest, notFound, type Core, type PurposefulRequest } from '#nest-platform';
import type { View } from '#projections';
import {
  erasureRequestStream,
  officerRule,
  openRequestWords,
  sealRequestWords,
  type ErasureCarriedOut,
  type ErasureGranted,
  type ErasureRequest,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { ERASURE_WORKS, REQUESTS } from '../views/tokens.ts';
import { requestPage, type RequestRow } from '../views/requests/query.ts';
import type { ErasureWorks } from './carry-out.ts';
import { ErasureDecisionDto, ErasureRequestDto, RequestListDto } from './erasure-requests.dto.ts';
import { isTheirs, lookedAt, officeOf, refusalProblem, refusedTo } from './officer.ts';

/** A request for erasure as an officer reads it. */
export interface ErasureRequestView {
  readonly request: string;
  readonly status: ErasureRequest['status'];
  readonly childId: string;
  readonly organisation: string | null;
  readonly from: string;
  readonly identity: string;
  readonly words: string | null;
  readonly decision: {
    readonly ground?: ErasureGranted['ground'];
    readonly article17?: string | null;
    readonly exemption?: string;
    readonly words: string | null;
  } | null;
  /** Stores that failed at the last attempt. */
  readonly failing: readonly string[];
  readonly carriedOut: {
    readonly records: number;
    readonly keysDestroyed: number;
    readonly stores: readonly { readonly store: string; readonly removed: number }[];
    readonly told: readonly string[];
    readonly scan: { readonly files: number; readonly words: number; readonly hits: number } | null;
  } | null;
}

/** Requests for erasure (UK GDPR art. 17): received, decided by an officer with ground or exemption, carried out by `POST /v1/erasures`. */
@Controller('v1/erasure-requests')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class ErasureRequestsController {
  readonly #core: Core;
  readonly #works: ErasureWorks;
  readonly #requests: View;

  constructor(@Inject(CORE) core: Core, @Inject(ERASURE_WORKS) works: ErasureWorks, @Inject(REQUESTS) requests: View) {
    this.#core = core;
    this.#works = works;
    this.#requests = requests;
  }

  @ApiOperation({ summary: 'Record a request for erasure' })
  @Post()
  @HttpCode(201)
  async receive(
    @Body() dto: ErasureRequestDto,
    @CurrentPurposefulRequest() asked: PurposefulRequest,
  ): Promise<{ readonly request: string }> {
    const { caller } = asked;
    const child = dto.childId as ChildId;
    const organisation = (dto.organisation ?? null) as OrganisationId | null;
    const records = await this.#core.recordsOf(child);
    const held = records.some((record) => organisation === null || record.organisation === organisation);
    if (!isTheirs(caller, organisation) || !held) throw await refusedTo(this.#core, asked, child);
    await lookedAt(this.#core, asked, child, 'permit', ['erasure-request']);
    const request = randomUuid(this.#core.chance);
    const words = await this.#sealed(request, 'received', dto.words);
    const data = { request, child, organisation, from: dto.from, identity: dto.identity, ...words };
    const { reader, correlationId } = caller;
    await this.#works.command(request, { type: 'receive', data }, reader.organisation, correlationId);
    return { request };
  }

  @ApiOperation({ summary: 'Requests for erasure' })
  @Get()
  async list(
    @Query() query: RequestListDto,
    @CurrentPurposefulRequest() asked: PurposefulRequest,
  ): Promise<{ readonly requests: readonly Omit<RequestRow, 'kind'>[]; readonly next?: string }> {
    const office = officeOf(asked.caller);
    await lookedAt(this.#core, asked, null, 'permit', ['erasure-requests']);
    const page = await requestPage(this.#requests.db, {
      kind: 'erasure',
      openOnly: query.status !== 'all',
      limit: query.limit ?? 50,
      ...(office === null ? {} : { organisation: office }),
      ...(query.after === undefined ? {} : { after: query.after }),
    });
    const requests = page.rows.map(({ id, child, organisation, status }) => ({ id, child, organisation, status }));
    return { requests, ...(page.next === null ? {} : { next: page.next }) };
  }

  @ApiOperation({ summary: 'One request for erasure' })
  @Get(':id')
  async read(
    @Param('id') id: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<ErasureRequestView> {
    const found: ErasureRequest = isUuid(id) ? await this.#works.read(id) : { status: 'none' };
    const view = await shown(this.#core, request, {
      child: found.status === 'none' ? null : found.received.child,
      rule: (question) => officerRule(question, found.status === 'none' ? null : found.received.organisation),
      find: async () => undefined,
      facts: () => [],
      open: (_found, _scope, decision) => this.#shown(id, found, decision),
    });
    if (view === undefined) throw notFound();
    return view;
  }

  @ApiOperation({ summary: 'Grant or refuse a request for erasure' })
  @Post(':id/decisions')
  @HttpCode(200)
  async decide(
    @Param('id') id: string,
    @Body() dto: ErasureDecisionDto,
    @CurrentPurposefulRequest() asked: PurposefulRequest,
  ): Promise<{ readonly request: string; readonly status: string }> {
    const { caller } = asked;
    const found: ErasureRequest = isUuid(id) ? await this.#works.read(id) : { status: 'none' };
    if (found.status === 'none') throw await refusedTo(this.#core, asked, null);
    const { child, organisation } = found.received;
    if (!isTheirs(caller, organisation)) throw await refusedTo(this.#core, asked, child);
    await lookedAt(this.#core, asked, child, 'permit', ['erasure-request']);
    const { reader, correlationId } = caller;
    const by = reader.sub;
    const words = await this.#sealed(id, 'decided', dto.words);
    const { ground: article17 = null, exemption = 'no-ground' } = dto;
    const command =
      dto.outcome === 'grant'
        ? ({ type: 'grant', data: { request: id, ground: 'article-17', article17, by, ...words } } as const)
        : ({ type: 'refuse', data: { request: id, exemption, by, ...words } } as const);
    try {
      const { status } = await this.#works.command(id, command, reader.organisation, correlationId);
      return { request: id, status };
    } catch (error) {
      throw refusalProblem(error);
    }
  }

  async #sealed(request: string, entry: string, text: string | undefined) {
    const { vault, clock } = this.#core;
    const words = await sealRequestWords(vault, { stream: erasureRequestStream(request), entry }, clock.now(), text);
    return words === undefined ? {} : { words };
  }

  async #shown(id: string, found: ErasureRequest, decision: string): Promise<ErasureRequestView | undefined> {
    if (found.status === 'none') return undefined;
    const { received } = found;
    const said = async (entry: string, sealed: Parameters<typeof openRequestWords>[3]) =>
      (await openRequestWords(this.#core.vault, decision, { stream: erasureRequestStream(id), entry }, sealed)) ?? null;
    const granted = 'granted' in found ? found.granted : undefined;
    const refused = found.status === 'refused' ? found.refused : undefined;
    return {
      request: id,
      status: found.status,
      childId: received.child,
      organisation: received.organisation,
      from: received.from,
      identity: received.identity,
      words: await said('received', received.words),
      decision:
        granted !== undefined
          ? { ground: granted.ground, article17: granted.article17, words: await said('decided', granted.words) }
          : refused !== undefined
            ? { exemption: refused.exemption, words: await said('decided', refused.words) }
            : null,
      failing: found.status === 'in-progress' ? found.failing : [],
      carriedOut: found.status === 'carried-out' ? doneOf(found.carriedOut) : null,
    };
  }
}

function doneOf(done: ErasureCarriedOut): ErasureRequestView['carriedOut'] {
  const { records, keysDestroyed, stores, told, scan } = done;
  return { records, keysDestroyed, stores, told, scan };
}
