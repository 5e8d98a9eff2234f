import type { Reader } from './read.ts';
import { comparePositions, type Position } from './token.ts';

/** How far the log goes, asked once for all subscriptions that are quiet. */
export class Pulse {
  readonly #reader: Reader;
  #newest: Position | undefined;
  #asked = -Infinity;
  #asking: Promise<void> | undefined;
  readonly #waking = new Set<() => void>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Something of this process is stored there. */
  reached(position: Position): void {
    if (comparePositions(position, this.#newest) <= 0) return;
    this.#newest = position;
    for (const wake of this.#waking) wake();
    this.#waking.clear();
  }

  /** Calls once, when the log is known to go further than now; the answer ends that. */
  onceFurther(wake: () => void): () => void {
    this.#waking.add(wake);
    return () => void this.#waking.delete(wake);
  }

  /** True where the log goes further than a place, as far as is known. */
  isBeyond(place: Position | undefined): boolean {
    return comparePositions(this.#newest, place) > 0;
  }

  /** Asks the server unless that was done within so many milliseconds. Throws where it does not answer. */
  async ask(everyMs: number): Promise<void> {
    if (performance.now() - this.#asked < everyMs) return;
    this.#asking ??= this.#ask();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    try {
      const end = await this.#reader.end(0);
      this.#asked = performance.now();
      if (end !== undefined) this.reached(end);
    } finally {
      this.#asking = undefined;
    }
  }
}
