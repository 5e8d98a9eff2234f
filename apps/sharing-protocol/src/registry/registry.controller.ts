import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { OrganisationRegistered } from '#contracts';
import { canonicalJson, isOrganisationId, type OrganisationId } from '#kernel';
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
import { sendNotice } from '#sharing';
import { noPersonIn } from './no-person.ts';
import { RegisterOrganisationDto, RevokeKeyDto } from './registry.dto.ts';

/** What administration registers: organisations with their keys and publication profiles. Nothing here is about a child. */
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
    const before = (await this.#core.tails.registry()).organisations.get(data.organisation)?.keys;
    const answer = await this.#command({ type: 'registerOrganisation', data }, caller);
    if (answer.changed && canonicalJson(before ?? []) !== canonicalJson(data.keys))
      await this.#tellOfKeys(data.organisation, caller);
    return answer;
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
    const answer = await this.#command({ type: 'revokeKey', data }, caller);
    if (answer.changed) await this.#tellOfKeys(data.organisation, caller);
    return answer;
  }

  /** Keys sign facts and approve agreements: whoever registers one must not be the only one to know (decision 12). */
  async #tellOfKeys(organisation: OrganisationId, { correlationId }: Caller): Promise<void> {
    const { log, vault, clock, tails } = this.#core;
    // Not the caller's correlation id, which could be used twice so that the second change is told to nobody.
    const { revision } = await tails.registry();
    const about = { child: null, person: null, reference: organisation, correlationId };
    const cause = `keys ${organisation} ${String(revision)}`;
    for (const to of ['area-dpo', 'organisation-dpo'] as const) {
      const notice = { ...about, cause, kind: 'organisation-keys-changed', to } as const;
      await sendNotice({ log, vault, clock }, { ...notice, organisation: to === 'area-dpo' ? null : organisation });
    }
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

function changed(outcome: CommandOutcome): Changed {
  if (!outcome.ok) throw invalidInput(outcome.error);
  return { changed: outcome.value.changed };
}
