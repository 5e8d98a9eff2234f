import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { OrganisationId } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulCaller,
  invalidInput,
  notFound,
  Problem,
  type Core,
  type PurposefulCaller,
} from '#nest-platform';
import { appendLook, HUB, isParty, recordRefusal, versionState, type Registry } from '#sharing';
import { changedCases, type CaseRun } from '#sharing/matrix';
import { SimulationDto, SimulationQueryDto } from './simulations.dto.ts';
import { MATRIX, type Matrix } from './matrix.ts';
import { Simulations, type ChangedLook, type Simulation } from './simulations.ts';

/** How far a simulation is and what it found so far. */
export interface SimulationView {
  readonly simulation: string;
  readonly agreement: string;
  readonly version: number;
  readonly state: Simulation['state'];
  readonly registryRevision: number;
  readonly progress: { readonly replayed: number; readonly last: number; readonly unreadable: number };
  /** `14 of 3,812 looks would change.` */
  readonly summary: string;
  readonly cases: CaseRun;
  readonly looks: readonly ChangedLook[];
  readonly next?: string;
}

const ROUTE = '/v1/policy-simulations';

/**
 * The policy workbench: what a draft would change, before anybody approves it. For the area's data-protection officer over all looks, for
 * a party's over those by its people and at its facts. Asking and every page of the answer are looks themselves; no child is named.
 */
@Controller('v1/policy-simulations')
@Access({ roles: ['data-protection-officer'], purpose: 'required' })
export class SimulationsController {
  readonly #core: Core;
  readonly #simulations: Simulations;
  readonly #matrix: Matrix;

  constructor(@Inject(CORE) core: Core, @Inject(Simulations) simulations: Simulations, @Inject(MATRIX) matrix: Matrix) {
    this.#core = core;
    this.#simulations = simulations;
    this.#matrix = matrix;
  }

  @ApiOperation({ summary: 'Try a draft of an agreement on the case matrix and on the last looks' })
  @Post()
  @HttpCode(202)
  async start(
    @Body() { agreement, version, last }: SimulationDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Pick<SimulationView, 'simulation' | 'state'>> {
    await this.#mustAudit(caller, `POST ${ROUTE}`);
    const registry = await this.#core.tails.registry();
    const record = registry.book.get(agreement);
    const { reader } = caller;
    const all = reader.organisation === HUB;
    const content = record?.drafts.get(version)?.content;
    if (record === undefined || content === undefined || !(all || isParty(record, reader.organisation))) {
      await recordRefusal(this.#core.looks, caller, `POST ${ROUTE}`, 'not-own-agreement');
      throw notFound();
    }
    if (versionState(registry, agreement, version) !== 'draft')
      throw invalidInput([{ code: 'VERSION_NOT_A_DRAFT', pointer: '/version' }]);
    const sectors = {
      source: sectorOf(registry, content.source),
      recipient: sectorOf(registry, content.recipient),
    };
    const cases = changedCases(this.#matrix(), sectors, record.held.at(-1), content);
    const decision = await this.#look(caller, 'POST', registry, agreement, version);
    const organisation = seenBy(caller);
    const started = this.#simulations.start({ owner: reader.sub, organisation, registry, content, cases, last });
    if (started === undefined)
      throw new Problem({ status: 409, code: 'HUB_SIMULATION_RUNNING', title: 'Another simulation is under way' });
    reply.header('hub-decision-id', decision).header('location', `${ROUTE}/${started.id}`);
    return { simulation: started.id, state: started.state };
  }

  @ApiOperation({ summary: 'How far a simulation is, and the looks that would change' })
  @Get(':simulation')
  async read(
    @Param('simulation') id: string,
    @Query() query: SimulationQueryDto,
    @CurrentPurposefulCaller() caller: PurposefulCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SimulationView> {
    await this.#mustAudit(caller, `GET ${ROUTE}/:simulation`);
    const found = this.#simulations.find(id, caller.reader.sub, seenBy(caller));
    if (found === undefined) {
      await recordRefusal(this.#core.looks, caller, `GET ${ROUTE}/:simulation`, 'not-own-simulation');
      throw notFound();
    }
    const at = query.cursor === undefined ? -1 : found.changed.findIndex(({ decision }) => decision === query.cursor);
    if (query.cursor !== undefined && at < 0) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    const registry = await this.#core.tails.registry();
    reply.header('hub-decision-id', await this.#look(caller, 'GET', registry, found.agreement, found.version));
    return viewOf(found, at + 1, query.limit ?? 50);
  }

  #look(caller: PurposefulCaller, method: 'GET' | 'POST', registry: Registry, agreement: string, version: number) {
    return appendLook(this.#core.looks, caller, {
      effect: 'permit',
      route: method === 'GET' ? `GET ${ROUTE}/:simulation` : `POST ${ROUTE}`,
      child: null,
      slices: [],
      reasons: ['policy-simulation', `${agreement} ${version}`],
      facts: [],
      registry,
      protections: [],
    });
  }

  /** An officer may state other purposes too; looks are read to audit. */
  async #mustAudit(caller: PurposefulCaller, route: string): Promise<void> {
    if (caller.purpose === 'audit') return;
    await recordRefusal(this.#core.looks, caller, route, 'purpose-not-audit');
    throw new Problem({
      status: 403,
      code: 'HUB_PURPOSE_NOT_FOR_THIS',
      title: 'Looks are read for the purpose audit',
    });
  }
}

/** Whose looks an officer may see: all for the area's. */
function seenBy({ reader }: PurposefulCaller): OrganisationId | undefined {
  return reader.organisation === HUB ? undefined : reader.organisation;
}

function viewOf(found: Simulation, from: number, limit: number): SimulationView {
  const { id, agreement, version, state, registryRevision, replayed, last, unreadable, cases, changed } = found;
  const looks = changed.slice(from, from + limit);
  const end = looks.at(-1);
  const more = changed.length > from + limit && end !== undefined;
  const [n, of] = [changed.length, replayed - unreadable].map((count) => count.toLocaleString('en-GB'));
  return {
    simulation: id,
    agreement,
    version,
    state,
    registryRevision,
    progress: { replayed, last, unreadable },
    summary: `${n ?? ''} of ${of ?? ''} looks would change.`,
    cases,
    looks,
    ...(more ? { next: end.decision } : {}),
  };
}

function sectorOf({ organisations }: Registry, organisation: Parameters<Registry['organisations']['get']>[0]) {
  return organisations.get(organisation)?.sector ?? 'hub';
}
