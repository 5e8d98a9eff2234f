import type { Reader } from './read.ts';
import { comparePositions, type Position } from './token.ts';

/** How far the log goes, asked once for all subscriptions that are quiet. */
export class Pulse {
  readonly #reader: Reader;
  #newest: Position | undefined;
  #asked = -Infinity;
  #asking: Promise<void> | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** Something of this process is stored there. */
  reached(position: Position): void {
    if (comparePositions(position, this.#newest) > 0) this.#newest = position;
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
