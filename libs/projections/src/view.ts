import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { turns, type Leadership } from '#database';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import { applyTo, type Projecting } from './apply.ts';
import type { ProjectContext, ViewDefinition } from './definition.ts';
import { behind, type ProjectionStatus, type RebuildProgress } from './progress.ts';
import type { Generation, ViewStore, ViewTables } from './store.ts';

/** Between two looks at a checkpoint, in milliseconds: soon at first, then seldom. */
const LOOK_AGAIN = [2, 4, 8, 15, 30, 50];
/** How often other processes are told how a rebuild stands, in milliseconds. */
const TELL_EVERY = 500;

/** What a view is made of. */
export interface ViewParts {
  readonly definition: ViewDefinition;
  readonly log: EventLog;
  readonly context: ProjectContext;
  readonly store: ViewStore;
  readonly leadership: Leadership;
}

/**
 * A view: queries on the generation that serves, in any process, and the ways in which its one projector writes. Queries, `checkpoint`,
 * `status`, `waitUntil`, `eraseRows` and `askRebuild` are for everybody; the rest is for {@link runView} and {@link rebuild}, who hold the turn.
 */
export class View {
  readonly name: string;
  readonly definition: ViewDefinition;
  readonly log: EventLog;
  /** Whose turn it is to project. */
  readonly leadership: Leadership;
  readonly #store: ViewStore;
  readonly #projecting: Projecting;
  /** Writing to the live generation and swapping it exclude each other. */
  readonly #inTurn = turns();
  #live: Generation | undefined;
  #told: { readonly state: string; readonly at: number } | undefined;
  #closed: Promise<void> | undefined;
  #nudge = Promise.withResolvers<undefined>();

  constructor({ definition, log, context, store, leadership }: ViewParts) {
    this.name = definition.name;
    this.definition = definition;
    this.log = log;
    this.leadership = leadership;
    this.#store = store;
    this.#projecting = { definition, context, log };
  }

  /** Read-only queries on the live generation; take it anew for each query. */
  get db(): Kysely<ViewTables> {
    return this.#store.db;
  }
  /** True where processes take turns to project. */
  get shared(): boolean {
    return this.#store.shared;
  }
  /** How far the live generation has read, whoever writes it; null before the first event. */
  async checkpoint(): Promise<LogToken | null> {
    return (await this.#store.live())?.token ?? null;
  }
  async status(): Promise<ProjectionStatus> {
    const live = await this.#store.live();
    return {
      name: this.name,
      generation: live?.number ?? 0,
      behind: behind(this.log, live?.token ?? null, await this.log.head()),
      parked: live === null ? 0 : await this.#store.parked(),
      rebuild: await this.#store.progress(),
    };
  }
  /** Read-your-writes: true once the view has read `token`, false where `timeout` milliseconds were not enough. */
  async waitUntil(token: LogToken, timeout: number): Promise<boolean> {
    const until = performance.now() + timeout;
    for (let look = 0; ; look++) {
      const at = await this.checkpoint();
      if (at !== null && this.log.compare(at, token) >= 0) return true;
      const left = until - performance.now();
      if (left <= 0) return false;
      await wait(Math.min(LOOK_AGAIN[look] ?? LOOK_AGAIN.at(-1) ?? 0, left));
    }
  }
  /**
   * Removes an erased record from every generation there is: the live one, one being built (also by a process that was killed) and one still
   * answering its last queries. How many rows went from all of them. In SQLite its bytes go too: rejects with `WalNotTruncated` where
   * a reader of another process keeps them in the write-ahead log for more than two seconds: call it again.
   */
  eraseRows(recordId: string): Promise<number> {
    return this.#store.erase(this.definition.erase?.(recordId) ?? []);
  }
  /** Asks whoever projects this view, in any process, to build it anew; false where that is asked for or under way already. */
  async askRebuild(): Promise<boolean> {
    const asked = await this.#store.askRebuild();
    this.#nudge.resolve(undefined);
    return asked;
  }
  close(): Promise<void> {
    this.#closed ??= this.#inTurn(() => this.#store.close());
    return this.#closed;
  }

  /** Takes the live generation as it is stored now; after somebody else's turn, or an error, nothing that is remembered holds. */
  begin(): Promise<void> {
    return this.#inTurn(async () => {
      this.#live = await this.#store.open();
    });
  }
  /** Projects a batch into the live generation. */
  apply(batch: readonly LoggedEvent[], to: LogToken): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await applyTo(await this.#opened(), this.#projecting, batch, to);
      } catch (error) {
        this.#live = undefined;
        throw error;
      }
    });
  }
  /** The generation being built beside the live one. */
  beside(): Promise<Generation> {
    return this.#store.beside();
  }
  /** Projects a batch into the generation being built beside the live one. */
  load(next: Generation, batch: readonly LoggedEvent[], to: LogToken): Promise<void> {
    return applyTo(next, this.#projecting, batch, to);
  }
  /** Throws away what was built beside. */
  discard(): Promise<void> {
    return this.#store.discard();
  }
  /** Serves the generation built beside; false where the live one has read further meanwhile. */
  swap(): Promise<boolean> {
    return this.#inTurn(async () => {
      const live = await this.#store.swap(
        (old, next) => old !== null && (next === null || this.log.compare(next, old) < 0),
      );
      if (live !== undefined) this.#live = live;
      return live !== undefined;
    });
  }
  /** The live generation; of another version than the definition's: rebuild it. */
  live(): Promise<Generation> {
    return this.#inTurn(() => this.#opened());
  }
  /** Tells how a rebuild stands: every change of its state, and now and then how far it is. */
  async report(progress: RebuildProgress, now: number): Promise<void> {
    const known = this.#told;
    if (known?.state === progress.state && progress.state === 'running' && now - known.at < TELL_EVERY) return;
    this.#told = { state: progress.state, at: now };
    await this.#store.report(progress);
  }
  rebuildAsked(): Promise<boolean> {
    return this.#store.rebuildAsked();
  }
  rebuildEnded(): Promise<void> {
    return this.#store.rebuildEnded();
  }
  /** Waits until a rebuild is asked for in this process, at most so many milliseconds, or `signal` aborts. */
  async nudged(milliseconds: number, signal: AbortSignal): Promise<void> {
    await Promise.race([
      this.#nudge.promise,
      wait(milliseconds, undefined, { signal, ref: false }).catch(() => undefined),
    ]);
    this.#nudge = Promise.withResolvers();
  }

  async #opened(): Promise<Generation> {
    this.#live ??= await this.#store.open();
    return this.#live;
  }
}
