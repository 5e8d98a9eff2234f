import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { dayOf, isOrganisationId, type OrganisationId } from '#kernel';
import type { Category, ObjectionDecided, ObjectionMade, Purpose, SharingDecided } from '#contracts';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  type Core,
  type PurposefulRequest,
} from '#nest-platform';
import {
  consentsRule,
  isFamilyRole,
  objectionRule,
  openWords,
  sealWords,
  sendNotice,
  type CompleteQuestion,
  type Protection,
} from '#sharing';
import { grantDisclose } from '#vault';
import { ObjectionAnswerDto, ObjectionDto } from './objections.dto.ts';
import { carryOut, idOr, ownRecord, permitted, PROFESSIONALS, tellersOf } from './stating.ts';

const MADE = 'objection.made.v1';
const DECIDED = 'objection.decided.v1';
const COMPARTMENT = 'objection';
const FAMILY = ['parent', 'young-person'] as const;
const ANSWERING = [...PROFESSIONALS, 'data-protection-officer'] as const;

/** Objections of a family to what an organisation shares (UK GDPR art. 21), and what the organisation answers. */
@Controller('v1/children/:childId/objections')
export class ObjectionsController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Objections about a child: the family reads all, an organisation those made to it' })
  @Get()
  @Access({ roles: [...FAMILY, ...ANSWERING], purpose: 'required' })
  async list(
    @Param('childId') childId: string,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly objections: readonly object[] }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const family = isFamilyRole(caller.reader.role);
    const rule = family ? consentsRule : await this.#answering(childId);
    const { value } = await permitted(this.#core, asked, rule, (all, decision) =>
      Promise.all(
        objectionsOf(all)
          .filter(({ made }) => family || made.organisation === caller.reader.organisation)
          .map(async ({ child, made, decided }) => {
            const open = (type: string, said: ObjectionMade | ObjectionDecided | undefined) =>
              said?.words === undefined
                ? Promise.resolve(undefined)
                : openWords(this.#core.vault, grantDisclose(decision), { child, type, id: made.objection }, said.words);
            const { objection, organisation, categories, purposes, on } = made;
            return {
              objection,
              organisation,
              categories,
              purposes,
              on,
              ...words(await open(MADE, made)),
              ...(decided === undefined
                ? { state: 'open' }
                : {
                    state: decided.outcome,
                    ...(decided.ground === undefined ? {} : { ground: decided.ground }),
                    answer: { on: decided.on, ...words(await open(DECIDED, decided)) },
                  }),
            };
          }),
      ),
    );
    return { objections: value };
  }

  @ApiOperation({ summary: 'Object to what an organisation shares about a child' })
  @Post()
  @HttpCode(201)
  @Access({ roles: FAMILY, purpose: 'required' })
  async object(
    @Param('childId') childId: string,
    @Body() dto: ObjectionDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly objection: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { organisation } = dto;
    const registry = await this.#core.tails.registry();
    // Whether it holds anything of the child is not asked: an objection is taken either way, and tells nothing.
    if (!isOrganisationId(organisation) || !registry.organisations.has(organisation))
      throw invalidInput([{ code: 'ORGANISATION_UNKNOWN', pointer: '/organisation' }]);
    const { child } = await permitted(this.#core, asked, consentsRule, () => true);
    const objection = idOr(this.#core, dto.id);
    const made: ObjectionMade = {
      objection,
      organisation,
      categories: dto.categories as Category[],
      purposes: dto.purposes as Purpose[],
      by: caller.reader.sub,
      on: dayOf(this.#core.clock.now()),
      ...(await this.#sealed(await ownRecord(this.#core, asked), { child, type: MADE, id: objection }, dto.words)),
    };
    await carryOut(this.#core, asked, child, { type: 'makeObjection', data: made });
    await sendNotice(this.#core.looks, {
      // The family chose its id: the same on another child is another objection.
      cause: `${child} ${objection}`,
      kind: 'sharing-objection-made',
      to: 'organisation-dpo',
      organisation,
      reference: objection,
      child,
      person: null,
      correlationId: caller.correlationId,
    });
    return { objection };
  }

  @ApiOperation({ summary: 'Answer an objection made to your organisation' })
  @Post(':objection/answers')
  @HttpCode(200)
  @Access({ roles: ANSWERING, purpose: 'required' })
  async answer(
    @Param('childId') childId: string,
    @Param('objection') objection: string,
    @Body() dto: ObjectionAnswerDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<{ readonly objection: string; readonly outcome: string; readonly decision?: string }> {
    const { caller } = request;
    const asked = { ...request, childId };
    const { organisation, sub } = caller.reader;
    const { value: known } = await permitted(this.#core, asked, await this.#answering(childId), (all) =>
      objectionsOf(all).find(({ made }) => made.objection === objection && made.organisation === organisation),
    );
    if (known === undefined) throw notFound();
    const { child, made } = known;
    const on = dayOf(this.#core.clock.now());
    const upheld = dto.outcome === 'upheld';
    const decision = upheld ? (known.decided?.decision ?? idOr(this.#core, dto.decision)) : undefined;
    const data: ObjectionDecided = {
      objection,
      outcome: dto.outcome,
      ...(decision === undefined ? {} : { decision }),
      ...(dto.ground === undefined ? {} : { ground: dto.ground }),
      by: sub,
      on,
      ...(await this.#sealed(await ownRecord(this.#core, asked), { child, type: DECIDED, id: objection }, dto.words)),
    };
    const sharing: SharingDecided | undefined =
      decision === undefined ? undefined : notToShare(decision, made, organisation, sub, on);
    const command = { type: 'decideObjection', source: organisation, data } as const;
    await carryOut(this.#core, asked, child, sharing === undefined ? command : { ...command, sharing });
    return { objection, outcome: dto.outcome, ...(decision === undefined ? {} : { decision }) };
  }

  async #answering(childId: string): Promise<(question: CompleteQuestion) => ReturnType<typeof objectionRule>> {
    const tellers = (await tellersOf(this.#core, childId)).map(({ organisation }) => organisation);
    return (question) => objectionRule(question, tellers);
  }

  async #sealed(
    owner: string | undefined,
    of: Omit<Parameters<typeof sealWords>[1], 'owner'>,
    text: string | undefined,
  ) {
    if (text === undefined) return {};
    // Words need a record of the speaker's organisation to lie under; whoever has a relationship has one.
    if (owner === undefined) throw notFound();
    return { words: await sealWords(this.#core.looks.vault, { ...of, owner }, COMPARTMENT, text) };
  }
}

function objectionsOf(protections: readonly Protection[]) {
  return protections.flatMap(({ child, objections }) =>
    [...objections.values()].map((objection) => ({ child, ...objection })),
  );
}

function notToShare(
  decision: string,
  { categories, purposes }: ObjectionMade,
  source: OrganisationId,
  by: string,
  from: SharingDecided['from'],
): SharingDecided {
  const terms = { outcome: 'not-to-share', ground: 'objection-upheld', recipient: null, until: null } as const;
  return { decision, source, categories, purposes, by, from, ...terms };
}

function words(text: string | undefined): { readonly words?: string } {
  return text === undefined ? {} : { words: text };
}
