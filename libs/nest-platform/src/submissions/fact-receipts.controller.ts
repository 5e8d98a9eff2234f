import { Controller, Get, Header, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery } from '@nestjs/swagger';
import { isUuid } from '#kernel';
import { decodeRecord } from '#contracts';
import { CORE, type Core } from '../core/core.ts';
import { Access } from '../guard/access.ts';
import { CurrentCaller, type Caller } from '../guard/caller.ts';
import { notFound } from '../problem/problem.ts';
import type { Receipts } from './receipt.ts';
import { RECEIPTS } from './tokens.ts';

/** Organisations hold proof of what they told: the stored event of a fact of theirs, as it stands in the log. */
@Controller('v1/submissions/:id/receipts')
@Access({ roles: ['organisation-system', 'data-protection-officer'], purpose: 'none' })
export class FactReceiptsController {
  readonly #core: Core;
  readonly #receipts: Receipts;

  constructor(@Inject(CORE) core: Core, @Inject(RECEIPTS) receipts: Receipts) {
    this.#core = core;
    this.#receipts = receipts;
  }

  /**
   * `c2sp.org/tlog-proof@v1` with the stored bytes, which are sealed where they say something of a child. Only of events that the organisation
   * itself caused; what is not its own, not there or not signed yet is the same 404.
   */
  @ApiOperation({ summary: 'Proof of one fact that was handed in' })
  @ApiQuery({
    name: 'revision',
    type: 'integer',
    minimum: 0,
    required: false,
    description: 'Which event of the fact: 0, the first, unless given',
  })
  @Get(':factId')
  @Header('content-type', 'text/plain; charset=utf-8')
  async receipt(
    @Param('id') id: string,
    @Param('factId') factId: string,
    @Query('revision') revision: string | undefined,
    @CurrentCaller() { reader }: Caller,
  ): Promise<string> {
    const at = /^(0|[1-9][0-9]{0,5})$/.test(revision ?? '0') ? Number(revision ?? '0') : undefined;
    const own = isUuid(factId) && (await this.#receipts.find(reader.organisation, id)) !== undefined;
    if (at === undefined || !own || !(await this.#receipts.holds(id, factId))) throw notFound();
    const [event] = await this.#core.log.readStream(`fact-${factId}`, { from: at, limit: 1 });
    if (event === undefined || decodeRecord(event.data).by !== reader.organisation) throw notFound();
    const receipt = await this.#core.proof.receipt(event.id, event.data);
    if (receipt === undefined) throw notFound();
    return receipt;
  }
}
