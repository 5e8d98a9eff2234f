/** How much may be on its way to the server at a time; who comes later waits in line. */
export interface InFlight {
  readonly appends: number;
  readonly bytes: number;
}

/** Lets callers through in the order they came, as long as their number and bytes stay within the limits; one alone always passes. */
export class Gate {
  readonly #most: InFlight;
  readonly #line: { readonly bytes: number; readonly pass: () => void }[] = [];
  #appends = 0;
  #bytes = 0;

  constructor(most: InFlight) {
    this.#most = most;
  }

  /** Resolves when it is this caller's turn; `leave` must follow. */
  async enter(bytes: number): Promise<void> {
    if (this.#line.length === 0 && this.#fits(bytes)) this.#take(bytes);
    else await new Promise<void>((pass) => this.#line.push({ bytes, pass }));
  }

  /** Makes room. */
  leave(bytes: number): void {
    this.#appends -= 1;
    this.#bytes -= bytes;
    for (let next = this.#line[0]; next !== undefined && this.#fits(next.bytes); next = this.#line[0]) {
      this.#line.shift();
      this.#take(next.bytes);
      next.pass();
    }
  }

  #fits(bytes: number): boolean {
    if (this.#appends === 0) return true;
    return this.#appends < this.#most.appends && this.#bytes + bytes <= this.#most.bytes;
  }

  #take(bytes: number): void {
    this.#appends += 1;
    this.#bytes += bytes;
  }
}
