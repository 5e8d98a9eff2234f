import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { PEOPLE } from '#contracts';
import { Access, CORE, CurrentPurposefulRequest, Problem, type Core, type PurposefulRequest } from '#nest-platform';
import { existenceRule, release } from '#sharing';
import { answered } from '../answer/shown.ts';
import { ChildMatchDto } from './child-matches.dto.ts';

/** `Match` with the child, or `NoMatch`: for whoever may not know that the hub knows the child, these are one. */
export type ChildMatch =
  { readonly outcome: 'Match'; readonly childId: string } | { readonly outcome: 'NoMatch' | 'ManyMatch' };

/** Finding a child by identifiers (domain words of the DfE's identifier programme). A look, like every other. */
@Controller('v1/child-matches')
@Access({ roles: [...PEOPLE, 'organisation-system'], purpose: 'required' })
export class ChildMatchesController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Find a child by identifiers' })
  @Post()
  @HttpCode(200)
  async match(@Body() dto: ChildMatchDto, @CurrentPurposefulRequest() request: PurposefulRequest): Promise<ChildMatch> {
    const { caller, route, reply } = request;
    const { outcome, children } = await this.#core.match(dto);
    if (outcome === 'Error') {
      const errors = [
        { code: 'IDENTIFIER_CHECK_FAILED', pointer: dto.nhsNumber === undefined ? '/upn' : '/nhsNumber' },
      ];
      throw new Problem({
        status: 422,
        code: 'CALLER_IDENTIFIER_INVALID',
        title: 'A number fails its check digit',
        errors,
      });
    }
    const child = children.length === 1 ? (children[0] ?? null) : null;
    const tellers = child === null ? [] : (await this.#core.recordsOf(child)).map(({ organisation }) => organisation);
    const result = await this.#core.disclose({
      caller,
      child,
      route,
      rule: (question) => existenceRule(question, tellers),
      find: async () => undefined,
      facts: () => [],
      open: (): ChildMatch => (child === null ? { outcome: 'NoMatch' } : { outcome: 'Match', childId: child }),
    });
    if (!result.ok && result.error === 'not-found') return { outcome: 'NoMatch' };
    return release(answered(result, reply));
  }
}
