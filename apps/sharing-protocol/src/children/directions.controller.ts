import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, type PlainDate } from '#kernel';
import type { Category, ConsentRefused, Purpose } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import { professionalRule, standingOf } from '#sharing';
import { DirectionDto, DirectionEndDto } from './authorities.dto.ts';
import { carryOut, idOr, permitted } from './stating.ts';

/**
 * What a court ordered of sharing, recorded by an organisation that saw the order, and what a local authority says that shares parental
 * responsibility under a care order. Consents and refusals like a family's, but no family member's to give or take back.
 */
@Controller('v1/children/:childId/directions')
@Access({ roles: ['social-worker', 'safeguarding-lead', 'send-caseworker'], purpose: 'required' })
export class DirectionsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Record what a court, or the local authority under a care order, says of sharing' })
  @Post()
  @HttpCode(201)
  async direct(
    @Param('childId') childId: string,
    @Body() dto: DirectionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly direction: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { organisation, sub } = caller.reader;
    const day = dayOf(this.#core.clock.now());
    const carer = { authority: 'parental-responsibility', organisation } as const;
    const { child, value: holds } = await permitted(this.#core, asked, professionalRule, (all) =>
      // A care order is for every category and purpose.
      standingOf(carer, 'identity.core', 'safeguarding', day, all),
    );
    if (dto.authority === 'care-order' && holds !== 'recorded')
      throw invalidInput([{ code: 'CARE_ORDER_MISSING', pointer: '/authority' }]);
    const scope: ConsentRefused = {
      consent: idOr(this.#core, dto.id),
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      authority: dto.authority === 'court-order' ? 'court-order' : 'parental-responsibility',
      organisation,
      by: sub,
    };
    const until = (dto.until ?? null) as PlainDate | null;
    await carryOut(
      this.#core,
      asked,
      child,
      dto.decision === 'give'
        ? { type: 'giveConsent', data: { ...scope, until } }
        : { type: 'refuseConsent', data: scope },
    );
    return { direction: scope.consent };
  }

  @ApiOperation({ summary: 'Record that such a direction ended' })
  @Post(':direction/endings')
  @HttpCode(200)
  async end(
    @Param('childId') childId: string,
    @Param('direction') direction: string,
    @Body() { because }: DirectionEndDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly direction: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { organisation, sub } = caller.reader;
    const { value: where } = await permitted(this.#core, asked, professionalRule, (all) =>
      all
        .flatMap(({ child, consents, refusals }) =>
          [consents.get(direction), refusals.get(direction)].map((said) => ({ child, said })),
        )
        // Only the organisation that recorded it knows the order; what a family said is not here.
        .find(({ said }) => said?.organisation === organisation),
    );
    if (where === undefined) throw notFound();
    const ends = {
      consent: direction,
      by: sub,
      organisation,
      ...(because === 'order-ended' ? { because } : {}),
    };
    await carryOut(this.#core, asked, where.child, { type: 'withdrawConsent', data: ends });
    return { direction };
  }
}
