import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  fsyncSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { EventLog, LogToken } from '#event-log';
import type { ProjectContext, ViewDefinition } from '../src/definition.ts';
import { openKysely, type ViewTables } from './database.ts';
import { Generation } from './generation.ts';
import type { RebuildProgress } from './rebuild.ts';

/** What a view is opened with. `keyAlive` comes from the vault; without it every key counts as alive. */
export interface OpenView {
  readonly definition: ViewDefinition;
  readonly dir: string;
  readonly log: EventLog;
  readonly context?: ProjectContext;
}
/** For the admin API. */
export interface ViewStatus {
  readonly view: string;
  readonly generation: number;
  readonly checkpoint: LogToken | null;
  /** True where the log has gone on since the checkpoint. */
  readonly behind: boolean;
  readonly parked: number;
  readonly rebuild: RebuildProgress | null;
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
  readonly #dir: string;
  readonly #context: ProjectContext;
  #live: Generation;
  #db: Kysely<ViewTables>;
  #progress: RebuildProgress | null = null;
  #beside: Generation | null = null;

  constructor({ definition, dir, log, context }: OpenView) {
    this.name = definition.name;
    this.definition = definition;
    this.log = log;
    this.#dir = dir;
    this.#context = context ?? { keyAlive: () => true };
    const number = this.#pointer();
    this.#live = this.#open(number ?? 1);
    if (number === undefined) this.#point(1);
    this.#db = openKysely(this.#live.path);
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
  async status(): Promise<ViewStatus> {
    const [head, checkpoint] = [await this.log.head(), this.#live.checkpoint];
    return {
      view: this.name,
      generation: this.#live.number,
      checkpoint,
      behind: head !== null && (checkpoint === null || this.log.compare(checkpoint, head) < 0),
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
  /** Removes an erased record from every generation that is open. */
  eraseRows(recordId: string): void {
    this.#live.erase(recordId);
    this.#beside?.erase(recordId);
  }
  /** The generation being built beside the live one; continued where a killed rebuild left it. */
  beside(): Generation {
    this.#beside ??= this.#open(this.#live.number + 1);
    if (this.#beside.version !== this.definition.version) {
      // Begun by another version of the definition: no use to this one.
      const { path, number } = this.#beside;
      this.#beside.close();
      for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
      this.#beside = this.#open(number);
    }
    return this.#beside;
  }
  report(progress: RebuildProgress | null): void {
    this.#progress = progress;
  }
  /** Serves the generation built beside; the old file goes once queries begun on it had time to end. */
  async swap(): Promise<void> {
    const next = this.beside();
    const [old, oldDb] = [this.#live, this.#db];
    this.#point(next.number);
    this.#db = openKysely(next.path);
    this.#live = next;
    this.#beside = null;
    await oldDb.destroy();
    old.close();
    for (const end of ['', '-wal', '-shm']) rmSync(old.path + end, { force: true });
  }
  async close(): Promise<void> {
    await this.#db.destroy();
    this.#live.close();
    this.#beside?.close();
  }

  #open(number: number): Generation {
    return new Generation(
      join(this.#dir, `${this.name}.g${String(number)}.db`),
      number,
      this.definition,
      this.#context,
    );
  }
  #pointer(): number | undefined {
    const path = join(this.#dir, `${this.name}.live`);
    if (!existsSync(path)) return undefined;
    const number = Number(readFileSync(path, 'utf8'));
    if (!Number.isSafeInteger(number) || number < 1) throw new Error('pointer-unreadable');
    return number;
  }
  #point(number: number): void {
    const path = join(this.#dir, `${this.name}.live`);
    writeFileSync(`${path}.new`, String(number), { flush: true });
    renameSync(`${path}.new`, path);
    const folder = openSync(this.#dir, 'r');
    fsyncSync(folder);
    closeSync(folder);
  }
}
