import type { DecisionId } from '#kernel';
import type { LookContent, Purpose } from '#contracts';

/** What became of a decision; an aborted one was heard as a permit before. */
export const DECISION_EFFECTS = ['permit', 'deny', 'aborted'] as const;
/** What was decided on: the words of facts, that there is one and no more, or either under an emergency access that the request names. */
export const DECISION_MODES = ['content', 'existence', 'emergency'] as const;
/** One of them. */
export type DecisionMode = (typeof DECISION_MODES)[number];

/** One decision as it is heard: nothing of who asked or about whom. */
export interface HeardDecision {
  readonly decision: DecisionId;
  readonly effect: (typeof DECISION_EFFECTS)[number];
  readonly purpose: Purpose;
  readonly mode: DecisionMode;
}

/** Hears of every decision once its look is stored, for numbers and logs. Must not throw. */
export interface DecisionObserver {
  /** Seconds on a clock that only goes forward. */
  readonly elapsed: () => number;
  /** Reading what a decision rests on and asking the rules took so many seconds; storing the look is not in it. */
  readonly took: (seconds: number) => void;
  readonly decided: (heard: HeardDecision) => void;
}

/** The mode of a decision with these slices; a refusal has none and counts as one on content. */
export function modeOf({ breakGlass }: { readonly breakGlass?: string }, slices: LookContent['slices']): DecisionMode {
  if (breakGlass !== undefined) return 'emergency';
  return slices.length > 0 && slices.every(({ mode }) => mode === 'existence') ? 'existence' : 'content';
}

/** Decides and tells how long that took. */
export async function timed<T>(observer: DecisionObserver | undefined, decide: () => Promise<T>): Promise<T> {
  if (observer === undefined) return decide();
  const begun = observer.elapsed();
  const decided = await decide();
  observer.took(observer.elapsed() - begun);
  return decided;
}
