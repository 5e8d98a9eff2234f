import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { LogToken } from '#event-log';
import type { RowOperation, ViewDefinition } from '../src/definition.ts';
import type { RebuildProgress } from '../src/progress.ts';
import type { LiveGeneration, ViewStore, ViewTables } from '../src/store.ts';
import { openKysely } from './database.ts';
import { ViewFolder } from './folder.ts';
import { SqliteGeneration, WalNotTruncated } from './generation.ts';

/** Where a view's files are. */
export interface SqliteStoreOptions {
  readonly dir: string;
  /** Milliseconds for which a generation that was replaced goes on answering whoever took it before. */
  readonly grace: number;
}

/** A view in files of one process: a generation each, the live one open from the start. */
export class SqliteViewStore implements ViewStore {
  readonly shared = false;
  readonly #definition: ViewDefinition;
  readonly #folder: ViewFolder;
  readonly #grace: number;
  readonly #closing = new AbortController();
  #live: SqliteGeneration;
  #db: Kysely<ViewTables>;
  #progress: RebuildProgress | null = null;
  #asked = false;
  #beside: SqliteGeneration | null = null;
  readonly #retired = new Map<SqliteGeneration, Promise<void>>();

  constructor(definition: ViewDefinition, { dir, grace }: SqliteStoreOptions) {
    mkdirSync(dir, { recursive: true });
    this.#definition = definition;
    this.#folder = new ViewFolder(dir, definition.name);
    this.#grace = grace;
    const number = this.#folder.live();
    this.#live = this.#file(number ?? 1, false);
    if (number === undefined) this.#folder.point(1);
    this.#db = openKysely(this.#live.path);
    this.#folder.keepOnly([this.#live.number, this.#live.number + 1]);
    // A rebuild that was killed left rows that an erasure must reach, so its file is open from the start.
    if (this.#folder.has(this.#live.number + 1)) this.#opened();
  }

  get db(): Kysely<ViewTables> {
    return this.#db;
  }
  async live(): Promise<LiveGeneration> {
    const { number, version, checkpoint: token } = this.#live;
    return { number, version, token };
  }
  parked(): Promise<number> {
    return this.#live.parked();
  }
  async progress(): Promise<RebuildProgress | null> {
    return this.#progress;
  }
  async report(progress: RebuildProgress): Promise<void> {
    this.#progress = progress;
  }
  async askRebuild(): Promise<boolean> {
    const first = !this.#asked;
    this.#asked = true;
    return first;
  }
  async rebuildAsked(): Promise<boolean> {
    return this.#asked;
  }
  async rebuildEnded(): Promise<void> {
    this.#asked = false;
  }

  async erase(operations: readonly RowOperation[]): Promise<number> {
    let rows = 0;
    for (const generation of [this.#live, this.#beside, ...this.#retired.keys()]) {
      if (generation?.isOpen !== true) continue;
      rows += await generation.erase(operations);
      await truncated(generation);
    }
    return rows;
  }

  async open(): Promise<SqliteGeneration> {
    this.#live.reread();
    return this.#live;
  }
  async beside(): Promise<SqliteGeneration> {
    const next = this.#opened();
    if (next.version === this.#definition.version) return next;
    // Begun by another version of the definition: no use to this one.
    await this.discard();
    return this.#opened();
  }
  async discard(): Promise<void> {
    await this.#beside?.close();
    this.#beside = null;
    this.#folder.remove(this.#live.number + 1);
  }
  async swap(behind: (live: LogToken | null, next: LogToken | null) => boolean): Promise<SqliteGeneration | undefined> {
    const next = await this.beside();
    if (behind(this.#live.checkpoint, next.checkpoint)) return undefined;
    next.saveNow();
    const [old, oldDb] = [this.#live, this.#db];
    this.#folder.point(next.number);
    this.#db = openKysely(next.path);
    this.#live = next;
    this.#beside = null;
    this.#retired.set(old, this.#retire(old, oldDb));
    return next;
  }
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#retired.values());
    await this.#db.destroy();
    await this.#live.close();
    await this.#beside?.close();
  }

  /** The old file goes once queries begun on it had time to end. */
  async #retire(old: SqliteGeneration, db: Kysely<ViewTables>): Promise<void> {
    await wait(this.#grace, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
    await db.destroy();
    await old.close();
    this.#retired.delete(old);
    this.#folder.remove(old.number);
  }
  #opened(): SqliteGeneration {
    this.#beside ??= this.#file(this.#live.number + 1, true);
    return this.#beside;
  }
  #file(number: number, beside: boolean): SqliteGeneration {
    return new SqliteGeneration(this.#folder.path(number), number, this.#definition, beside);
  }
}

/** Waits up to two seconds for readers of other processes to let the write-ahead log go. */
async function truncated(generation: SqliteGeneration): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      if (generation.isOpen) generation.truncate();
      return;
    } catch (error) {
      if (!(error instanceof WalNotTruncated) || tries >= 100) throw error;
      await wait(20);
    }
  }
}
