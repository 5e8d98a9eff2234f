import { setTimeout as wait } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type pg from 'pg';
import { bareTableTexts, indexTexts } from '#database';
import { openPool, StatementRefused, told, transactionOn } from '#database/postgres';
import type { LogToken } from '#event-log';
import type { RowOperation, ViewDefinition } from '../src/definition.ts';
import type { RebuildProgress } from '../src/progress.ts';
import type { LiveGeneration, ViewStore, ViewTables } from '../src/store.ts';
import { PostgresGeneration } from './generation.ts';
import { GenerationReader } from './reader.ts';
import { GENERATION, LIVE, LOCK_VIEW, schemaOf, type StoredGeneration } from './registry.ts';
import { BulkWriter } from './writer.ts';

/** Where a view's schemas are. */
export interface PostgresStoreOptions {
  readonly url: string;
  /** Milliseconds for which a generation that was replaced goes on answering whoever took it before. */
  readonly grace: number;
  /** Most connections for queries (default 3); three more look after the view. */
  readonly most?: number;
}

/** Connections for what is not a query: a live batch, a batch of a rebuild, and looks at the checkpoint. */
const WORKING = 3;
const NO_RIGHT = '42501';

/** A view in schemas of a server that processes share; the rows of schema `views` say which serves. */
export class PostgresViewStore implements ViewStore {
  readonly shared = true;
  readonly #definition: ViewDefinition;
  readonly #view: string;
  readonly #pool: pg.Pool;
  readonly #reader: GenerationReader;
  readonly #grace: number;
  readonly #closing = new AbortController();
  readonly #retiring = new Set<Promise<void>>();
  #beside: PostgresGeneration | undefined;

