import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { Leadership } from '../src/port.ts';
import { turns } from '../src/turns.ts';
import { connectionConfig } from './pool.ts';

/** How often somebody in line asks, and the holder proves that the server still answers, in milliseconds. */
const ASK_EVERY = 300;
const BEAT_EVERY = 2_000;
const BEAT_WITHIN = 5_000;

/** Turns by advisory locks of the server: let go when the process ends, however it ends. */
export interface PostgresLeadership extends Leadership {
  close(): Promise<void>;
}

/** One connection holds all turns of this process; where it breaks all of them end, and everybody stands in line again. */
export function postgresLeadership(url: string): PostgresLeadership {
  return new Turns(url);
}

class Turns implements PostgresLeadership {
  readonly #url: string;
  #holder: Promise<Holder> | undefined;
  #closed = false;

  constructor(url: string) {
    this.#url = url;
  }

  async lead(name: string, signal: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void> {
    while (!signal.aborted) {
      const holder = await this.#connected();
      if (holder === undefined || !(await holder.take(name))) {
        await wait(ASK_EVERY, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const turn = AbortSignal.any([signal, holder.lost]);
      try {
        await work(turn);
      } catch (error) {
        if (!holder.lost.aborted) throw error;
      } finally {
        await holder.give(name);
      }
      if (!holder.lost.aborted) return;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await (await this.#holder?.catch(() => undefined))?.end();
  }

  async #connected(): Promise<Holder | undefined> {
    if (this.#closed) return undefined;
    this.#holder ??= Holder.connect(this.#url, () => (this.#holder = undefined));
    try {
      return await this.#holder;
    } catch {
      this.#holder = undefined;
      return undefined;
    }
  }
}

/** The connection, and what it holds. */
class Holder {
  readonly #client: pg.Client;
  /** The connection answers one question at a time. */
  readonly #inTurn = turns();
  readonly #lost = new AbortController();
  readonly #beat: NodeJS.Timeout;
  readonly #onLost: () => void;

  private constructor(client: pg.Client, onLost: () => void) {
    this.#client = client;
    this.#onLost = onLost;
    client.on('error', () => this.#lose());
    client.on('end', () => this.#lose());
    this.#beat = setInterval(() => void this.#prove(), BEAT_EVERY).unref();
  }

  static async connect(url: string, onLost: () => void): Promise<Holder> {
    const client = new pg.Client(connectionConfig({ url, schema: 'public' }));
    client.on('error', () => undefined);
    await client.connect();
    return new Holder(client, onLost);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async take(name: string): Promise<boolean> {
    try {
      const take = 'select pg_try_advisory_lock(hashtextextended($1, 1)) as got';
      const { rows } = await this.#inTurn(() => this.#client.query<{ got: boolean }>(take, [`tellonce:${name}`]));
      return rows[0]?.got === true;
    } catch {
      this.#lose();
      return false;
    }
  }

  async give(name: string): Promise<void> {
    if (this.lost.aborted) return;
    const unlock = 'select pg_advisory_unlock(hashtextextended($1, 1))';
    await this.#inTurn(() => this.#client.query(unlock, [`tellonce:${name}`])).catch(() => this.#lose());
  }

  async end(): Promise<void> {
    clearInterval(this.#beat);
    await this.#client.end().catch(() => undefined);
  }

  /** A server that is gone without a word would leave two leaders: this one must notice first. */
  async #prove(): Promise<void> {
    const late = new AbortController();
    const answered = await Promise.race([
      this.#inTurn(() => this.#client.query('select 1')).then(
        () => true,
        () => false,
      ),
      wait(BEAT_WITHIN, false, { signal: late.signal, ref: false }).catch(() => false),
    ]);
    late.abort();
    if (!answered) this.#lose();
  }

  #lose(): void {
    if (this.#lost.signal.aborted) return;
    clearInterval(this.#beat);
    this.#lost.abort();
    this.#onLost();
    void this.#client.end().catch(() => undefined);
  }
}
