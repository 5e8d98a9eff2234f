import { Controller, Get, Header, Inject, Param, ParseIntPipe, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid } from '#kernel';
import { decodeRecord, type LookEvent } from '#contracts';
import { Access, CORE, CurrentCaller, notFound, type Caller, type Core } from '#nest-platform';
import { HUB, openLook } from '#sharing';
import { grantProcess } from '#vault';

/** What an outsider checks the log by. Hashes and signatures only; the roles are those with whom a head may be left. */
@Controller('v1')
@Access({ roles: ['data-protection-officer', 'system-administrator', 'organisation-system'], purpose: 'none' })
export class ProofController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'The latest signed checkpoint of the log' })
  @Get('checkpoint')
  @Header('content-type', 'text/plain; charset=utf-8')
  checkpoint(): string {
    const checkpoint = this.#core.proof.checkpoint();
    if (checkpoint === undefined) throw notFound();
    return checkpoint;
  }

  @ApiOperation({ summary: 'The key that checkpoints are verified with' })
  @Get('checkpoint/key')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Access({ roles: 'anyone', purpose: 'none' })
  key(): string {
    return `${this.#core.proof.vkey}\n`;
  }

  @ApiOperation({ summary: 'Proof that one checkpoint continues another' })
  @Get('proofs/consistency')
  async consistency(
    @Query('from', ParseIntPipe) from: number,
    @Query('to', ParseIntPipe) to: number,
  ): Promise<{ readonly from: number; readonly to: number; readonly hashes: readonly string[] }> {
    const hashes = await this.#core.proof.consistency(from, to);
    if (hashes === undefined) throw notFound();
    return { from, to, hashes };
  }

  /**
   * The receipt of one's own look, `c2sp.org/tlog-proof@v1`; the decision's id came with the answer in Hub-Decision-Id. The area's
   * data-protection officer, to whom every look is accounted for, may have any; whoever else asks reads what is said of an unknown one.
   */
  @ApiOperation({ summary: 'Proof of one look' })
  @Get('looks/:decision/receipt')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async receipt(@Param('decision') decision: string, @CurrentCaller() caller: Caller): Promise<string> {
    const [look] = isUuid(decision) ? await this.#core.log.readStream(`look-${decision}`, { limit: 1 }) : [];
    const may = look !== undefined && this.#mayHave(look.data, caller);
    const receipt = may ? await this.#core.proof.receipt(look.id, look.data) : undefined;
    if (receipt === undefined) throw notFound();
    return receipt;
  }

  /** An id is told to the family and to officers too; who looked is not said by more than they may read of it. */
  #mayHave(data: Uint8Array, { reader }: Caller): boolean {
    const event = decodeRecord(data) as unknown as LookEvent;
    if (event.type !== 'look.recorded.v1') return false;
    const officer = reader.organisation === HUB && reader.role === 'data-protection-officer';
    return officer || this.#isOwn(event, reader);
  }

  #isOwn(event: Extract<LookEvent, { type: 'look.recorded.v1' }>, reader: Caller['reader']): boolean {
    if (event.by !== reader.organisation) return false;
    const { decision, sealed } = event.data;
    const look = openLook(this.#core.vault, grantProcess('receipt'), decision, reader.organisation, sealed);
    return look?.reader.sub === reader.sub;
  }
}
