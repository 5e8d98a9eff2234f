import { setImmediate as turn } from 'node:timers/promises';
import type { DecisionId, Instant, OrganisationId } from '#kernel';
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
  readonly agreement: string;
  readonly version: number;
  readonly last: number;
  /** Of the registry that the draft was put into. */
  readonly registryRevision: number;
  readonly cases: CaseRun;
  readonly changed: ChangedLook[];
  state: 'running' | 'done' | 'failed';
  /** Resolves once it no longer runs. */
  readonly ended: Promise<undefined>;
  replayed: number;
  /** Looks whose key was destroyed since. */
  unreadable: number;
}

/** What is run. */
export interface SimulationRequest {
  /** What whoever asked comes back with; says what was asked, to them alone. */
  readonly id: string;
  /** Only looks by its people and at its facts; undefined for all of the area's. */
  readonly organisation: OrganisationId | undefined;
  readonly registry: Registry;
  readonly content: AgreementContent;
  readonly cases: CaseRun;
  readonly last: number;
  /** Looks after this moment are left out, whenever it is run. */
  readonly upTo: Instant;
}

/** Results kept; each has at most 10,000 changed looks of a few hundred bytes. */
const MOST = 10;
/** Runs that wait for their turn, the one under way included. */
const MOST_WAITING = 3;
/** Between so many looks others get their turn. */
const TURN = 20;

/** Replays the last looks with a draft in force: one after another, asked again from the log as it is now, and nothing of it stored. */
export class Simulations {
  readonly #core: Core;
  readonly #usage: View;
  readonly #kept = new Map<string, Simulation>();
  #waiting = 0;
  #last = Promise.resolve();
  #stopping = false;

  constructor(core: Core, usage: View) {
    this.#core = core;
    this.#usage = usage;
  }

  /** Starts a run, after those under way; undefined where too many wait. */
  start(request: SimulationRequest): Simulation | undefined {
    if (this.#waiting >= MOST_WAITING || this.#stopping) return undefined;
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    const simulation: Simulation = {
      ended,
      id: request.id,
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
    this.#waiting += 1;
    this.#last = this.#last
      .then(() => this.#replay(simulation, request))
      .then(() => void (simulation.state = this.#stopping ? 'failed' : 'done'))
      .catch(() => void (simulation.state = 'failed'))
      .finally(() => {
        this.#waiting -= 1;
        end(undefined);
      });
    return simulation;
  }

  /** A run that this process has made; undefined also for one that another made, or that was made before the last ten. */
  find(id: string): Simulation | undefined {
    return this.#kept.get(id);
  }

  /** Called by Nest as the application closes, before the views do. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping = true;
    await this.#last;
  }

  async #replay(simulation: Simulation, request: SimulationRequest): Promise<void> {
    const { organisation, registry, content, last, upTo } = request;
    const draft = withDraft(registry, content);
    for await (const page of latestLooks(this.#usage.db, organisation, last, upTo)) {
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
