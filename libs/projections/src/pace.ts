import type { RebuildProgress } from './progress.ts';
import type { Generation } from './store.ts';
import type { View } from './view.ts';

/** Where a rebuild is and how fast. */
export class Pace {
  readonly #view: View;
  readonly #next: Generation;
  readonly #elapsed: () => number;
  readonly #began: number;
  readonly #first: number;

  constructor(view: View, next: Generation, elapsed: () => number) {
    this.#view = view;
    this.#next = next;
    this.#elapsed = elapsed;
    this.#began = elapsed();
    this.#first = this.#done();
  }

  async progress(state: RebuildProgress['state']): Promise<RebuildProgress> {
    const { log } = this.#view;
    const done = this.#done();
    const head = await log.head();
    const of = Math.max(done, log.distance?.(null, head) ?? (await this.#view.live()).events);
    const perSecond = ((done - this.#first) * 1000) / Math.max(1, this.#elapsed() - this.#began);
    return {
      generation: this.#next.number,
      done,
      of,
      perSecond: Math.round(perSecond),
      secondsLeft: perSecond === 0 ? null : Math.ceil((of - done) / perSecond),
      parked: await this.#next.parked(),
      state,
    };
  }

  #done(): number {
    return this.#view.log.distance?.(null, this.#next.checkpoint) ?? this.#next.events;
  }
}
