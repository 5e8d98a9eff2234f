import { Controller, Get, Header, Inject, Param, ParseIntPipe, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { isUuid, type OrganisationId } from '#kernel';
import { decodeRecord, type LookContent, type LookEvent, type Role } from '#contracts';
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
  async checkpoint(): Promise<string> {
    const checkpoint = await this.#core.proof.checkpoint();
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

  @ApiOperation({ summary: 'Proof that the leaf at an index is in the tree of a size' })
  @Get('proofs/inclusion')
  async inclusion(
    @Query('index', ParseIntPipe) index: number,
    @Query('size', ParseIntPipe) size: number,
  ): Promise<{ readonly index: number; readonly size: number; readonly hashes: readonly string[] }> {
    const hashes = await this.#core.proof.inclusion(index, size);
    if (hashes === undefined) throw notFound();
    return { index, size, hashes };
  }

  /**
   * The receipt of a look, `c2sp.org/tlog-proof@v1`; the decision's id came with the answer in Hub-Decision-Id, or stands in the list of looks.
   * One may have one's own; an organisation's officer and system those of its people and those at its facts, as the list of looks shows them to
   * it; the area's data-protection officer, to whom every look is accounted for, any. Whoever else asks reads what is said of an unknown one.
   */
  @ApiOperation({ summary: 'Proof of one look' })
  @Get('looks/:decision/receipt')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async receipt(@Param('decision') decision: string, @CurrentCaller() caller: Caller): Promise<string> {
    const [look] = isUuid(decision) ? await this.#core.log.readStream(`look-${decision}`, { limit: 1 }) : [];
    const may = look !== undefined && (await this.#mayHave(look.data, caller));
    const receipt = may ? await this.#core.proof.receipt(look.id, look.data) : undefined;
    if (receipt === undefined) throw notFound();
    return receipt;
  }

  /** An id is told to the family and to officers too; who looked is not said by more than they may read of it. */
  async #mayHave(data: Uint8Array, { reader }: Caller): Promise<boolean> {
    const event = decodeRecord(data) as unknown as LookEvent;
    if (event.type !== 'look.recorded.v1') return false;
    if (reader.organisation === HUB && reader.role === 'data-protection-officer') return true;
    const { decision, sealed } = event.data;
    const look = await openLook(this.#core.vault, grantProcess('receipt'), decision, event.by, sealed);
    if (look === undefined) return false;
    if (look.reader.organisation === reader.organisation && look.reader.sub === reader.sub) return true;
    if (!ACCOUNTED_TO.has(reader.role) || !concerns(look, reader.organisation)) return false;
    const { organisations } = await this.#core.tails.registry();
    const sector = organisations.get(reader.organisation)?.sector;
    // All families are one organisation, and no family is told of looks for safeguarding: each has its own list and the receipts of that.
    return sector !== undefined && sector !== 'family';
  }
}

/** To whom an organisation's looks are accounted for. */
const ACCOUNTED_TO: ReadonlySet<Role> = new Set(['data-protection-officer', 'organisation-system']);

/** A look by its people, or one under which its facts might be read: what the list of looks shows to its officer. */
function concerns(look: LookContent, organisation: OrganisationId): boolean {
  if (look.reader.organisation === organisation) return true;
  return look.effect === 'permit' && look.slices.some((slice) => slice.organisation === organisation);
}
