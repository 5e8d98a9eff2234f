import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUuid, type ChildId, type DecisionId, type OrganisationId } from '#kernel';
import { Access, CORE, CurrentPurposefulCaller, invalidInput, type Core, type PurposefulCaller } from '#nest-platform';
import type { View } from '#projections';
import { looksRule, openLook, release, type LooksScope } from '#sharing';
import { grantDisclose } from '#vault';
import { answered } from '../../children/answered.ts';
import { USAGE } from '../tokens.ts';
import { decodeCursor, encodeCursor } from '../timeline/cursor.ts';
import { usagePage, type UsageRow } from './query.ts';
import { UsageQueryDto } from './usage.dto.ts';

/** One look as the child's family or a data-protection officer reads it: organisation and role, not the name. */
export interface UsageItem {
  readonly decision: string;
  readonly time: string;
  readonly organisation: string;
  readonly role: string;
  readonly purpose: string;
  readonly effect: 'permit' | 'deny' | 'aborted';
  /** Which categories of whose facts might be read. */
  readonly categories: readonly { readonly organisation: string; readonly category: string }[];
  /** Null to an organisation where others looked: it would count other sources' facts. */
  readonly facts: number | null;
}

/** Who looked at this child (the shape of Estonia's findUsage, with role and purpose). Asking is a look too. */
@Controller('v1/children/:childId/usage')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class UsageController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(USAGE) view: View) {
    this.#core = core;
    this.#view = view;
  }

  @ApiOperation({ summary: 'Looks at a child' })
  @Get()
  async read(
    @Param('childId') childId: string,
    @Query() query: UsageQueryDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ readonly usages: readonly UsageItem[]; readonly next?: string }> {
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
    if (query.cursor !== undefined && after === undefined)
      throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    const { vault } = this.#core;
    const result = await this.#core.disclose({
      caller,
      child,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      rule: looksRule,
      find: async (scope) =>
        usagePage(this.#view.db, {
          childHashes: child === null ? [] : [vault.lookupHash('usage-child', child)],
          ...(scope.of === 'organisation' ? { organisation: scope.organisation } : {}),
          ...(scope.of === 'family' ? { family: true } : {}),
          ...(after === undefined ? {} : { after: { at: after.at, decision: after.fact } }),
          limit: query.limit ?? 50,
        }),
      facts: () => [],
      open: (page, scope, decision) => ({
        usages: page.rows.flatMap((row) => this.#opened(row, scope, decision)),
        ...(page.after === null ? {} : { next: encodeCursor({ at: page.after.at, fact: page.after.decision }) }),
      }),
    });
    return release(answered(result, reply));
  }

  #opened(row: UsageRow, scope: LooksScope, decision: string): readonly UsageItem[] {
    const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
    const decided = row.decision_id as DecisionId;
    const look = openLook(
      this.#core.vault,
      grantDisclose(decision),
      decided,
      row.organisation as OrganisationId,
      sealed,
    );
    if (look === undefined) return [];
    // Of a look by others at its facts an organisation is told its own part, as in the answers to questions about decisions.
    const part = scope.of === 'organisation' && scope.organisation !== look.reader.organisation ? scope : undefined;
    const slices = look.slices.filter(({ organisation }) => part === undefined || organisation === part.organisation);
    const categories =
      look.facts.length === 0 ? [] : slices.map(({ organisation, category }) => ({ organisation, category }));
    return [
      {
        decision: row.decision_id,
        time: look.at,
        organisation: look.reader.organisation,
        role: look.reader.role,
        purpose: look.purpose,
        effect: row.aborted === 1 ? 'aborted' : look.effect,
        categories,
        facts: part === undefined ? look.facts.length : null,
      },
    ];
  }
}