  constructor(definition: ViewDefinition, { url, grace, most }: PostgresStoreOptions) {
    this.#definition = definition;
    this.#view = definition.name;
    this.#grace = grace;
    this.#pool = openPool({ url, schema: 'views', most: WORKING });
    this.#reader = new GenerationReader({
      url,
      view: definition.name,
      most: most ?? 3,
      live: async () => (await this.live())?.number ?? null,
    });
  }

  /** Makes the first generation where there is none, and this process may; otherwise it waits for the one that may. */
  async prepare(): Promise<void> {
    if ((await this.#stored()) !== undefined) return;
    try {
      await this.#make(1, false);
    } catch (error) {
      if (!(error instanceof StatementRefused) || error.code !== NO_RIGHT) throw error;
    }
  }

  get db(): Kysely<ViewTables> {
    return this.#reader.db;
  }
  async live(): Promise<LiveGeneration | null> {
    const stored = await this.#stored();
    if (stored === undefined) return null;
    this.#reader.serve(stored.number);
    const { number, version, token } = stored;
    return { number, version, token: token as LogToken | null };
  }
  async parked(): Promise<number> {
    const { rows } = await this.#reader.query<{ n: number }>('select count(*) as n from parked', []);
    return rows[0]?.n ?? 0;
  }
  async progress(): Promise<RebuildProgress | null> {
    const { rows } = await this.#ask<{ progress: string | null }>(
      'select progress from views.projection where view = $1',
    );
    const text = rows[0]?.progress ?? null;
    return text === null ? null : (JSON.parse(text) as RebuildProgress);
  }
  async report(progress: RebuildProgress): Promise<void> {
    await this.#ask('update views.projection set progress = $2 where view = $1', JSON.stringify(progress));
  }
  async askRebuild(): Promise<boolean> {
    const { rowCount } = await this.#ask(
      'update views.projection set rebuild_asked = 1 where view = $1 and rebuild_asked = 0',
    );
    return rowCount === 1;
  }
  async rebuildAsked(): Promise<boolean> {
    const { rowCount } = await this.#ask('select 1 from views.projection where view = $1 and rebuild_asked = 1');
    return rowCount === 1;
  }
  async rebuildEnded(): Promise<void> {
    await this.#ask('update views.projection set rebuild_asked = 0 where view = $1');
  }

  /** Durable when it answers, in a transaction for each generation; waits for a batch that is being written, which is written again without the record. */
  async erase(operations: readonly RowOperation[]): Promise<number> {
    let removed = 0;
    const { rows } = await this.#ask<{ number: number }>('select number from views.generation where view = $1');
    for (const { number } of rows) {
      removed += await transactionOn(this.#pool, 'begin', async (client) => {
        const text = 'update views.generation set erasures = erasures + 1 where view = $1 and number = $2';
        const { rowCount } = await told(() => client.query(text, [this.#view, number]));
        if (rowCount !== 1) return 0;
        const writer = new BulkWriter(schemaOf(this.#view, number), this.#definition.tables, true);
        const gone = await writer.write(client, operations);
        const count = 'update views.generation set gone = gone + $3 where view = $1 and number = $2';
        await told(() => client.query(count, [this.#view, number, gone]));
        return gone;
      });
    }
    return removed;
  }

  async open(): Promise<PostgresGeneration> {
    if ((await this.#stored()) === undefined) await this.#make(1, false);
    const stored = await this.#stored();
    if (stored === undefined) throw new Error('view-not-made');
    this.#reader.serve(stored.number);
    this.#beside = undefined;
    // Of our own swaps the grace is still running.
    if (this.#retiring.size === 0) for (const number of await this.#retired()) await this.#drop(number);
    return new PostgresGeneration(this.#pool, this.#definition, stored);
  }

  async beside(): Promise<PostgresGeneration> {
    if (this.#beside !== undefined) return this.#beside;
    const live = await this.#stored();
    const number = (live?.number ?? 0) + 1;
    const { rows } = await told(() => this.#pool.query<StoredGeneration>(GENERATION, [this.#view, number]));
    // Begun by another version of the definition: no use to this one.
    if (rows[0] !== undefined && rows[0].version !== this.#definition.version) await this.#drop(number);
    await this.#make(number, true);
    const made = await told(() => this.#pool.query<StoredGeneration>(GENERATION, [this.#view, number]));
    const [stored] = made.rows;
    if (stored === undefined) throw new Error('view-not-made');
    this.#beside = new PostgresGeneration(this.#pool, this.#definition, stored);
    return this.#beside;
  }

  async discard(): Promise<void> {
    const number = this.#beside?.number;
    this.#beside = undefined;
    if (number !== undefined) await this.#drop(number);
  }

  async swap(
    behind: (live: LogToken | null, next: LogToken | null) => boolean,
  ): Promise<PostgresGeneration | undefined> {
    const next = await this.beside();
    const old = await transactionOn(this.#pool, 'begin', async (client) => {
      const ask = <R extends pg.QueryResultRow>(text: string, values: unknown[]) =>
        told(() => client.query<R>(text, values));
      await ask(LOCK_VIEW, [this.#view]);
      // Nobody moves either until this is over.
      const both = await ask<StoredGeneration>(
        `select number, token, indexed from views.generation
         where view = $1 and number >= (select live from views.projection where view = $1) order by number for update`,
        [this.#view],
      );
      const [live, ready] = both.rows;
      if (live === undefined || ready?.number !== next.number || ready.indexed !== 1) throw new Error('not-ready');
      if (behind(live.token as LogToken | null, ready.token as LogToken | null)) return undefined;
      await ask('update views.projection set live = $2 where view = $1', [this.#view, next.number]);
      await ask('update views.generation set retired = 1 where view = $1 and number = $2', [this.#view, live.number]);
      return live.number;
    });
    if (old === undefined) return undefined;
    this.#beside = undefined;
    this.#reader.serve(next.number);
    const retiring = this.#retire(old);
    this.#retiring.add(retiring);
    void retiring.finally(() => this.#retiring.delete(retiring));
    return next;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#retiring);
    await this.#reader.close();
    await this.#pool.end();
  }

  /** The old one goes once queries begun on it had time to end; where it can't be removed now, the next projector does. */
  async #retire(number: number): Promise<void> {
    await wait(this.#grace, undefined, { signal: this.#closing.signal, ref: false }).catch(() => undefined);
    await this.#drop(number).catch(() => undefined);
  }

  /** Makes a generation's schema, tables and row where they are not there, and lets the view's readers in. `loading` leaves out what is quicker made at the end. */
  async #make(number: number, loading: boolean): Promise<void> {
    const schema = schemaOf(this.#view, number);
    const { tables, version } = this.#definition;
    await transactionOn(this.#pool, 'begin', async (client) => {
      const ask = (text: string, values?: unknown[]) => told(() => client.query(text, values));
      await ask(LOCK_VIEW, [this.#view]);
      const { rowCount } = await ask(GENERATION, [this.#view, number]);
      if (rowCount === 1) return;
      await ask(`create schema "${schema}"`);
      await ask(`set local search_path = "${schema}"`);
      for (const text of [...bareTableTexts('postgres', tables, true), ...RUNNERS]) await ask(text);
      if (!loading) for (const text of indexTexts(tables)) await ask(text);
      const readers = await told(() =>
        client.query<{ role: string }>('select role from views.reader where view = $1', [this.#view]),
      );
      for (const { role } of readers.rows) {
        const name = client.escapeIdentifier(role);
        await ask(`grant usage on schema "${schema}" to ${name}`);
        await ask(`grant select on all tables in schema "${schema}" to ${name}`);
      }
      const row = `insert into views.generation (view, number, version, token, events, gone, erasures, indexed, retired)
        values ($1, $2, $3, null, 0, 0, 0, $4, 0)`;
      await ask(row, [this.#view, number, version, loading ? 0 : 1]);
      await ask('insert into views.projection (view, live) values ($1, $2) on conflict (view) do nothing', [
        this.#view,
        number,
      ]);
    });
  }

  /** Waits for queries that read it. */
  async #drop(number: number): Promise<void> {
    await transactionOn(this.#pool, 'begin', async (client) => {
      await told(() => client.query(LOCK_VIEW, [this.#view]));
      // The row first, as whoever writes or erases does: nobody waits in a circle.
      const text = 'delete from views.generation where view = $1 and number = $2';
      await told(() => client.query(text, [this.#view, number]));
      await told(() => client.query(`drop schema if exists "${schemaOf(this.#view, number)}" cascade`));
    });
  }

  async #retired(): Promise<readonly number[]> {
    const { rows } = await this.#ask<{ number: number }>(
      'select number from views.generation where view = $1 and retired = 1 order by number',
    );
    return rows.map(({ number }) => number);
  }

  async #stored(): Promise<StoredGeneration | undefined> {
    const { rows } = await told(() =>
      this.#pool.query<StoredGeneration>({ name: 'views-live', text: LIVE, values: [this.#view] }),
    );
    return rows[0];
  }

  #ask<R extends pg.QueryResultRow>(text: string, ...values: readonly unknown[]): Promise<pg.QueryResult<R>> {
    return told(() => this.#pool.query<R>(text, [this.#view, ...values]));
  }
}

/** The runner's own tables beside the view's. */
const RUNNERS = [
  `create table parked (
    stream text not null, revision bigint not null, token text not null, type text not null, reason text not null,
    primary key (stream, revision))`,
  'create table later (id bigint generated always as identity primary key, operation text not null)',
];
