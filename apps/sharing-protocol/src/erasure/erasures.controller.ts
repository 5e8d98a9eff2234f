import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { dayOf, isUuid, randomUuid, type ChildId, type OrganisationId } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  ErasureHeld,
  Problem,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import type { CategoryRetention, ErasedInStore, ErasureRequest, Requester } from '#sharing';
import { ERASURE_WORKS, RETENTION } from '../views/tokens.ts';
import type { RetentionDesk } from '../retention/desk.ts';
import type { ErasureWorks } from './carry-out.ts';
import { ErasureDto } from './erasures.dto.ts';
import { heldProblem, isTheirs, lookedAt, refusalProblem, refusedTo } from './officer.ts';

/** How far an erasure came. `in-progress`: the keys are gone, and a store that failed is tried again until nothing is left. */
export interface ErasureAnswer {
  readonly request: string;
  readonly status: 'carried-out' | 'in-progress';
  readonly records: number;
  readonly keysDestroyed: number;
  readonly stores: readonly ErasedInStore[];
  readonly failing: readonly string[];
  /** Organisations that had read of it and were told (UK GDPR art. 19). */
  readonly told: readonly string[];
  readonly scan: { readonly files: number; readonly words: number; readonly hits: number } | null;
}

/**
 * Erasure by a data-protection officer: keys, rows and identity die, the log and its proofs stay (design §3.5). For article 17 there must be a
 * granted request; a court's order and the end of retention become requests of their own, so that every erasure is accounted for alike.
 */
@Controller('v1/erasures')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class ErasuresController {
  readonly #core: Core;
  readonly #works: ErasureWorks;
  readonly #retention: RetentionDesk;

  constructor(
    @Inject(CORE) core: Core,
    @Inject(ERASURE_WORKS) works: ErasureWorks,
    @Inject(RETENTION) retention: RetentionDesk,
  ) {
    this.#core = core;
    this.#works = works;
    this.#retention = retention;
  }

  @ApiOperation({ summary: 'Erase what is kept of a child' })
  @Post()
  async erase(
    @Body() dto: ErasureDto,
    @CurrentPurposefulRequest() asked: PurposefulRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ErasureAnswer> {
    const core = this.#core;
    const { caller } = asked;
    const child = dto.childId as ChildId;
    const organisation = (dto.organisation ?? null) as OrganisationId | null;
    // An organisation's own officer erases what that organisation told, nothing else.
    const request = isTheirs(caller, organisation) ? await this.#requestFor(dto, child, organisation) : undefined;
    if (request === undefined) throw await refusedTo(core, asked, child);
    const holds = await core.holdsOn(child, organisation);
    if (holds.length > 0) {
      await lookedAt(core, asked, child, 'deny', ['legal-hold']);
      throw heldProblem(new ErasureHeld(holds));
    }
    // Whether there is anything to erase tells of a child: asking is a look, before it is answered.
    await lookedAt(core, asked, child, 'permit', ['erasure', dto.ground]);
    try {
      const state = await this.#carryOut(request, dto, child, organisation, caller);
      reply.status(state.status === 'carried-out' ? 201 : 202);
      return answerOf(request, state);
    } catch (error) {
      throw error instanceof ErasureHeld ? heldProblem(error) : refusalProblem(error);
    }
  }

  /** The request that is carried out: the one named, which must be about the same; a new one; undefined where there is nothing to erase. */
  async #requestFor(dto: ErasureDto, child: ChildId, organisation: OrganisationId | null): Promise<string | undefined> {
    if (dto.ground !== 'article-17') {
      const records = await this.#core.recordsOf(child);
      const held = records.some((each) => organisation === null || each.organisation === organisation);
      return held ? randomUuid(this.#core.chance) : undefined;
    }
    const { request } = dto;
    if (request === undefined || !isUuid(request)) return notGranted();
    const found = await this.#works.read(request);
    if (found.status === 'none') return undefined;
    const { received } = found;
    return received.child === child && received.organisation === organisation ? request : undefined;
  }

  async #carryOut(
    request: string,
    { ground }: ErasureDto,
    child: ChildId,
    organisation: OrganisationId | null,
    { reader, correlationId }: PurposefulCaller,
  ): Promise<ErasureRequest> {
    const by = reader.organisation;
    if (ground !== 'article-17') {
      if (ground === 'retention-ended') await this.#mustBeOver(child, organisation);
      const from: Requester = ground === 'court-order' ? 'court' : 'retention-schedule';
      const identity = ground === 'court-order' ? 'sealed-order-seen' : 'not-needed';
      const received = { request, child, organisation, from, identity } as const;
      await this.#works.command(request, { type: 'receive', data: received }, by, correlationId);
      const granted = { request, ground, article17: null, by: reader.sub };
      await this.#works.command(request, { type: 'grant', data: granted }, by, correlationId);
    }
    return this.#works.carryOut(request, correlationId);
  }

  async #mustBeOver(child: ChildId, organisation: OrganisationId | null): Promise<void> {
    const today = dayOf(this.#core.clock.now());
    if (await this.#retention.isOver(child, organisation, today)) return;
    const kept = (await this.#retention.of(child, today))
      .filter((record) => !record.due && (organisation === null || record.organisation === organisation))
      .flatMap((record) => record.categories.map((each) => keptWords(record.organisation, each)));
    throw new Problem({
      status: 409,
      code: 'CALLER_RETENTION_NOT_OVER',
      title: 'The retention period of what is kept is not over, or nobody can say that it is',
      detail: [...kept, 'GET /v1/retention/due lists what is due, with its reason.'].join('; '),
    });
  }
}

function keptWords(organisation: string, kept: CategoryRetention): string {
  const end = 'until' in kept ? `until ${kept.until} (${kept.source})` : `nobody can say until when: ${kept.unknown}`;
  return `${organisation}, ${kept.category}: ${end}`;
}

function notGranted(): never {
  throw new Problem({
    status: 409,
    code: 'CALLER_ERASURE_NOT_GRANTED',
    title: 'There is no granted request',
    detail: 'Record one at POST /v1/erasure-requests, decide it, and name it here as `request`.',
  });
}

function answerOf(request: string, state: ErasureRequest): ErasureAnswer {
  if (state.status === 'carried-out') {
    const { records, keysDestroyed, stores, told, scan } = state.carriedOut;
    return { request, status: 'carried-out', records, keysDestroyed, stores, failing: [], told, scan };
  }
  if (state.status !== 'in-progress') return notGranted();
  const { failing, soFar, started } = state;
  return { request, status: 'in-progress', ...soFar, failing, told: started.recipients, scan: null };
}
