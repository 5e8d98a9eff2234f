import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { epochMs, type Instant, type Outcome } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import {
  appendLook,
  BREAK_GLASS_REASON_WORDS,
  emergencyReviewsRule,
  HUB,
  openEmergencyWords,
  recordRefusal,
  release,
  type BreakGlassBooks,
  type BreakGlassCommand,
  type Disclosed,
  type EmergencyAccess,
  type Refused,
} from '#sharing';
import { grantDisclose } from '#vault';
import { answered, handToken } from '../answer/shown.ts';
import { readYourWrites } from '../answer/read-your-writes.ts';
import { accessOf, accessPage, type AccessRow } from '../views/break-glass/query.ts';
import { decodeCursor, encodeCursor } from '../views/timeline/cursor.ts';
import { BREAK_GLASS, BREAK_GLASS_BOOKS } from '../views/tokens.ts';
import { BreakGlassReviewDto, BreakGlassReviewsQueryDto } from './break-glass.dto.ts';
import { breakGlassProblem, reviewsAreAudit } from './problems.ts';

/** An emergency access as a data-protection officer reviews it. */
export interface BreakGlassReview {
  readonly grant: string;
  readonly childId: string;
  readonly organisation: string;
  /** Pseudonymous subject of the user's sign-in. */
  readonly person: string;
  readonly role: string;
  readonly purpose: string;
  readonly reason: string;
  readonly reasonInWords: string;
  readonly from: Instant;
  readonly until: Instant;
  readonly endedEarly: boolean;
  /** The user's words: why, then the explanations, oldest first. */
  readonly words: readonly string[];
  readonly toExplain: boolean;
  readonly explainBy: Instant;
  readonly toReview: boolean;
  readonly reviewBy: Instant;
  /** True where the user can't break glass until this is reviewed. */
  readonly overdue: boolean;
  readonly outcome: string | null;
  /** True where the finding bars the user until the area's officer lifts it. */
  readonly bars: boolean;
  /** Accesses of the same user, and tries that found nobody, this one included. Null to those whose facts were open: it tells of other children. */
  readonly startsOfUser: number | null;
}

