import { cachedFolds, encodeChanges, appendSurely, WrongExpectedRevision, type EventLog } from '#event-log';
import type { Clock, DecisionId } from '#kernel';
import type { Caller } from '#sharing';
import { budgetOf, exportBudget, type RowsTaken } from './export-budget.ts';

/** Days of so many people are kept folded in memory. */
const KEPT = 200;

/** What each person was handed today. Takings are made one after another, so that none is lost to another at once. */
export class BudgetBook {
  readonly #log: EventLog;
  readonly #clock: Clock;
  readonly #most: number;
  readonly #folds: ReturnType<typeof cachedFolds<RowsTaken>>;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(log: EventLog, clock: Clock, most: number) {
    this.#log = log;
    this.#clock = clock;
    this.#most = most;
    const { initialState, evolve } = exportBudget;
    this.#folds = cachedFolds<RowsTaken>({ log, initial: () => initialState, evolve, most: KEPT });
  }

  /** How many a person may be handed yet today. */
  async left({ reader }: Caller): Promise<number> {
    const { state } = await this.#folds(budgetOf(reader, this.#clock.now()).stream);
    return this.#most - state.rows;
  }

  /** Durable when it answers; false where there are not so many left, and then none was taken. */
  take(
    caller: Caller,
    taking: { readonly query: string; readonly decision: DecisionId; readonly rows: number },
  ): Promise<boolean> {
    const turn = this.#turn.then(() => this.#take(caller, taking));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #take(
    { reader, correlationId }: Caller,
    taking: { readonly query: string; readonly decision: DecisionId; readonly rows: number },
  ): Promise<boolean> {
    const at = this.#clock.now();
    const { day, stream } = budgetOf(reader, at);
    for (let attempt = 1; ; attempt++) {
      const { state, revision } = await this.#folds(stream);
      const decided = exportBudget.decide({ sub: reader.sub, day, ...taking, most: this.#most }, state);
      if (!decided.ok) return false;
      if (decided.value.length === 0) return true;
      const events = encodeChanges(stream, revision, decided.value, { at, by: reader.organisation, correlationId });
      try {
        await appendSurely(this.#log, stream, revision, events);
        return true;
      } catch (error) {
        // Another process was first.
        if (!(error instanceof WrongExpectedRevision) || attempt === 3) throw error;
      }
    }
  }
}
