import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, randomUuid } from '#kernel';
import { reviewStream, type LookContent, type ReviewEvent } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  Problem,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import {
  handleReview,
  openAuditWords,
  reviewEvents,
  sendNotice,
  type ReviewBook,
  type ReviewCommand,
  type ReviewHandled,
} from '#sharing';
import { grantDisclose, grantProcess } from '#vault';
import { readYourWrites } from '../answer/read-your-writes.ts';
import { handToken } from '../answer/shown.ts';
import { reviewsPage, type ReviewRow } from '../views/reviews/query.ts';
import { decodeCursor, encodeCursor } from '../views/timeline/cursor.ts';
import { REVIEWS, USAGE } from '../views/tokens.ts';
import { aroundIn, childrenOf, evidenceIn, gather, type AroundItem, type EvidenceItem } from './case-evidence.ts';
import { draftOf, openCase, openedCase, reviewId } from './cases.ts';
import {
  accountsFor,
  discloseCase,
  isOfArea,
  lookAtList,
  mustAudit,
  officersScope,
  refuseUnknown,
} from './officers.ts';
import { AssignmentDto, OpenReviewDto, OutcomeDto, ReopeningDto, ReviewsQueryDto } from './reviews.dto.ts';

/** A case as its officer reads it. */
export interface ReviewView {
  readonly review: string;
  readonly cause: { readonly kind: string; readonly reference: string };
  /** Null where it is about several people, or about somebody of another organisation than the officer's. */
  readonly person: string | null;
  readonly organisation: string;
  readonly childId: string | null;
  readonly history: readonly HistoryItem[];
  readonly evidence: readonly EvidenceItem[];
  /** What the person did within hours of the first access. */
  readonly around: readonly AroundItem[];
  /** True where not all of that time could be searched. */
  readonly truncated: boolean;
}

interface HistoryItem {
  readonly time: string;
  readonly what: string;
  /** Null, like the words, where the officer accounts for others than the person. */
  readonly by: string | null;
  readonly to?: string;
  readonly outcome?: string;
  readonly question?: string;
  readonly words?: string;
}

