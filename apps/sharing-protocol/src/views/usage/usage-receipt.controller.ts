import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type ChildId } from '#kernel';
import { Access, CORE, CurrentPurposefulRequest, notFound, type Core, type PurposefulRequest } from '#nest-platform';
import type { View } from '#projections';
import { looksRule, release, type LooksScope } from '#sharing';
import { answered } from '../../answer/shown.ts';
import { USAGE } from '../tokens.ts';
import { usagePage } from './query.ts';

/** The family holds proof of each look that its list of looks shows. */
@Controller('v1/children/:childId/usage/:decision/receipt')
@Access({ roles: ['parent', 'young-person', 'data-protection-officer'], purpose: 'required' })
export class UsageReceiptController {
  readonly #core: Core;
  readonly #view: View;

  constructor(@Inject(CORE) core: Core, @Inject(USAGE) view: View) {
    this.#core = core;
    this.#view = view;
  }

  /**
   * `c2sp.org/tlog-proof@v1` of one look in `GET /v1/children/:childId/usage`, decided by the same rule and found by the same query, so that it
   * is there exactly where the list shows it: a look for safeguarding, at another child, and none at all are the same 404. The look's bytes in it
   * are sealed; what they say stays what the list says.
   */
  @ApiOperation({ summary: 'Proof of one look at a child' })
  @Get()
  @Header('content-type', 'text/plain; charset=utf-8')
  async read(
    @Param('childId') childId: string,
    @Param('decision') decision: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<string> {
    const { caller, route, reply } = request;
    const child = isUuid(childId) ? (childId as ChildId) : null;
    const result = await this.#core.disclose({
      caller,
      child,
      route,
      rule: looksRule,
      find: (scope) => (child === null ? Promise.resolve(undefined) : this.#receipt(child, decision, scope)),
      facts: () => [],
      open: (receipt) => receipt,
    });
    // Before the decision's id is on the answer: what is not listed leaves no header that tells it from what is refused.
    if (result.ok && release(result.value) === undefined) throw notFound();
    return release(answered(result, reply)) ?? '';
  }

  async #receipt(child: ChildId, decision: string, scope: LooksScope): Promise<string | undefined> {
    if (!isUuid(decision)) return undefined;
    const { rows } = await usagePage(this.#view.db, {
      childHashes: [this.#core.vault.lookupHash('usage-child', child)],
      ...(scope.of === 'organisation' ? { organisation: scope.organisation } : {}),
      ...(scope.of === 'family' ? { family: true } : {}),
      decision,
      limit: 1,
    });
    if (rows[0] === undefined) return undefined;
    const [look] = await this.#core.log.readStream(`look-${decision}`, { limit: 1 });
    return look === undefined ? undefined : this.#core.proof.receipt(look.id, look.data);
  }
}