/** Reviews of emergency access by data-protection officers. Reading one is a look at its child; so is an empty queue, at nobody. */
@Controller('v1')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class BreakGlassReviewsController {
  readonly #core: Core;
  readonly #books: BreakGlassBooks;
  readonly #view: View;

  constructor(
    @Inject(CORE) core: Core,
    @Inject(BREAK_GLASS_BOOKS) books: BreakGlassBooks,
    @Inject(BREAK_GLASS) view: View,
  ) {
    this.#core = core;
    this.#books = books;
    this.#view = view;
  }

  @ApiOperation({ summary: 'Emergency accesses to review, those that wait longest first' })
  @Get('break-glass-reviews')
  async queue(
    @Query() query: BreakGlassReviewsQueryDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly reviews: readonly BreakGlassReview[]; readonly next?: string }> {
    const { caller, route } = request;
    await this.#assertAudit(caller, route);
    const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && cursor === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    await readYourWrites(this.#core, caller, [this.#view]);
    const limit = query.limit ?? 20;
    const rows = await this.#concerning(caller, query.state !== 'closed', cursor, limit + 1);
    await appendLook(this.#core.looks, caller, {
      effect: 'permit',
      route,
      child: null,
      slices: [],
      reasons: ['break-glass-reviews'],
      facts: [],
      registry: undefined,
      protections: [],
    });
    const reviews: BreakGlassReview[] = [];
    for (const row of rows.slice(0, limit)) {
      const read = await this.#disclosed(row, caller, route);
      // Erased, or moved while it was read: it is there the next time or not at all.
      if (read.ok) reviews.push(...release(read.value));
    }
    const last = rows[limit - 1];
    return {
      reviews,
      ...(rows.length > limit && last !== undefined
        ? { next: encodeCursor({ at: last.started_at, fact: last.grant_id }) }
        : {}),
    };
  }

  /** The area's officer reviews all, an organisation's its own people's; those whose facts were open may read and not find. */
  @ApiOperation({ summary: 'Say what the review of an emergency access found' })
  @Post('break-glass-grants/:grant/reviews')
  @HttpCode(201)
  async review(
    @Param('grant') grant: string,
    @Body() dto: BreakGlassReviewDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<BreakGlassReview> {
    const { reader } = request.caller;
    return this.#change(grant, request, (at) => ({
      type: 'review',
      data: { grant, at, by: reader.sub, outcome: dto.outcome },
      officerOf: reader.organisation,
    }));
  }

  @ApiOperation({ summary: 'Let a user break glass again after a breach' })
  @Post('break-glass-grants/:grant/reinstatements')
  @HttpCode(201)
  async reinstate(
    @Param('grant') grant: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<BreakGlassReview> {
    const { reader } = request.caller;
    return this.#change(grant, request, (at) => ({
      type: 'reinstate',
      data: { grant, at, by: reader.sub },
      officerOf: reader.organisation,
    }));
  }

  async #change(
    grant: string,
    request: PurposefulRequest,
    command: (at: Instant) => BreakGlassCommand,
  ): Promise<BreakGlassReview> {
    const { caller, route, reply } = request;
    const { reader, correlationId } = caller;
    await this.#assertAudit(caller, route);
    const row = await accessOf(this.#view.db, grant);
    release(answered(await this.#disclosed(row, caller, route, 'own people'), reply));
    if (row === undefined) throw notFound();
    const at = this.#core.clock.now();
    const handled = await this.#books.handle(row.book, command(at), { at, by: reader.organisation, correlationId });
    if (!handled.ok) throw breakGlassProblem(handled.error);
    const { token, book } = handled.value;
    for (const { grant: over, child, endedAt } of book.accesses.values()) {
      if (endedAt !== at) continue;
      // What a breach ended holds for the very next read, as what the user ends.
      const meta = { by: reader.organisation, correlationId };
      const ended = await this.#core.protectionCommand(child, { type: 'endBreakGlass', data: { grant: over } }, meta);
      if (!ended.ok) throw invalidInput(ended.error);
    }
    handToken(this.#core, request, token);
    const [review] = release(answered(await this.#disclosed(row, caller, route, 'own people'), reply));
    if (review === undefined) throw notFound();
    return review;
  }

  async #assertAudit(caller: PurposefulCaller, route: string): Promise<void> {
    if (caller.purpose === 'audit') return;
    await recordRefusal(this.#core.looks, caller, route, 'HUB_BREAK_GLASS_PURPOSE');
    throw reviewsAreAudit();
  }

  /** So many rows that concern the reader's organisation, as far as there are; the rule is asked again for each that is read. */
  async #concerning(
    { reader }: PurposefulCaller,
    open: boolean,
    cursor: ReturnType<typeof decodeCursor>,
    wanted: number,
  ): Promise<readonly AccessRow[]> {
    const found: AccessRow[] = [];
    let after = cursor === undefined ? undefined : { at: cursor.at, grant: cursor.fact };
    while (found.length < wanted) {
      const rows = await accessPage(this.#view.db, { open, limit: 100, ...(after === undefined ? {} : { after }) });
      const told = await this.#core.recordsOfAll(rows.map((row) => row.child_id));
      for (const row of rows) {
        const concerns =
          reader.organisation === HUB ||
          row.organisation === reader.organisation ||
          told.get(row.child_id)?.some(({ organisation }) => organisation === reader.organisation) === true;
        if (concerns) found.push(row);
      }
      const last = rows.at(-1);
      if (rows.length < 100 || last === undefined) break;
      after = { at: last.started_at, grant: last.grant_id };
    }
    return found.slice(0, wanted);
  }

  async #disclosed(
    row: AccessRow | undefined,
    caller: PurposefulCaller,
    route: string,
    whose: 'own people' | 'concerned' = 'concerned',
  ): Promise<Outcome<Disclosed<readonly BreakGlassReview[]>, Refused>> {
    const tellers = row === undefined || whose === 'own people' ? [] : await this.#tellersOf(row);
    return this.#core.disclose({
      caller,
      child: row?.child_id ?? null,
      route,
      rule: (question) =>
        row === undefined
          ? { effect: 'deny', reasons: ['grant-unknown'] }
          : emergencyReviewsRule(question, { organisation: row.organisation, tellers }),
      find: async () => (row === undefined ? undefined : this.#books.read(row.book)),
      facts: () => [],
      open: async (book, _scope, decision) => {
        const access = row === undefined ? undefined : book?.accesses.get(row.grant_id);
        if (row === undefined || book === undefined || access === undefined) return [];
        const words = await openEmergencyWords(this.#core.vault, grantDisclose(decision), row.book, access);
        const { organisation } = caller.reader;
        const accounts = organisation === HUB || organisation === row.organisation;
        return [reviewOf(access, words, accounts ? book.starts.length : null, this.#core.clock.now())];
      },
    });
  }

  async #tellersOf(row: AccessRow) {
    return (await this.#core.recordsOf(row.child_id)).map(({ organisation }) => organisation);
  }
}

function reviewOf(
  access: EmergencyAccess,
  words: readonly string[],
  startsOfUser: number | null,
  at: Instant,
): BreakGlassReview {
  const { grant, child, organisation, person, role, purpose, reason, from, until, endedAt } = access;
  const { toExplain, explainBy, toReview, reviewBy, review, bars } = access;
  return {
    grant,
    childId: child,
    organisation,
    person,
    role,
    purpose,
    reason,
    reasonInWords: BREAK_GLASS_REASON_WORDS[reason],
    from,
    until: endedAt ?? until,
    endedEarly: endedAt !== null,
    words,
    toExplain,
    explainBy,
    toReview,
    reviewBy,
    overdue: toReview && epochMs(at) > epochMs(reviewBy),
    outcome: review?.outcome ?? null,
    bars,
    startsOfUser,
  };
}
