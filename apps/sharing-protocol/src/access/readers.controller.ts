import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type ChildId } from '#kernel';
import { Access, CORE, CurrentPurposefulRequest, type Core, type PurposefulRequest } from '#nest-platform';
import { readersOf, readersRule, type Protection, type Readers } from '#sharing';
import { shown } from '../answer/shown.ts';

/** Who may see this child's record, for what, by which agreement or consent. Asking is a look. */
@Controller('v1/children/:childId/access')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class ReadersController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: "Who may see a child's record, and by what" })
  @Get()
  async read(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<Readers> {
    const core = this.#core;
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const told = child !== null && (await core.recordsOf(child)).length > 0;
    return shown(core, request, {
      child,
      rule: (question) => {
        const protections: readonly Protection[] = question.protections;
        const known = told || protections.some(({ revision }) => revision >= 0);
        const ruling = readersRule(question, known);
        return ruling.effect === 'deny' ? ruling : { ...ruling, scope: { ...question, audience: ruling.scope } };
      },
      find: async () => undefined,
      facts: () => [],
      open: (_found, { registry, protections, at, audience }) => readersOf(registry, protections, at, audience),
    });
  }
}
