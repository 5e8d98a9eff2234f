import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { randomUuid, type ChildId, type Instant } from '#kernel';
import type { Role } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  hasSteppedUp,
  invalidInput,
  notFound,
  PLATFORM,
  stepUpRequired,
  type Core,
  type Platform,
  type Problem,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import {
  appendLook,
  barOf,
  BREAK_GLASS_LIMITS,
  BREAK_GLASS_ROLES,
  breakGlassStream,
  emergencyRule,
  grantOf,
  isActive,
  mayBreakGlass,
  recordRefusal,
  release,
  sealEmergencyWords,
  startedAt,
  suspensionsOf,
  type BreakGlassBooks,
  type EmergencyAccess,
  type Suspension,
} from '#sharing';
import { answered } from '../answer/shown.ts';
import { BREAK_GLASS_BOOKS } from '../views/tokens.ts';
import { BreakGlassDto, ExplanationDto } from './break-glass.dto.ts';
import { breakGlassProblem, purposeNotForBreakGlass } from './problems.ts';

/** An emergency access as its user reads it. */
export interface OwnGrant {
  readonly grant: string;
  readonly childId: string;
  readonly purpose: string;
  readonly reason: string;
  readonly from: Instant;
  readonly until: Instant;
  readonly active: boolean;
  readonly toExplain: boolean;
  readonly explainBy: Instant;
  readonly reviewBy: Instant;
  readonly outcome: string | null;
}

const { minutesUnlessAsked, signInSeconds } = BREAK_GLASS_LIMITS;

/** Emergency access by those who act on a child's safety: started, ended, explained. Reads under it name it in Hub-Break-Glass. */
@Controller('v1/break-glass-grants')
@Access({ roles: Object.keys(BREAK_GLASS_ROLES) as Role[], purpose: 'required' })
export class BreakGlassGrantsController {
  readonly #core: Core;
  readonly #books: BreakGlassBooks;
  readonly #metrics: Platform['metrics'];

  constructor(
    @Inject(CORE) core: Core,
    @Inject(BREAK_GLASS_BOOKS) books: BreakGlassBooks,
    @Inject(PLATFORM) { metrics }: Platform,
  ) {
    this.#core = core;
    this.#books = books;
    this.#metrics = metrics;
  }

