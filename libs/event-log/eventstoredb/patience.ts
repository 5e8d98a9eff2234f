import { isPassing } from './errors.ts';

/** First pause and longest pause between two tries, in milliseconds: a server that restarts is back after two seconds. */
const [FIRST, LONGEST] = [50, 1000];

/**
 * Repeats what may be repeated until `patienceMs` are over, then throws the last error. Calls against a server that is away fail within
 * a millisecond, so the pauses double.
 */
export async function patiently<Result>(
  patienceMs: number,
  action: () => Promise<Result>,
  hopeless: (error: unknown) => boolean = () => false,
): Promise<Result> {
  const until = performance.now() + patienceMs;
  for (let pause = FIRST; ; pause = Math.min(pause * 2, LONGEST)) {
    try {
      return await action();
    } catch (error) {
      if (!isPassing(error) || hopeless(error) || performance.now() + pause > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
