/** What is used of a stream of the client. */
interface Stream {
  readonly readableLength: number;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  read(): unknown;
  removeAllListeners(event: string): unknown;
}
/** A stream of the client that can be given up; both kinds of it are. */
export type Source = Stream & ({ cancel(): Promise<void> } | { unsubscribe(): Promise<void> });

/**
 * What has come on a stream of the client, taken one by one; what is not taken stays on the server, but for some 32 items (HTTP/2 flow
 * control). The client reports a fault by an `error` that neither ends nor destroys the stream and may come before anybody listens, or
 * after everybody stopped, when it would end the process: here it is kept until somebody asks.
 */
export class Inbox<Item> {
  readonly #source: Source;
  #failure: { readonly error: unknown } | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(source: Source) {
    this.#source = source;
    const woken = () => this.#wake();
    source.on('error', (error) => {
      this.#failure ??= { error };
      woken();
    });
    for (const over of ['end', 'close']) {
      source.on(over, () => {
        this.#ended = true;
        woken();
      });
    }
    source.on('readable', woken);
  }

  /** The next item, undefined where none has come yet or none will. */
  take(): Item | undefined {
    return (this.#source.read() as Item | null) ?? undefined;
  }

  /** True once nothing more comes. Throws what the server or the connection failed with. */
  get ended(): boolean {
    if (this.#failure !== undefined) throw this.#failure.error;
    return this.#ended;
  }

  /** Waits for news (an item, the end, a fault, `nudge`), at most so many milliseconds; false where the time went by without. */
  async wait(milliseconds: number): Promise<boolean> {
    if (this.#failure !== undefined || this.#ended || this.#source.readableLength > 0) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    this.#wake = () => resolve(true);
    // A timer that is late because this process was busy runs before what came meanwhile is looked at: one turn for that.
    const timer = setTimeout(() => setImmediate(() => setImmediate(() => resolve(false))), milliseconds);
    const heard = await promise;
    clearTimeout(timer);
    this.#wake = () => undefined;
    return heard;
  }

  /** Ends the present `wait`. */
  nudge(): void {
    this.#wake();
  }

  /**
   * Tells the server that nothing more is wanted, and lets go what has come already: a call whose answer came to its end stays open at the
   * client, and would be waited for when that is closed, until it was read to its end.
   */
  close(): void {
    const source = this.#source;
    // Not awaited, as it may wait for a connection; it rejects where there never was a stream.
    const giveUp = 'cancel' in source ? source.cancel() : source.unsubscribe();
    giveUp.catch(() => undefined);
    source.removeAllListeners('readable');
    source.on('data', () => undefined);
  }
}
