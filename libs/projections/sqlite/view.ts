import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { EventLog, LogToken } from '#event-log';
import type { ProjectContext, ViewDefinition } from '../src/definition.ts';
import { openKysely, type ViewTables } from './database.ts';
import { ViewFolder } from './folder.ts';
import { Generation, WalNotTruncated } from './generation.ts';
import { behind, type ProjectionStatus, type RebuildProgress } from './progress.ts';

/** What a view is opened with. `keyAlive` comes from the vault; without it every key counts as alive. */
export interface OpenView {
  readonly definition: ViewDefinition;
  readonly dir: string;
  readonly log: EventLog;
  readonly context?: ProjectContext;
  /** Milliseconds for which a generation that was replaced goes on answering whoever took it before (default 2,000). */
  readonly grace?: number;
}

/** Opens the live generation, or makes the first. Where the definition's version is newer, `stale` asks for a rebuild. */
export async function openView(options: OpenView): Promise<View> {
  mkdirSync(options.dir, { recursive: true });
  return new View(options);
}

/** A view that serves one generation and can change to another while it does. */
export class View {
  readonly name: string;
  readonly definition: ViewDefinition;
  readonly log: EventLog;
  readonly #folder: ViewFolder;
  readonly #context: ProjectContext;
  readonly #grace: number;
  readonly #closing = new AbortController();
  #live: Generation;
  #db: Kysely<ViewTables>;
  #progress: RebuildProgress | null = null;
  #beside: Generation | null = null;
  #finishing: Promise<void> | null = null;
  readonly #retired = new Map<Generation, Promise<void>>();

  constructor({ definition, dir, log, context, grace }: OpenView) {
    this.name = definition.name;
    this.definition = definition;
    this.log = log;
    this.#folder = new ViewFolder(dir, definition.name);
    this.#context = context ?? { keyAlive: () => true };
    this.#grace = grace ?? 2000;
    const number = this.#folder.live();
    this.#live = this.#open(number ?? 1, false);
    if (number === undefined) this.#folder.point(1);
    this.#db = openKysely(this.#live.path);
    this.#folder.keepOnly([this.#live.number, this.#live.number + 1]);
    // A rebuild that was killed left rows that an erasure must reach, so its file is open from the start.
    if (this.#folder.has(this.#live.number + 1)) this.beside();
  }

  /** Read-only queries on the live generation; take it anew for each query. */
  get db(): Kysely<ViewTables> {
    return this.#db;
  }
  get generation(): number {
    return this.#live.number;
  }
  get live(): Generation {
    return this.#live;
  }
  /** True where the file was made by another version of the definition: rebuild it. */
  get stale(): boolean {
    return this.#live.version !== this.definition.version;
  }
  checkpoint(): LogToken | null {
    return this.#live.checkpoint;
  }
  async status(): Promise<ProjectionStatus> {
    return {
      name: this.name,
      generation: this.#live.number,
      behind: behind(this.log, this.#live.checkpoint, await this.log.head()),
      parked: this.#live.parked,
      rebuild: this.#progress,
    };
  }
  /** Read-your-writes: true once the view has read `token`, false where `timeout` milliseconds were not enough. */
  async waitUntil(token: LogToken, timeout: number): Promise<boolean> {
    for (let left = timeout; ; left -= 5) {
      const at = this.#live.checkpoint;
      if (at !== null && this.log.compare(at, token) >= 0) return true;
      if (left <= 0) return false;
      await wait(Math.min(5, left));
    }
  }
  /**
   * Removes an erased record, and its bytes, from every generation there is: the live one, one being built (also by a process that
   * was killed) and one still answering its last queries. Rejects with {@link WalNotTruncated} where a reader of another process keeps
   * the bytes in the write-ahead log for more than two seconds: call it again. How many rows went from all of them.
   */
  async eraseRows(recordId: string): Promise<number> {
    await this.#finishing?.catch(() => undefined);
    let rows = 0;
    for (const generation of [this.#live, this.#beside, ...this.#retired.keys()]) {
      if (generation !== null) rows += await eraseFrom(generation, recordId);
    }
    return rows;
  }
  /** The generation being built beside the live one; continued where a killed rebuild left it. */
  beside(): Generation {
    this.#beside ??= this.#open(this.#live.number + 1, true);
    if (this.#beside.version !== this.definition.version) {
      // Begun by another version of the definition: no use to this one.
      this.discard();
      this.#beside = this.#open(this.#live.number + 1, true);
    }
    return this.#beside;
  }
  /** Throws away what was built beside. */
  discard(): void {
    this.#beside?.close();
    this.#beside = null;
    this.#folder.remove(this.#live.number + 1);
  }
  /** Makes what was loaded ready to serve; erasures wait for it. */
  async finish(): Promise<void> {
    this.#finishing = this.beside().finish();
    try {
      await this.#finishing;
    } finally {
      this.#finishing = null;
    }
  }
  report(progress: RebuildProgress): void {
    this.#progress = progress;
  }
  /** Serves the generation built beside; the old file goes once queries begun on it had time to end. */
  swap(): void {
    const next = this.beside();
    next.save();
    const [old, oldDb] = [this.#live, this.#db];
    this.#folder.point(next.number);
    this.#db = openKysely(next.path);
    this.#live = next;
    this.#beside = null;
    this.#retired.set(old, this.#retire(old, oldDb));
  }
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#finishing?.catch(() => undefined);
    await Promise.all(this.#retired.values());
    await this.#db.destroy();
    this.#live.close();
    this.#beside?.close();
  }

  async #retire(old: Generation, db: Kysely<ViewTables>): Promise<void> {
    await wait(this.#grace, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
    await db.destroy();
    old.close();
    this.#retired.delete(old);
    this.#folder.remove(old.number);
  }
  #open(number: number, beside: boolean): Generation {
    return new Generation(this.#folder.path(number), number, this.definition, this.#context, beside);
  }
}

async function eraseFrom(generation: Generation, recordId: string): Promise<number> {
  const before = generation.gone;
  for (let tries = 0; ; tries++) {
    try {
      generation.erase(recordId);
      return generation.gone - before;
    } catch (error) {
      if (!(error instanceof WalNotTruncated) || tries >= 100) throw error;
      await wait(20);
    }
  }
}
