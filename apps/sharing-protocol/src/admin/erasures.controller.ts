import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { ChildId, OrganisationId } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulCaller,
  notFound,
  type Core,
  type Erasure,
  type PurposefulCaller,
} from '#nest-platform';
import { appendLook, HUB, recordRefusal } from '#sharing';
import { ErasureDto } from './admin.dto.ts';

/** Erasure by the area's data-protection officer: keys, rows and identity die, the log and its proofs stay (design §3.5). */
@Controller('v1/erasures')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class ErasuresController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Erase what is kept of a child' })
  @Post()
  async erase(@Body() dto: ErasureDto, @CurrentPurposefulCaller() caller: PurposefulCaller): Promise<Erasure> {
    const { reader, correlationId } = caller;
    const organisation = (dto.organisation ?? null) as OrganisationId | null;
    // An organisation's own officer erases what that organisation told, nothing else.
    if (reader.organisation !== HUB && organisation !== reader.organisation) {
      await recordRefusal(this.#core.looks, caller, 'POST /v1/erasures', 'not-own-record');
      throw notFound();
    }
    // Whether there is anything to erase tells of a child: asking is a look, before it is answered.
    await appendLook(this.#core.looks, caller, {
      effect: 'permit',
      route: 'POST /v1/erasures',
      child: dto.childId as ChildId,
      slices: [],
      reasons: ['erasure', dto.ground],
      facts: [],
      registry: undefined,
      protections: [],
    });
    const erasure = await this.#core.erase(dto.childId as ChildId, organisation, dto.ground, {
      by: reader.organisation,
      correlationId,
    });
    if (erasure.records === 0) throw notFound();
    return erasure;
  }
}
