import { setImmediate as turn } from 'node:timers/promises';
import { randomUuid, type DecisionId, type OrganisationId } from '#kernel';
import type { AgreementContent } from '#contracts';
import type { Core } from '#nest-platform';
import type { View } from '#projections';
import { differenceBetween, openLook, withDraft, type Difference, type Registry } from '#sharing';
import type { CaseRun } from '#sharing/matrix';
import { grantProcess } from '#vault';
import { latestLooks, type LatestLook } from './latest-looks.ts';

/** A look that would come out otherwise. Which child it was at is for whoever may ask of the decision. */
export interface ChangedLook extends Difference {
  readonly decision: string;
}

/** One run of a draft; kept in memory only, for whoever asked. */
export interface Simulation {
  readonly id: string;
  readonly owner: string;
  /** Whose looks were replayed; undefined for all of the area's. */
  readonly organisation: OrganisationId | undefined;
  readonly agreement: string;
  readonly version: number;
  readonly last: number;
  /** Of the registry that the draft was put into. */
  readonly registryRevision: number;
  readonly cases: CaseRun;
  readonly changed: ChangedLook[];
  state: 'running' | 'done' | 'failed';
  replayed: number;
  /** Looks whose key was destroyed since. */
  unreadable: number;
}

/** What is run, for whom. */
export interface SimulationRequest {
  readonly owner: string;
  /** Only looks by its people and at its facts; undefined for all of the area's. */
  readonly organisation: OrganisationId | undefined;
  readonly registry: Registry;
  readonly content: AgreementContent;
  readonly cases: CaseRun;
  readonly last: number;
}

/** Results kept; each has at most 10,000 changed looks of a few hundred bytes. */
const MOST = 10;
/** Between so many looks others get their turn. */
const TURN = 20;

/** Replays the last looks with a draft in force: one at a time, asked again from the log as it is now, and nothing of it stored. */
export class Simulations {
  readonly #core: Core;
  readonly #usage: View;
  readonly #kept = new Map<string, Simulation>();
  #running: Promise<void> | undefined;
  #stopping = false;

  constructor(core: Core, usage: View) {
    this.#core = core;
    this.#usage = usage;
  }

  /** Starts a run; undefined while another is under way. */
  start(request: SimulationRequest): Simulation | undefined {
    if (this.#running !== undefined || this.#stopping) return undefined;
    const simulation: Simulation = {
      id: randomUuid(this.#core.chance),
      owner: request.owner,
      organisation: request.organisation,
      agreement: request.content.agreement,
      version: request.content.version,
      last: request.last,
      registryRevision: request.registry.revision,
      cases: request.cases,
      changed: [],
      state: 'running',
      replayed: 0,
      unreadable: 0,
    };
    this.#kept.set(simulation.id, simulation);
    for (const id of this.#kept.keys()) if (this.#kept.size > MOST) this.#kept.delete(id);
    this.#running = this.#replay(simulation, request)
      .then(() => void (simulation.state = this.#stopping ? 'failed' : 'done'))
      .catch(() => void (simulation.state = 'failed'))
      .finally(() => (this.#running = undefined));
    return simulation;
  }

  /** Somebody's own run, to whoever may see as much as it replayed: the same person may sign in for another organisation. */
  find(id: string, owner: string, organisation: OrganisationId | undefined): Simulation | undefined {
    const found = this.#kept.get(id);
    return found?.owner === owner && found.organisation === organisation ? found : undefined;
  }

  /** Called by Nest as the application closes, before the views do. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async #replay(simulation: Simulation, { organisation, registry, content, last }: SimulationRequest): Promise<void> {
    const draft = withDraft(registry, content);
    for await (const page of latestLooks(this.#usage.db, organisation, last)) {
      for (const row of page) {
        if (this.#stopping) return;
        const difference = await this.#difference(row, registry, draft);
        if (difference === 'unreadable') simulation.unreadable += 1;
        else if (difference !== undefined) simulation.changed.push({ decision: row.decision_id, ...difference });
        simulation.replayed += 1;
        if (simulation.replayed % TURN === 0) await turn();
      }
    }
  }

  /** The question of a look, asked again today: the same reader, purpose and child, with the consents and relationships of today. */
  async #difference(row: LatestLook, registry: Registry, draft: Registry) {
    const { vault, tails, clock } = this.#core;
    const sealed = { key: row.key_id, iv: row.iv, text: row.sealed_text };
    const decision = row.decision_id as DecisionId;
    const look = await openLook(
      vault,
      grantProcess('simulation'),
      decision,
      row.organisation as OrganisationId,
      sealed,
    );
    if (look === undefined || look.child === null) return 'unreadable';
    const protections = await tails.protections(look.child);
    const { reader, purpose, breakGlass } = look;
    const question = { reader, purpose, at: clock.now(), protections };
    return differenceBetween(breakGlass === undefined ? question : { ...question, breakGlass }, registry, draft);
  }
}
