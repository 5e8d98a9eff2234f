/** Runs work under one key after another, work under different keys side by side. */
export class OneAtATime {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Starts at once where nothing runs under the key; otherwise after what does, whatever became of it. */
  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, turn);
    const done = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(done, done);
    return turn;
  }
}
