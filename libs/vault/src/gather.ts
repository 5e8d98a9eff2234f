/**
 * Gathers what is asked in one turn into one question: `ask` gets every key once and answers those there are. Nothing else happens between
 * asking and the question; a failed question fails everybody who asked.
 */
export function gathering<K, V>(
  ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): (key: K) => Promise<V | undefined> {
  let waiting: { readonly keys: Set<K>; readonly answers: Promise<ReadonlyMap<K, V>> } | undefined;
  return async (key) => {
    if (waiting === undefined) {
      const keys = new Set<K>();
      const answers = endOfTurn().then(() => {
        waiting = undefined;
        return ask([...keys]);
      });
      waiting = { keys, answers };
    }
    waiting.keys.add(key);
    return (await waiting.answers).get(key);
  };
}

/** After everything that is ready to run, before anything that has to be waited for. */
function endOfTurn(): Promise<void> {
  // A promise job of its own first: from outside one, `nextTick` would run before those that are ready.
  return new Promise((resolve) => void Promise.resolve().then(() => process.nextTick(resolve)));
}
