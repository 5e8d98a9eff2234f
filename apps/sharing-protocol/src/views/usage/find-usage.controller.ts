import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { endOfDay, isUuid, parsePlainDate, startOfDay, type ChildId, type Instant } from '#kernel';
import { PURPOSE_WORDS, ROLE_WORDS } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import type { View } from '#projections';
import { shown } from '../../answer/shown.ts';
import { USAGE } from '../tokens.ts';
import { FindUsageQueryDto } from './find-usage.dto.ts';
import { lookOf } from './item.ts';
import { usageCount, usagePageAt } from './query.ts';
import { looksIn, ruleWithRegistry } from './scope.ts';

/** The shape of Estonia's data tracker (Andmejälgija, `findUsage` of its protocol 2.1), with role and purpose beside. */
export interface FoundUsages {
  readonly totalUsages: number;
  readonly usages: readonly {
    readonly logtime: string;
    /** What was done, in words. */
    readonly action: string;
    readonly receiverCode: string;
    readonly receiverName: string;
    readonly receiverSystem: string;
    readonly role: string;
    readonly purpose: string;
    readonly decision: string;
  }[];
}

/** From when on looks are kept and told. */
export interface UsagePeriod {
  readonly periodStart: string | null;
}

/** Looks at a child for portals that know the Estonian form; the same looks as `usage` tells. Asking is a look too. */
@Controller('v1/children/:childId')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class FindUsageController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(USAGE) view: View) {
    this.#core = core;
    this.#view = view;
  }

  @ApiOperation({ summary: 'Looks at a child, in the form of findUsage' })
  @Get('find-usage')
  async find(
    @Param('childId') childId: string,
    @Query() query: FindUsageQueryDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<FoundUsages> {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const period = periodOf(query);
    const { vault } = this.#core;
    return shown(this.#core, request, {
      child,
      rule: ruleWithRegistry,
      find: async ({ scope, registry }) => {
        const asked = { ...looksIn(scope, vault, child), ...period };
        const { count } = await usageCount(this.#view.db, asked);
        const page = { limit: query.limit ?? 100, offset: query.offset ?? 0 };
        return { registry, count, rows: await usagePageAt(this.#view.db, asked, page) };
      },
      facts: () => [],
      open: async ({ registry, count, rows }, _scope, decision): Promise<FoundUsages> => {
        const usages = rows.map(async (row) => {
          const look = await lookOf(vault, decision, row);
          if (look === undefined) return [];
          const { reader, purpose } = look;
          return [
            {
              logtime: look.at,
              action: `${ROLE_WORDS[reader.role]}: looked ${PURPOSE_WORDS[purpose]}${row.aborted === 1 ? ', and was shown nothing' : look.effect === 'deny' ? ', and was refused' : ''}`,
              receiverCode: reader.organisation,
              receiverName: registry.organisations.get(reader.organisation)?.name ?? reader.organisation,
              receiverSystem: reader.client,
              role: reader.role,
              purpose,
              decision: row.decision_id,
            },
          ];
        });
        return { totalUsages: count, usages: (await Promise.all(usages)).flat() };
      },
    });
  }

  @ApiOperation({ summary: 'From when on looks at a child are told' })
  @Get('usage-period')
  async period(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<UsagePeriod> {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    return shown(this.#core, request, {
      child,
      rule: ruleWithRegistry,
      find: async ({ scope }) => usageCount(this.#view.db, looksIn(scope, this.#core.vault, child)),
      facts: () => [],
      open: ({ since }): UsagePeriod => ({ periodStart: since }),
    });
  }
}

function periodOf({ periodStart, periodEnd }: FindUsageQueryDto): { readonly from?: Instant; readonly to?: Instant } {
  const day = (text: string, name: string) => {
    const parsed = parsePlainDate(text);
    if (parsed === undefined) throw invalidInput([{ code: 'DAY_INVALID', pointer: `/${name}` }]);
    return parsed;
  };
  return {
    ...(periodStart === undefined ? {} : { from: startOfDay(day(periodStart, 'periodStart')) }),
    ...(periodEnd === undefined ? {} : { to: endOfDay(day(periodEnd, 'periodEnd')) }),
  };
}
