import { auditRows, type AuditReader, type AuditSearch, type Place } from '../views/audit/query.ts';

/** How far the answer to a question is known. */
export interface Count {
  /** `waiting`: the view has not read as far as the question is answered; `counting`; `ready`; `failed`: ask again, it begins anew. */
  readonly state: 'waiting' | 'counting' | 'ready' | 'failed';
  readonly count: number;
  /** The time that has been counted back to; null before the first. */
  readonly reached: string | null;
  /** The last decision of the answer, where there are more than one answer may have. */
  readonly last: Place | null;
}

/** What counts with. */
export interface CountMeans extends AuditReader {
  /** Resolves to true once the view has read so far. */
  readonly waitUntil: (search: AuditSearch) => Promise<boolean>;
  /** At most so many decisions are one answer. */
  readonly most: number;
  readonly alarm: (error: unknown) => void;
}

const BEGUN: Count = { state: 'waiting', count: 0, reached: null, last: null };
/** Counts of so many questions are kept; a forgotten one is counted again when it is asked for. */
const KEPT = 500;

/**
 * Counts answers beside the requests, a few thousand rows at a time. What it finds follows from the question alone, so after a restart the
 * same is found again.
 */
export class Counting {
  readonly #means: CountMeans;
  readonly #counts = new Map<string, Count>();
  readonly #stop = new AbortController();
  readonly #running = new Set<Promise<void>>();

  constructor(means: CountMeans) {
    this.#means = means;
  }

  /** How far it is; begins where it was not begun, or had failed. */
  of(query: string, search: AuditSearch): Count {
    const known = this.#counts.get(query);
    if (known !== undefined && known.state !== 'failed') return known;
    this.#put(query, BEGUN);
    const run = this.#run(query, search).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return BEGUN;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
  }

  async #run(query: string, search: AuditSearch): Promise<void> {
    const { signal } = this.#stop;
    let [count, reached]: [number, Place | null] = [0, null];
    try {
      while (!(await this.#means.waitUntil(search))) if (signal.aborted) return;
      for await (const { at, decision } of auditRows(this.#means, search, 1_000)) {
        if (signal.aborted) return;
        if (count === this.#means.most) {
          this.#put(query, { state: 'ready', count, reached: reached?.at ?? null, last: reached });
          return;
        }
        count += 1;
        reached = { at, decision };
        if (count % 1_000 === 0) this.#put(query, { state: 'counting', count, reached: at, last: null });
      }
      this.#put(query, { state: 'ready', count, reached: reached?.at ?? null, last: null });
    } catch (error) {
      this.#means.alarm(error);
      this.#put(query, { state: 'failed', count, reached: reached?.at ?? null, last: null });
    }
  }

  #put(query: string, count: Count): void {
    this.#counts.set(query, count);
    for (const [id, { state }] of this.#counts) {
      if (this.#counts.size <= KEPT) return;
      if (state === 'ready' || state === 'failed') this.#counts.delete(id);
    }
  }
}
