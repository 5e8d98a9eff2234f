import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type ChildId } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  PageDto,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import { shown } from '../../answer/shown.ts';
import { emergencyOutcomes } from '../break-glass/query.ts';
import { BREAK_GLASS, USAGE } from '../tokens.ts';
import { decodeCursor, encodeCursor } from '../timeline/cursor.ts';
import { lookOf, usageItem, type UsageItem } from './item.ts';
import { usagePage } from './query.ts';
import { looksIn, ruleWithRegistry } from './scope.ts';

/** Who looked at this child, when and why. Asking is a look too. */
@Controller('v1/children/:childId/usage')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class UsageController {
  readonly #core: Core;
  readonly #view: View;
  readonly #emergencies: View;

  constructor(@Inject(CORE) core: Core, @Inject(USAGE) view: View, @Inject(BREAK_GLASS) emergencies: View) {
    this.#core = core;
    this.#view = view;
    this.#emergencies = emergencies;
  }

  @ApiOperation({ summary: 'Looks at a child' })
  @Get()
  async read(
    @Param('childId') childId: string,
    @Query() query: PageDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly usages: readonly UsageItem[]; readonly next?: string }> {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    const { vault } = this.#core;
    return shown(this.#core, request, {
      child,
      rule: ruleWithRegistry,
      find: async ({ scope, registry }) => ({
        registry,
        outcomes: await emergencyOutcomes(this.#emergencies.db, childId),
        page: await usagePage(this.#view.db, {
          ...looksIn(scope, vault, child),
          ...(after === undefined ? {} : { after: { at: after.at, decision: after.fact } }),
          limit: query.limit ?? 50,
        }),
      }),
      facts: () => [],
      open: async ({ page, registry, outcomes }, { scope }, decision) => {
        const usages = page.rows.map(async (row) => {
          const look = await lookOf(vault, decision, row);
          if (look === undefined) return [];
          return [usageItem(row, look, { scope, registry, outcome: outcomes.get(look.breakGlass ?? '') })];
        });
        return {
          usages: (await Promise.all(usages)).flat(),
          ...(page.after === null ? {} : { next: encodeCursor({ at: page.after.at, fact: page.after.decision }) }),
        };
      },
    });
  }
}