/** Review cases of accesses: the queue, the case with its evidence, and what officers decide. */
@Controller('v1/reviews')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class ReviewsController {
  readonly #core: Core;
  readonly #view: View;
  readonly #usage: View;
  readonly #book: ReviewBook;

  constructor(@Inject(CORE) core: Core, @Inject(REVIEWS) view: View, @Inject(USAGE) usage: View) {
    this.#core = core;
    this.#view = view;
    this.#usage = usage;
    this.#book = { log: core.log, vault: core.vault, clock: core.clock };
  }

  @ApiOperation({ summary: 'The queue of review cases' })
  @Get()
  async list(
    @Query() query: ReviewsQueryDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly reviews: readonly object[]; readonly next?: string }> {
    const { caller } = request;
    const cursor = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && cursor === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    await readYourWrites(this.#core, caller, [this.#view]);
    await lookAtList(this.#core, request);
    const { status, cause: kind, assignee, limit = 50 } = query;
    const { rows, after } = await reviewsPage(this.#view.db, {
      scope: officersScope(caller),
      // Nobody reviews their own access.
      except: caller.reader.sub,
      ...(status === undefined ? {} : { status }),
      ...(kind === undefined ? {} : { kind }),
      ...(assignee === undefined ? {} : { assignee }),
      ...(cursor === undefined ? {} : { after: { at: cursor.at, id: cursor.fact } }),
      limit,
    });
    return {
      reviews: rows.map((row) => itemOf(row, accountsFor(officersScope(caller), row.organisation))),
      ...(after === null ? {} : { next: encodeCursor({ at: after.at, fact: after.id }) }),
    };
  }

  @ApiOperation({ summary: 'Open a review case from a finding, an emergency access, a claim, a sample, or by hand' })
  @Post()
  @HttpCode(200)
  async open(
    @Body() dto: OpenReviewDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly review: string }> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    const draft = await draftOf(this.#core.log, this.#core.vault, dto, officersScope(caller));
    // Nobody is told by a refusal of its own that a finding or case is about their own access.
    if (draft === undefined || draft.person === caller.reader.sub) return refuseUnknown(this.#core, request);
    const data = await openedCase(this.#book, dto, draft, caller.reader.sub);
    await discloseCase(
      this.#core,
      request,
      draft.content.child,
      async () => undefined,
      () => undefined,
    );
    const { changed } = await this.#change(reviewId(dto), { type: 'open', data }, request);
    if (changed && !isOfArea(caller)) await this.#tell(data.review, 'area-dpo', null);
    if (changed && isOfArea(caller)) await this.#tell(data.review, 'organisation-dpo', data.organisation);
    return { review: data.review };
  }

  @ApiOperation({ summary: 'A review case with its evidence' })
  @Get(':review')
  async read(
    @Param('review') review: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<ReviewView> {
    const { caller } = request;
    await mustAudit(this.#core, request);
    const known = await this.#caseOf(review, caller, 'read');
    if (known === undefined) return refuseUnknown(this.#core, request);
    const { opened, content, events } = known;
    const { log, tails, vault } = this.#core;
    const { person, organisation, cause } = opened.data;
    const parts = { log, tails, usage: this.#usage };
    const scope = officersScope(caller);
    // Where only its facts were seen, an organisation's officer sees the looks at them and no others of the person.
    const sees = ({ reader, slices }: LookContent): boolean =>
      scope === null || reader.organisation === scope || slices.some((slice) => slice.organisation === scope);
    const whole = accountsFor(scope, organisation);
    const children = await childrenOf(log, vault, grantProcess('review'), content);
    return discloseCase(
      this.#core,
      request,
      content.child,
      () => gather(parts, content, { person, organisation }, children),
      async (found, decision) => {
        const grant = grantDisclose(decision);
        return {
          review,
          cause,
          person: whole ? person : null,
          organisation,
          childId: content.child,
          history: await Promise.all(events.map((event) => this.#historyOf(event, decision, whole))),
          evidence: await evidenceIn(vault, grant, found, sees, whole),
          around: await aroundIn(vault, grant, found, person, content.child, sees),
          truncated: found.truncated,
        };
      },
    );
  }

  @ApiOperation({ summary: 'Say who works on a case' })
  @Post(':review/assignments')
  @HttpCode(200)
  async assign(
    @Param('review') review: string,
    @Body() dto: AssignmentDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly review: string }> {
    const officer = officerOf(request.caller);
    await this.#act(review, { type: 'assign', to: dto.to, officer }, request);
    return { review };
  }

  @ApiOperation({ summary: 'Decide a case: appropriate, ask the user, escalate, breach' })
  @Post(':review/outcomes')
  @HttpCode(200)
  async decide(
    @Param('review') review: string,
    @Body() dto: OutcomeDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly review: string; readonly question?: string }> {
    const question = randomUuid(this.#core.chance);
    const { outcome, reason: words } = dto;
    const command: ReviewCommand = { type: 'decide', outcome, question, words, officer: officerOf(request.caller) };
    const handled = await this.#act(review, command, request);
    if (outcome === 'escalated') await this.#tell(review, 'area-dpo', null, 'review-escalated');
    if (outcome !== 'ask-user') return { review };
    const { person, organisation } = handled.review;
    const notice = { cause: question, kind: 'review-question', reference: review, correlationId: review } as const;
    await sendNotice(this.#book, { ...notice, to: 'person', organisation, child: null, person });
    return { review, question };
  }

  @ApiOperation({ summary: 'Look at a closed case again' })
  @Post(':review/reopenings')
  @HttpCode(200)
  async reopen(
    @Param('review') review: string,
    @Body() dto: ReopeningDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly review: string }> {
    const command: ReviewCommand = { type: 'reopen', words: dto.reason, officer: officerOf(request.caller) };
    await this.#act(review, command, request);
    return { review };
  }

  /** A change of a case that the officer may change: their own people's, or any for the area's. */
  async #act(review: string, command: ReviewCommand, request: PurposefulRequest): Promise<ReviewHandled> {
    await mustAudit(this.#core, request);
    const known = await this.#caseOf(review, request.caller, 'change');
    if (known === undefined) return refuseUnknown(this.#core, request);
    await discloseCase(
      this.#core,
      request,
      known.content.child,
      async () => undefined,
      () => undefined,
    );
    return this.#change(review, command, request);
  }

  async #change(review: string, command: ReviewCommand, request: PurposefulRequest): Promise<ReviewHandled> {
    const { reader, correlationId } = request.caller;
    const outcome = await handleReview(this.#book, review, command, { by: reader.organisation, correlationId });
    if (!outcome.ok) throw refusal(outcome.error);
    handToken(this.#core, request, outcome.value.token);
    return outcome.value;
  }

  /** The case, if it is the officer's: undefined for an unknown one alike. An organisation whose facts were seen may read and not decide. */
  async #caseOf(review: string, caller: PurposefulCaller, to: 'read' | 'change') {
    const events = isUuid(review) ? await reviewEvents(this.#core.log, review) : [];
    const [opened] = events;
    if (opened?.type !== 'review.opened.v1') return undefined;
    const scope = officersScope(caller);
    const { organisation, sources, person } = opened.data;
    const theirs = scope === null || organisation === scope || (to === 'read' && sources.includes(scope));
    if (!theirs || person === caller.reader.sub) return undefined;
    const content = await openCase(this.#core.vault, grantProcess('review'), opened.data);
    return content === undefined ? undefined : { events, opened, content };
  }

  async #historyOf(event: ReviewEvent, decision: string, whole: boolean): Promise<HistoryItem> {
    const { type, recordedAt: time, data } = event;
    const what = type.split('.')[1] ?? type;
    if (!whole) return { time, what, by: null, ...('outcome' in data ? { outcome: data.outcome } : {}) };
    if (!('words' in data)) return { time, what, by: data.by, ...('to' in data ? { to: data.to } : {}) };
    const place = { stream: reviewStream(event.stream.slice('review-'.length)), revision: event.revision, type };
    const grant = grantDisclose(decision);
    const words = await openAuditWords(this.#core.vault, grant, place, data.words);
    return {
      time,
      what,
      by: data.by,
      ...('outcome' in data ? { outcome: data.outcome } : {}),
      ...('question' in data ? { question: data.question } : {}),
      ...(words === undefined ? {} : { words }),
    };
  }

  async #tell(
    review: string,
    to: 'area-dpo' | 'organisation-dpo',
    organisation: ReviewHandled['review']['organisation'] | null,
    cause = 'review-opened',
  ): Promise<void> {
    const notice = {
      cause: `${cause} ${review}`,
      kind: 'review-opened',
      reference: review,
      correlationId: review,
    } as const;
    await sendNotice(this.#book, { ...notice, to, organisation, child: null, person: null });
  }
}

function officerOf(caller: PurposefulCaller) {
  return { sub: caller.reader.sub, ofArea: isOfArea(caller) };
}

/** Refusals of a case that the officer may see; they depend on the case's state and the officer, on no child. */
export function refusal({ code, pointer }: { readonly code: string; readonly pointer?: string }): Problem {
  const errors = [{ code, ...(pointer === undefined ? {} : { pointer }) }];
  if (code === 'REVIEW_OF_OWN_ACCESS')
    return new Problem({
      status: 403,
      code: 'HUB_REVIEW_OF_OWN_ACCESS',
      title: 'Nobody reviews their own access',
      errors,
    });
  if (code === 'REVIEW_ESCALATED')
    return new Problem({
      status: 403,
      code: 'HUB_REVIEW_ESCALATED',
      title: 'An escalated case is decided by another officer, of the area',
      errors,
    });
  return new Problem({
    status: 409,
    code: 'CALLER_REVIEW_STATE',
    title: 'The case is not in a state for that',
    errors,
  });
}

function itemOf(
  { review, recorded_at, kind, reference, person, organisation, status, assignee, outcome, changed_at }: ReviewRow,
  whole: boolean,
) {
  const cause = { kind, reference };
  return {
    review,
    time: recorded_at,
    cause,
    person: whole ? person : null,
    organisation,
    status,
    assignee,
    outcome,
    changedAt: changed_at,
  };
}
