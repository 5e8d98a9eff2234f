import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { CohortPublished } from '#contracts';
import { Access, CORE, CurrentPurposefulRequest, notFound, type Core, type PurposefulRequest } from '#nest-platform';
import type { View } from '#projections';
import { appendLook } from '#sharing';
import { TIMELINE } from '../views/tokens.ts';
import { publishedTable } from './publish.ts';
import { COHORT_TABLES } from './tables.ts';

/** Counts for those who plan services: fixed tables of whole months, small numbers suppressed. Nothing here is about one child. */
@Controller('v1/cohort-counts')
@Access({ roles: ['area-analyst'], purpose: 'required' })
export class CohortsController {
  readonly #core: Core;
  readonly #facts: View;

  constructor(@Inject(CORE) core: Core, @Inject(TIMELINE) facts: View) {
    this.#core = core;
    this.#facts = facts;
  }

  @ApiOperation({ summary: 'Tables of counts there are' })
  @Get()
  list(): { readonly tables: readonly { readonly table: string; readonly title: string }[] } {
    return { tables: Object.entries(COHORT_TABLES).map(([table, { title }]) => ({ table, title })) };
  }

  @ApiOperation({ summary: 'Counts of children at the end of the last month' })
  @Get(':table')
  async table(
    @Param('table') name: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<CohortPublished> {
    const { caller } = request;
    const table = Object.hasOwn(COHORT_TABLES, name) ? COHORT_TABLES[name] : undefined;
    if (table === undefined) throw notFound();
    const core = this.#core;
    await appendLook(core.looks, caller, {
      effect: 'permit',
      route: request.route,
      child: null,
      slices: [],
      reasons: ['cohort', name],
      facts: [],
      registry: undefined,
      protections: [],
    });
    return publishedTable({ core, facts: this.#facts }, name, table, caller.correlationId);
  }
}
