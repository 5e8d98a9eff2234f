import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, type OrganisationId, type PlainDate } from '#kernel';
import { looksPersonal, type AuthorityRecorded, type Category, type Purpose, type Role } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  Problem,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import { authorityState, isCompetent, professionalRule, type Protection } from '#sharing';
import { AssessmentDto, AuthorityDto, AuthorityEndDto } from './authorities.dto.ts';
import { carryOut, idOr, permitted } from './stating.ts';

/** Who sees evidence of authority, or assesses competence, in their work. */
const RECORDERS: readonly Role[] = [
  'send-caseworker',
  'social-worker',
  'safeguarding-lead',
  'senco',
  'educational-psychologist',
  'school-nurse',
  'health-visitor',
  'therapist',
  'paediatrician',
  'camhs-clinician',
  'designated-clinical-officer',
];

/** Who may decide for a child, with the evidence an organisation saw, and whether the child may decide (decision 14). */
@Controller('v1/children/:childId')
@Access({ roles: RECORDERS, purpose: 'required' })
export class AuthoritiesController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Who may decide for a child, and on what evidence' })
  @Get('authorities')
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<object> {
    const day = dayOf(this.#core.clock.now());
    const asked = { ...request, childId };
    return (await permitted(this.#core, asked, professionalRule, (all) => viewOf(all, day))).value;
  }

  @ApiOperation({ summary: 'Record that somebody may decide for a child' })
  @Post('authorities')
  @HttpCode(201)
  async record(
    @Param('childId') childId: string,
    @Body() dto: AuthorityDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly authority: string }> {
    const { caller } = request;
    refusePersonal('/person', dto.person);
    const asked = { ...request, childId };
    const { organisation, sub } = caller.reader;
    if (dto.kind === 'care-order') await this.#refuseOthersThanSocialCare(organisation);
    const { child } = await permitted(this.#core, asked, professionalRule, () => true);
    const data: AuthorityRecorded = {
      authority: idOr(this.#core, dto.id),
      kind: dto.kind,
      evidence: dto.evidence,
      organisation,
      person: dto.person ?? null,
      // A local authority records its own order only: nobody else can say that it decides for a child.
      ...(dto.kind === 'care-order' ? { holder: organisation } : {}),
      ...(dto.ties === undefined ? {} : { ties: dto.ties }),
      by: sub,
      from: dto.from as PlainDate,
      until: (dto.until ?? null) as PlainDate | null,
    };
    await carryOut(this.#core, asked, child, { type: 'recordAuthority', data });
    return { authority: data.authority };
  }

  @ApiOperation({ summary: 'End an authority: what rests on it counts no longer' })
  @Post('authorities/:authority/endings')
  @HttpCode(200)
  async end(
    @Param('childId') childId: string,
    @Param('authority') authority: string,
    @Body() dto: AuthorityEndDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly authority: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { child } = await permitted(this.#core, asked, professionalRule, () => true);
    const endedOn = (dto.endedOn ?? dayOf(this.#core.clock.now())) as PlainDate;
    const data = { authority, endedOn, because: 'ended', by: caller.reader.sub } as const;
    await carryOut(this.#core, asked, child, { type: 'endAuthority', data });
    return { authority };
  }

  @ApiOperation({ summary: 'Record whether a child or young person may decide for themself' })
  @Post('competence-assessments')
  @HttpCode(201)
  async assess(
    @Param('childId') childId: string,
    @Body() dto: AssessmentDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly assessment: string; readonly competent: boolean }> {
    const { caller } = request;
    refusePersonal('/person', dto.person);
    const asked = { ...request, childId };
    const { child } = await permitted(this.#core, asked, professionalRule, () => true);
    const { understands, retains, weighs, communicates, voluntary } = dto;
    const { organisation, role, sub } = caller.reader;
    const data = {
      assessment: idOr(this.#core, dto.id),
      test: dto.test,
      person: dto.person,
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      criteria: { understands, retains, weighs, communicates, voluntary },
      organisation,
      role,
      by: sub,
      on: dto.on as PlainDate,
      until: dto.until as PlainDate,
    };
    await carryOut(this.#core, asked, child, { type: 'assessCompetence', data });
    return { assessment: data.assessment, competent: isCompetent(data) };
  }

  /** A care order places a child in the care of a local authority (Children Act 1989 s.31(1)); nobody else holds one. */
  async #refuseOthersThanSocialCare(organisation: OrganisationId): Promise<void> {
    const registry = await this.#core.tails.registry();
    if (registry.organisations.get(organisation)?.sector === 'social-care') return;
    throw new Problem({
      status: 403,
      code: 'HUB_NOT_CHILDRENS_SOCIAL_CARE',
      title: "Only children's social care records a care order, and only its own",
    });
  }
}

/** It stands in the clear. */
function refusePersonal(pointer: string, text: string | undefined): void {
  if (text !== undefined && looksPersonal(text)) throw invalidInput([{ code: 'ID_LOOKS_PERSONAL', pointer }]);
}

function viewOf(protections: readonly Protection[], day: PlainDate): object {
  const authorities = protections.flatMap((each) =>
    [...each.authorities.values()].map((recorded) => {
      const { authority, kind, evidence, organisation, person, holder, from, until } = recorded;
      const endedOn = each.authorityEnds.get(authority)?.endedOn;
      return {
        authority,
        state: authorityState(recorded, day, protections),
        kind,
        evidence,
        organisation,
        ...(person === null ? {} : { person }),
        ...(holder === undefined ? {} : { holder }),
        from,
        until,
        ...(endedOn === undefined ? {} : { endedOn }),
      };
    }),
  );
  const assessments = protections.flatMap((each) =>
    [...each.assessments.values()].map((assessed) => {
      const { assessment, test, person, categories, purposes, organisation, role, on, until } = assessed;
      const competent = isCompetent(assessed);
      return { assessment, test, competent, person, categories, purposes, organisation, role, on, until };
    }),
  );
  return { authorities, assessments };
}
