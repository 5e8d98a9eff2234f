import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, epochMs, toInstant, type ChildId } from '#kernel';
import type { RelationshipClaimed } from '#contracts';
import { Access, CORE, CurrentPurposefulRequest, type Core, type PurposefulRequest } from '#nest-platform';
import { auditOwner, CLAIM_DAYS, claimEndRule, claimRule, sealWords, sendNotice } from '#sharing';
import { ClaimEndDto, RelationshipClaimDto } from './relationship-claims.dto.ts';
import { carryOut, idOr, permitted, PROFESSIONALS, tellersOf } from './stating.ts';

const DAY = 86_400_000;

/** Claims of professionals that they work with a child before any system says so (decision 15). Each is told to two officers. */
@Controller('v1/children/:childId/relationship-claims')
export class RelationshipClaimsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Claim to work with a child, for days' })
  @Post()
  @HttpCode(201)
  @Access({ roles: PROFESSIONALS, purpose: 'required' })
  async claim(
    @Param('childId') childId: string,
    @Body() dto: RelationshipClaimDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly claim: string; readonly from: string; readonly until: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const tellers = (await tellersOf(this.#core, childId)).map(({ organisation }) => organisation);
    const { child, value: known } = await permitted(
      this.#core,
      asked,
      (question) => claimRule(question, tellers),
      ([own]) => own?.claims.get(dto.id?.toLowerCase() ?? ''),
    );
    const { organisation, role, sub } = caller.reader;
    const claim = idOr(this.#core, dto.id);
    const now = this.#core.clock.now();
    const first = known?.from ?? dayOf(now);
    const until = known?.until ?? dayOf(toInstant(epochMs(now) + ((dto.days ?? CLAIM_DAYS) - 1) * DAY));
    const owner = auditOwner(organisation);
    const of = { child, type: 'relationship.claimed.v1', id: claim, owner };
    const data: RelationshipClaimed = {
      claim,
      organisation,
      person: sub,
      role,
      reason: dto.reason,
      from: first,
      until,
      ...(dto.words === undefined
        ? {}
        : { words: await sealWords(this.#core.looks.vault, of, now.slice(0, 4), dto.words) }),
    };
    // First told, then kept: a claim that nobody was told of can't be.
    await this.#tell(child, data, caller.correlationId);
    await carryOut(this.#core, asked, child, { type: 'claimRelationship', data });
    return { claim, from: first, until };
  }

  @ApiOperation({ summary: 'End a claim early: its maker, or a data-protection officer who finds it unfounded' })
  @Post(':claim/endings')
  @HttpCode(200)
  @Access({ roles: [...PROFESSIONALS, 'data-protection-officer'], purpose: 'required' })
  async end(
    @Param('childId') childId: string,
    @Param('claim') claim: string,
    @Body() dto: ClaimEndDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly claim: string }> {
    const asked = { ...request, childId };
    const { child } = await permitted(
      this.#core,
      asked,
      (question) => claimEndRule(question, claim),
      () => true,
    );
    await carryOut(this.#core, asked, child, { type: 'endClaim', data: { claim, because: dto.because } });
    return { claim };
  }

  async #tell(child: ChildId, { claim, organisation }: RelationshipClaimed, correlationId: string): Promise<void> {
    const notice = {
      // The claimant chose its id: the same on another child is another claim, and is told too.
      cause: `${child} ${claim}`,
      kind: 'relationship-claimed',
      reference: claim,
      child,
      person: null,
      correlationId,
    } as const;
    await sendNotice(this.#core.looks, { ...notice, to: 'organisation-dpo', organisation });
    await sendNotice(this.#core.looks, { ...notice, to: 'area-dpo', organisation: null });
  }
}
