import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { looksPersonal, type AgreementInForce, type OrganisationRegistered } from '#contracts';
import { isOrganisationId, type OrganisationId, type PlainDate } from '#kernel';
import {
  Access,
  CORE,
  CurrentCaller,
  invalidInput,
  notFound,
  type Caller,
  type CommandOutcome,
  type Core,
} from '#nest-platform';
import { AgreementDto, EndAgreementDto, RegisterOrganisationDto, RevokeKeyDto } from './registry.dto.ts';

/** What administration registers: organisations with their keys and publication profiles, and agreements. Nothing here is about a child. */
@Controller('v1')
@Access({ roles: ['system-administrator'], purpose: 'none' })
export class RegistryController {
  readonly #core: Core;

  constructor(@Inject(CORE) core: Core) {
    this.#core = core;
  }

  @ApiOperation({ summary: 'Register an organisation, its keys and its publication profile' })
  @Post('organisations')
  @HttpCode(200)
  async register(@Body() dto: RegisterOrganisationDto, @CurrentCaller() caller: Caller): Promise<Changed> {
    const { organisation, name, sector, codes, keys, profile } = dto;
    noPersonIn({ organisation, name });
    const data = { organisation, name, sector, codes, keys, profile } as unknown as OrganisationRegistered;
    return this.#command({ type: 'registerOrganisation', data }, caller);
  }

  @ApiOperation({ summary: 'Registered organisations' })
  @Get('organisations')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async organisations(): Promise<{ readonly organisations: readonly OrganisationView[] }> {
    const { organisations } = await this.#core.tails.registry();
    return { organisations: [...organisations.values()].map(viewOf) };
  }

  @ApiOperation({ summary: 'A registered organisation' })
  @Get('organisations/:organisation')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async organisation(@Param('organisation') id: string): Promise<OrganisationView> {
    const { organisations } = await this.#core.tails.registry();
    const found = isOrganisationId(id) ? organisations.get(id) : undefined;
    if (found === undefined) throw notFound();
    return viewOf(found);
  }

  @ApiOperation({ summary: 'Revoke a key of an organisation' })
  @Post('organisations/:organisation/keys/:kid/revocations')
  @HttpCode(200)
  async revoke(
    @Param('organisation') organisation: string,
    @Param('kid') kid: string,
    @Body() dto: RevokeKeyDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    const data = { organisation: organisation as OrganisationId, kid, reason: dto.reason };
    return this.#command({ type: 'revokeKey', data }, caller);
  }

  @ApiOperation({ summary: 'Put a version of an agreement in force' })
  @Post('agreements')
  @HttpCode(200)
  async putInForce(@Body() dto: AgreementDto, @CurrentCaller() caller: Caller): Promise<Changed> {
    const { agreement, version, title, source, recipient, categories, purposes, roles, from } = dto;
    noPersonIn({ agreement, title });
    const until = (dto.until ?? null) as PlainDate | null;
    const content = { agreement, version, title, source, recipient, categories, purposes, roles, from, until };
    const data = content as unknown as AgreementInForce;
    return this.#command({ type: 'putAgreementInForce', data }, caller);
  }

  @ApiOperation({ summary: 'Agreements in force' })
  @Get('agreements')
  @Access({ roles: 'signed-in', purpose: 'none' })
  async agreements(): Promise<{ readonly agreements: readonly AgreementInForce[] }> {
    const { agreements } = await this.#core.tails.registry();
    return { agreements: [...agreements.values()] };
  }

  @ApiOperation({ summary: 'End an agreement' })
  @Post('agreements/:agreement/endings')
  @HttpCode(200)
  async end(
    @Param('agreement') agreement: string,
    @Body() dto: EndAgreementDto,
    @CurrentCaller() caller: Caller,
  ): Promise<Changed> {
    noPersonIn({ reason: dto.reason });
    const known = (await this.#core.tails.registry()).agreements.get(agreement);
    if (known === undefined) throw notFound();
    const data = { agreement, version: known.version, reason: dto.reason };
    return this.#command({ type: 'endAgreement', data }, caller);
  }

  async #command(command: Parameters<Core['registryCommand']>[0], caller: Caller): Promise<Changed> {
    const { reader, correlationId } = caller;
    return changed(await this.#core.registryCommand(command, { by: reader.organisation, correlationId }));
  }
}

/** What a command answers: whether anything changed; the same command again changes nothing. */
export interface Changed {
  readonly changed: boolean;
}

/** What anybody signed in may know of an organisation. */
type OrganisationView = Pick<OrganisationRegistered, 'organisation' | 'name' | 'sector' | 'codes'> & {
  readonly keys: readonly string[];
};

function viewOf({ organisation, name, sector, codes, keys }: OrganisationRegistered): OrganisationView {
  return { organisation, name, sector, codes, keys: keys.map(({ kid }) => kid) };
}

/** Throws where a text that stands in the log as it is holds a number of a person. */
function noPersonIn(texts: Readonly<Record<string, string>>): void {
  const personal = Object.keys(texts).filter((name) => looksPersonal(texts[name] ?? ''));
  if (personal.length > 0)
    throw invalidInput(personal.map((name) => ({ code: 'TEXT_LOOKS_PERSONAL', pointer: `/${name}` })));
}

function changed(outcome: CommandOutcome): Changed {
  if (!outcome.ok) throw invalidInput(outcome.error);
  return { changed: outcome.value.changed };
}
