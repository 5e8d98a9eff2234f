import { decodeRecord } from '#contracts';
import { readWholeStream } from './command-handling.ts';
import type { EventLog } from './port.ts';

/** A state and the revision it is the fold of; -1 for a stream without events. */
export interface Folded<State> {
  readonly state: State;
  readonly revision: number;
}

/**
 * Folds of streams at their acknowledged tails, kept in memory: where nothing moved it costs one look at the tail. At most `most`
 * streams are kept, the least recently asked go first. States must be immutable.
 */
export function cachedFolds<State>(options: {
  readonly log: EventLog;
  readonly initial: (stream: string) => State;
  readonly evolve: (state: State, event: never, stream: string) => State;
  readonly most: number;
}): (stream: string) => Promise<Folded<State>> {
  const { log, initial, evolve, most } = options;
  const kept = new Map<string, Folded<State>>();
  return async (stream) => {
    const tail = await log.tail(stream);
    const known = kept.get(stream) ?? { state: initial(stream), revision: -1 };
    if (known.revision === tail) {
      if (tail >= 0) touch(kept, stream, known, most);
      return known;
    }
    let { state, revision } = known;
    for (const event of await readWholeStream(log, stream, revision + 1)) {
      state = evolve(state, decodeRecord(event.data) as never, stream);
      revision = event.revision;
    }
    const folded = { state, revision };
    touch(kept, stream, folded, most);
    return folded;
  };
}

function touch<State>(kept: Map<string, Folded<State>>, stream: string, folded: Folded<State>, most: number): void {
  const known = kept.get(stream);
  kept.delete(stream);
  // Two readers may have folded at once; the further one stays.
  kept.set(stream, known !== undefined && known.revision > folded.revision ? known : folded);
  if (kept.size <= most) return;
  const oldest = kept.keys().next();
  if (oldest.done !== true) kept.delete(oldest.value);
}
