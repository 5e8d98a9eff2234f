import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { ChildId, OrganisationId } from '#kernel';
import { PEOPLE } from '#contracts';
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
import {
  accessAnswer,
  accessRule,
  anyChild,
  askerOf,
  type AccessAnswer,
  type AccessQuestion,
  type Asker,
  type Slice,
} from '#sharing';
import { shown } from '../answer/shown.ts';
import { AccessQuestionDto } from './access.dto.ts';

/** What the dry run says, and what it took for granted. */
export type AccessDecisionAnswer = AccessAnswer & { readonly assumed: readonly string[] };

/** A dry run of a decision, which explains itself in words. Nothing is disclosed by it; asked about a child, it is a look. */
@Controller('v1/access-decisions')
@Access({ roles: PEOPLE, purpose: 'required' })
export class AccessDecisionsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Who may see what, and why (a dry run)' })
  @Post()
  @HttpCode(200)
  async ask(
    @Body() dto: AccessQuestionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<AccessDecisionAnswer> {
    const { caller } = request;
    const asked = questionOf(dto);
    const asker = askerOf(caller.reader, caller.purpose, asked);
    if (asker === undefined)
      throw new Problem({
        status: 403,
        code: 'HUB_ACCESS_QUESTION_NOT_YOURS',
        title: 'You may ask this about yourself only',
        detail:
          'The data-protection officer of an organisation may ask about its people and its facts, that of the area about anybody.',
      });
    return dto.childId === undefined
      ? this.#ofAnyChild(asked, asker, caller)
      : this.#ofChild(dto.childId as ChildId, asked, asker, request);
  }

  /** Says what was agreed and which roles there are; of no child, so nothing is disclosed. */
  async #ofAnyChild(asked: AccessQuestion, asker: Asker, { reader }: PurposefulCaller): Promise<AccessDecisionAnswer> {
    const registry = await this.#core.tails.registry();
    const world = { at: this.#core.clock.now(), registry, protections: anyChild(asked, reader) };
    const assumed = ['The person works with the child.', 'Nothing was consented to or decided for the child.'];
    return { ...accessAnswer(asked, asker, reader, world), assumed };
  }

  async #ofChild(
    child: ChildId,
    asked: AccessQuestion,
    asker: Asker,
    request: PurposefulRequest,
  ): Promise<AccessDecisionAnswer> {
    const core = this.#core;
    const tellers = (await core.recordsOf(child)).map(({ organisation }) => organisation);
    const answer = await shown(core, request, {
      child,
      rule: (question) => {
        const ruling = accessRule(question, asker, tellers);
        return ruling.effect === 'deny' ? ruling : { ...ruling, scope: question };
      },
      find: async () => undefined,
      facts: () => [],
      open: (_found, world) => accessAnswer(asked, asker, request.caller.reader, world),
    });
    return { ...answer, assumed: [] };
  }
}

function questionOf(dto: AccessQuestionDto): AccessQuestion {
  const { organisation, role, person, team, purpose } = dto;
  const slice = sliceOf(dto);
  return {
    organisation: organisation as OrganisationId,
    role,
    purpose,
    ...(person === undefined ? {} : { person }),
    ...(team === undefined ? {} : { team }),
    ...(slice === undefined ? {} : { slice }),
  };
}

function sliceOf({ source, category, restsOnConsent = false }: AccessQuestionDto): Slice | undefined {
  if (source === undefined && category === undefined) return undefined;
  if (source === undefined) throw invalidInput([{ code: 'SOURCE_MISSING', pointer: '/source' }]);
  if (category === undefined) throw invalidInput([{ code: 'CATEGORY_MISSING', pointer: '/category' }]);
  return { organisation: source as OrganisationId, category, reliesOnConsent: restsOnConsent };
}