  /**
   * The user's book first, which is what is reviewed; then the child's protection, which is what lets read. Everything that refuses whatever
   * the child is asked before anybody looks for one (decision 18).
   */
  @ApiOperation({ summary: 'Start an emergency access to a child' })
  @Post()
  @HttpCode(201)
  async start(
    @Body() dto: BreakGlassDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
    @Req() http: FastifyRequest,
  ): Promise<OwnGrant> {
    const { caller, route, reply } = request;
    const { reader, purpose, correlationId } = caller;
    const { clock, chance, vault } = this.#core;
    const at = clock.now();
    assertNamed(dto);
    if (!mayBreakGlass(reader.role, purpose))
      throw await this.#refused(caller, route, purposeNotForBreakGlass(reader.role));
    if (!hasSteppedUp(reader, at, signInSeconds.value))
      throw await this.#refused(caller, route, stepUpRequired(http.headers.authorization, signInSeconds.value));
    const stream = breakGlassStream(reader.organisation, reader.sub);
    const bar = barOf(await this.#books.read(stream), at);
    if (bar !== undefined) throw await this.#refused(caller, route, breakGlassProblem(bar));

    const meta = { at, by: reader.organisation, correlationId };
    const named = await this.#childOf(dto);
    const found = await this.#core.disclose({
      caller,
      child: named,
      route,
      rule: emergencyRule,
      find: async () => undefined,
      facts: () => [],
      open: () => named,
    });
    const grant = randomUuid(chance);
    if (!found.ok && found.error === 'not-found') {
      const data = { attempt: grant, at, role: reader.role, purpose, reason: dto.reason };
      const noted = await this.#books.handle(stream, { type: 'noteNotFound', data }, meta);
      if (!noted.ok) throw await this.#refused(caller, route, breakGlassProblem(noted.error));
      throw notFound();
    }
    const child = release(answered(found, reply));
    if (child === null) throw notFound();
    const words = await sealEmergencyWords(
      vault,
      { stream, grant, organisation: reader.organisation, nth: 0 },
      at.slice(0, 4),
      dto.words,
    );
    const data = {
      grant,
      child,
      organisation: reader.organisation,
      person: reader.sub,
      role: reader.role,
      purpose,
      reason: dto.reason,
      ...startedAt(at, dto.minutes ?? minutesUnlessAsked.value),
      words,
    };
    const handled = await this.#books.handle(stream, { type: 'start', data }, meta);
    const access = handled.ok ? handled.value.book.accesses.get(grant) : undefined;
    if (!handled.ok || access === undefined)
      throw await this.#refused(
        caller,
        route,
        breakGlassProblem(handled.ok ? { code: 'GRANT_UNKNOWN' } : handled.error),
      );
    this.#metrics.count('tellonce_breakglass_total', { agency: reader.organisation });
    const granted = await this.#core.protectionCommand(child, { type: 'grantBreakGlass', data: grantOf(access) }, meta);
    if (!granted.ok) throw invalidInput(granted.error);
    return viewOf(access, at);
  }

  /** What is open and what is still to be explained, and whether the user may start another. */
  @ApiOperation({ summary: 'One’s own emergency accesses that are open or to be explained' })
  @Get()
  async own(
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly grants: readonly OwnGrant[]; readonly suspensions: readonly Suspension[] }> {
    const { caller } = request;
    const at = this.#core.clock.now();
    const book = await this.#books.read(this.#streamOf(caller));
    const grants = [...book.accesses.values()].filter(
      (access) => isActive(access, at) || (access.toExplain && access.toReview),
    );
    await this.#looked(caller, request.route, null);
    return { grants: grants.map((access) => viewOf(access, at)), suspensions: suspensionsOf(book, at) };
  }

  /** Holds for the very next read, and for one that was decided and not answered yet. */
  @ApiOperation({ summary: 'End an emergency access before its time' })
  @Delete(':grant')
  async end(@Param('grant') grant: string, @CurrentPurposefulRequest() request: PurposefulRequest): Promise<OwnGrant> {
    const { caller } = request;
    const { reader, correlationId } = caller;
    const { child } = await this.#ownAccess(caller, grant, request.route);
    const at = this.#core.clock.now();
    const meta = { at, by: reader.organisation, correlationId };
    const ended = await this.#books.handle(this.#streamOf(caller), { type: 'end', data: { grant, at } }, meta);
    if (!ended.ok) throw breakGlassProblem(ended.error);
    const access = ended.value.book.accesses.get(grant);
    if (access === undefined) throw notFound();
    // Also where the book has ended it already: whoever repeats this must find it ended for the child too.
    if (access.endedAt !== null) {
      const over = await this.#core.protectionCommand(child, { type: 'endBreakGlass', data: { grant } }, meta);
      if (!over.ok) throw invalidInput(over.error);
    }
    return viewOf(access, at);
  }

  @ApiOperation({ summary: 'Explain an emergency access' })
  @Post(':grant/explanations')
  @HttpCode(201)
  async explain(
    @Param('grant') grant: string,
    @Body() dto: ExplanationDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<OwnGrant> {
    const { caller } = request;
    const { reader, correlationId } = caller;
    const stream = this.#streamOf(caller);
    const { organisation, explanations } = await this.#ownAccess(caller, grant, request.route);
    const at = this.#core.clock.now();
    // Two at once would be the same words' place; the book takes one of them.
    const of = { stream, grant, organisation, nth: explanations.length + 1 };
    const words = await sealEmergencyWords(this.#core.vault, of, at.slice(0, 4), dto.words);
    const handled = await this.#books.handle(
      stream,
      { type: 'explain', data: { grant, at, words } },
      { at, by: reader.organisation, correlationId },
    );
    if (!handled.ok) throw breakGlassProblem(handled.error);
    const access = handled.value.book.accesses.get(grant);
    if (access === undefined) throw notFound();
    return viewOf(access, at);
  }

  #streamOf({ reader }: PurposefulCaller): string {
    return breakGlassStream(reader.organisation, reader.sub);
  }

  /** One's own, or the one 404: an id of somebody else's is an id of nobody's. */
  async #ownAccess(caller: PurposefulCaller, grant: string, route: string): Promise<EmergencyAccess> {
    const access = (await this.#books.read(this.#streamOf(caller))).accesses.get(grant);
    await this.#looked(caller, route, access?.child ?? null, access === undefined ? ['grant-unknown'] : undefined);
    if (access === undefined) throw notFound();
    return access;
  }

  async #looked(
    caller: PurposefulCaller,
    route: string,
    child: ChildId | null,
    refusals?: readonly string[],
  ): Promise<void> {
    await appendLook(this.#core.looks, caller, {
      effect: refusals === undefined ? 'permit' : 'deny',
      route,
      child,
      slices: [],
      reasons: refusals ?? ['own-emergency-access'],
      facts: [],
      registry: undefined,
      protections: [],
    });
  }

  async #refused(caller: PurposefulCaller, route: string, problem: Problem): Promise<Problem> {
    await recordRefusal(this.#core.looks, caller, route, problem.init.code);
    return problem;
  }

  async #childOf(dto: BreakGlassDto): Promise<ChildId | null> {
    if (dto.childId !== undefined) {
      const child = dto.childId as ChildId;
      return (await this.#core.recordsOf(child)).length > 0 ? child : null;
    }
    const { surname = '', birthDate = '', nhsNumber, upn, givenName } = dto;
    const { outcome, children } = await this.#core.match({
      surname,
      birthDate,
      ...(nhsNumber === undefined ? {} : { nhsNumber }),
      ...(upn === undefined ? {} : { upn }),
      ...(givenName === undefined ? {} : { givenName }),
    });
    if (outcome === 'Error')
      throw invalidInput([
        { code: 'IDENTIFIER_CHECK_FAILED', pointer: nhsNumber === undefined ? '/upn' : '/nhsNumber' },
      ]);
    return children.length === 1 ? (children[0] ?? null) : null;
  }
}

/** A number goes with a name and a birth date; a name alone would be a search, which an emergency access is not (decision 18). */
function assertNamed(dto: BreakGlassDto): void {
  if (dto.childId !== undefined) return;
  const missing = [
    ...(dto.nhsNumber === undefined && dto.upn === undefined ? ['/nhsNumber'] : []),
    ...(dto.surname === undefined ? ['/surname'] : []),
    ...(dto.birthDate === undefined ? ['/birthDate'] : []),
  ];
  if (missing.length > 0) throw invalidInput(missing.map((pointer) => ({ code: 'CHILD_NOT_NAMED', pointer })));
}

function viewOf(access: EmergencyAccess, at: Instant): OwnGrant {
  const { grant, child, purpose, reason, from, until, endedAt, toExplain, explainBy, reviewBy, review } = access;
  return {
    grant,
    childId: child,
    purpose,
    reason,
    from,
    until: endedAt ?? until,
    active: isActive(access, at),
    toExplain,
    explainBy,
    reviewBy,
    outcome: review?.outcome ?? null,
  };
}
