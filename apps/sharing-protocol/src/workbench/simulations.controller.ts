import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { epochMs, toInstant, type OrganisationId } from '#kernel';
import {
  Access,
  CORE,
  CurrentPurposefulRequest,
  invalidInput,
  notFound,
  Problem,
  type Core,
  type PurposefulCaller,
  type PurposefulRequest,
} from '#nest-platform';
import { appendLook, HUB, isParty, recordRefusal, versionState, type Registry } from '#sharing';
import { changedCases, type CaseRun } from '#sharing/matrix';
import { SimulationDto, SimulationQueryDto } from './simulations.dto.ts';
import { MATRIX, type Matrix } from './matrix.ts';
import { Simulations, type ChangedLook, type Simulation, type SimulationRequest } from './simulations.ts';

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
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<Pick<SimulationView, 'simulation' | 'state'>> {
    const { caller, reply } = request;
    await this.#mustAudit(request);
    const registry = await this.#core.tails.registry();
    const draft = this.#draftOf(registry, agreement, version, caller);
    if (draft === undefined) {
      await recordRefusal(this.#core.looks, caller, request.route, 'not-own-agreement');
      throw notFound();
    }
    if (versionState(registry, agreement, version) !== 'draft')
      throw invalidInput([{ code: 'VERSION_NOT_A_DRAFT', pointer: '/version' }]);
    const upTo = this.#core.clock.now();
    const id = this.#core.tickets.issue(holderOf(caller), ticketOf({ agreement, version, last, upTo }));
    const decision = await this.#look(request, registry, agreement, version);
    const { state } = this.#start({ id, organisation: seenBy(caller), registry, last, upTo, ...draft });
    reply.header('hub-decision-id', decision);
    reply.header('location', `${ROUTE}/${id}`);
    return { simulation: id, state };
  }

  /** By any process: one that has not run it, or has started since, runs it again. */
  @ApiOperation({ summary: 'How far a simulation is, and the looks that would change' })
  @Get(':simulation')
  async read(
    @Param('simulation') id: string,
    @Query() query: SimulationQueryDto,
    @CurrentPurposefulRequest() request: PurposefulRequest,
  ): Promise<SimulationView> {
    const { caller, reply } = request;
    await this.#mustAudit(request);
    const asked = askedBy(this.#core.tickets.read(holderOf(caller), id));
    const registry = await this.#core.tails.registry();
    const found = asked && (this.#simulations.find(id) ?? this.#again(id, asked, registry, caller));
    if (found === undefined) {
      await recordRefusal(this.#core.looks, caller, request.route, 'not-own-simulation');
      throw notFound();
    }
    // Whoever turns a page has seen the one before, from this process or another.
    if (query.cursor !== undefined) await found.ended;
    const at = query.cursor === undefined ? -1 : found.changed.findIndex(({ decision }) => decision === query.cursor);
    if (query.cursor !== undefined && at < 0) throw invalidInput([{ code: 'CURSOR_INVALID', pointer: '/cursor' }]);
    reply.header('hub-decision-id', await this.#look(request, registry, found.agreement, found.version));
    return viewOf(found, at + 1, query.limit ?? 50);
  }

  /** A version that was put before its parties, to an officer of one of them or of the area, and the cases that it would change. */
  #draftOf(registry: Registry, agreement: string, version: number, { reader }: PurposefulCaller) {
    const record = registry.book.get(agreement);
    const content = record?.drafts.get(version)?.content;
    const all = reader.organisation === HUB;
    if (record === undefined || content === undefined || !(all || isParty(record, reader.organisation)))
      return undefined;
    const sectors = { source: sectorOf(registry, content.source), recipient: sectorOf(registry, content.recipient) };
    return { content, cases: changedCases(this.#matrix(), sectors, record.held.at(-1), content) };
  }

  #again(id: string, asked: AskedSimulation, registry: Registry, caller: PurposefulCaller): Simulation | undefined {
    const draft = this.#draftOf(registry, asked.agreement, asked.version, caller);
    return draft && this.#start({ id, organisation: seenBy(caller), registry, ...asked, ...draft });
  }

  #start(request: SimulationRequest): Simulation {
    const started = this.#simulations.start(request);
    if (started !== undefined) return started;
    throw new Problem({ status: 409, code: 'HUB_SIMULATION_RUNNING', title: 'Other simulations are under way' });
  }

  #look({ caller, route }: PurposefulRequest, registry: Registry, agreement: string, version: number) {
    return appendLook(this.#core.looks, caller, {
      effect: 'permit',
      route,
      child: null,
      slices: [],
      reasons: ['policy-simulation', `${agreement} ${version}`],
      facts: [],
      registry,
      protections: [],
    });
  }

  /** An officer may state other purposes too; looks are read to audit. */
  async #mustAudit({ caller, route }: PurposefulRequest): Promise<void> {
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

/** A person is not told as the officer of one organisation what they asked as that of another. */
function holderOf({ reader }: PurposefulCaller): string {
  return `${reader.organisation} ${reader.sub}`;
}

/** What was asked: enough to ask it again. The moment in milliseconds since 1970. */
type AskedSimulation = Pick<SimulationRequest, 'last' | 'upTo'> & {
  readonly agreement: string;
  readonly version: number;
};

function ticketOf({ agreement, version, last, upTo }: AskedSimulation): string {
  return [agreement, version, last, epochMs(upTo)].join(' ');
}

function askedBy(ticket: string | undefined): AskedSimulation | undefined {
  if (ticket === undefined) return undefined;
  const [agreement = '', version, last, upTo] = ticket.split(' ');
  return { agreement, version: Number(version), last: Number(last), upTo: toInstant(Number(upTo)) };
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
