import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isUuid, type ChildId, type PlainDate } from '#kernel';
import { looksPersonal, type Category, type ConsentGiven, type ConsentRefused, type Purpose } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  Problem,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import {
  consentsRule,
  consentState,
  standingOf,
  type AuthorityStanding,
  type ConsentState,
  type Protection,
  type ProtectionCommand,
} from '#sharing';
import { shown, handToken } from '../answer/shown.ts';
import { ConsentChangeDto, ConsentDto } from './consents.dto.ts';

/** A consent as the family reads it. */
interface ConsentView {
  readonly consent: string;
  /** `authority-ended`: what the consent rested on is over. `conflicting`: somebody else with authority said the contrary. */
  readonly state: 'given' | 'refused' | 'expired' | 'authority-ended' | 'conflicting';
  readonly categories: readonly string[];
  readonly purposes: readonly string[];
  readonly authority: string;
  /** What it rests on: evidence an organisation recorded, the giver's own word, the law's presumption from 16, or nothing any more. */
  readonly standing: AuthorityStanding;
  readonly until: string | null;
}

/** How consent stands today for one category and purpose that somebody spoke of. */
interface StateView {
  readonly category: string;
  readonly purpose: string;
  readonly state: ConsentState['state'];
}

/** Consents of a child: read and changed by those with authority. A change holds for the very next request of anybody. */
@Controller('v1/children/:childId/consents')
@Access({ roles: ['parent', 'young-person'], purpose: 'required' })
export class ConsentsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Consents of a child' })
  @Get()
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly consents: readonly ConsentView[]; readonly states: readonly StateView[] }> {
    const { held, states } = await this.#consents(childId, request);
    return { consents: held.map(({ view }) => view), states };
  }

  @ApiOperation({ summary: 'Give or refuse a consent' })
  @Post()
  @HttpCode(201)
  async decide(
    @Param('childId') childId: string,
    @Body() dto: ConsentDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly consent: string }> {
    const { caller } = request;
    // The name stands in the log as it is.
    if (looksPersonal(dto.consent)) throw invalidInput([{ code: 'ID_LOOKS_PERSONAL', pointer: '/consent' }]);
    // Whose word it is follows from the sign-in: a parent can't speak as the child, nor the child as a parent.
    if ((dto.authority === 'parental-responsibility') !== (caller.reader.role === 'parent')) throw notYourAuthority();
    const { child } = await this.#consents(childId, request);
    const { consent, authority } = dto;
    const by = caller.reader.sub;
    const scope = {
      consent,
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      authority,
      by,
    };
    const until = (dto.until ?? null) as PlainDate | null;
    const given: ConsentGiven = { ...scope, until };
    await this.#change(
      child,
      request,
      dto.decision === 'give' ? { type: 'giveConsent', data: given } : { type: 'refuseConsent', data: scope },
    );
    return { consent };
  }

  @ApiOperation({ summary: 'Withdraw a consent' })
  @Patch(':consent')
  async withdraw(
    @Param('childId') childId: string,
    @Param('consent') consent: string,
    @Body() _change: ConsentChangeDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly consent: string }> {
    const { caller } = request;
    const { held } = await this.#consents(childId, request);
    // Where a record was moved, a refusal still stands under the child it was made for.
    const directive = held.find(({ view }) => view.consent === consent);
    if (directive === undefined) throw notFound();
    const data = { consent, by: caller.reader.sub };
    await this.#change(directive.child, request, { type: 'withdrawConsent', data });
    return { consent };
  }

  async #consents(childId: string, request: PurposefulRequest) {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const views = await shown(this.#core, request, {
      child,
      rule: consentsRule,
      find: async () => (child === null ? [] : this.#core.tails.protections(child)),
      facts: () => [],
      open: (protections) => viewsOf(protections, dayOf(this.#core.clock.now())),
    });
    if (child === null) throw notFound();
    return { child, ...views };
  }

  async #change(child: ChildId, request: PurposefulRequest, command: ProtectionCommand): Promise<void> {
    const { reader, correlationId } = request.caller;
    const outcome = await this.#core.protectionCommand(child, command, { by: reader.organisation, correlationId });
    if (!outcome.ok) throw invalidInput(outcome.error);
    handToken(this.#core, request, outcome.value.token);
  }
}

interface Views {
  /** With the child on whose stream each stands. */
  readonly held: readonly { readonly child: ChildId; readonly view: ConsentView }[];
  readonly states: readonly StateView[];
}

function viewsOf(protections: readonly Protection[], day: PlainDate): Views {
  const states = new Map<string, StateView>();
  const stateOf = (category: Category, purpose: Purpose): StateView['state'] => {
    const key = `${category} ${purpose}`;
    const known = states.get(key) ?? { category, purpose, ...pick(consentState(category, purpose, day, protections)) };
    states.set(key, known);
    return known.state;
  };
  const held = protections.flatMap(({ child, consents, refusals }) =>
    [...consents.values(), ...refusals.values()].map((each) => ({
      child,
      view: viewOf(each, day, protections, stateOf),
    })),
  );
  return { held, states: [...states.values()] };
}

function viewOf(
  said: ConsentGiven | ConsentRefused,
  day: PlainDate,
  protections: readonly Protection[],
  stateOf: (category: Category, purpose: Purpose) => StateView['state'],
): ConsentView {
  const { consent, categories, purposes, authority } = said;
  const pairs = categories.flatMap((category) => purposes.map((purpose) => [category, purpose] as const));
  const standings = pairs.map(([category, purpose]) => standingOf(said, category, purpose, day, protections));
  const states = pairs.map(([category, purpose]) => stateOf(category, purpose));
  const until = 'until' in said ? said.until : null;
  const standing = standings.includes('none') ? 'none' : (standings[0] ?? 'none');
  const own = !('until' in said)
    ? 'refused'
    : until !== null && until < day
      ? 'expired'
      : standing === 'none'
        ? 'authority-ended'
        : 'given';
  const disputed = (own === 'given' || own === 'refused') && states.includes('conflicting');
  return { consent, state: disputed ? 'conflicting' : own, categories, purposes, authority, standing, until };
}

function pick({ state }: ConsentState): Pick<StateView, 'state'> {
  return { state };
}

function notYourAuthority(): Problem {
  return new Problem({
    status: 403,
    code: 'HUB_AUTHORITY_NOT_YOURS',
    title: 'That is not your word to give',
    detail: 'A parent states parental-responsibility; a young person gillick-competent-child or young-person-16.',
  });
}
