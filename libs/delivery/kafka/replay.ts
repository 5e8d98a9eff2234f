import type { Handle } from './follow.ts';
import { readSignal } from './message.ts';
import type { Letter, LetterStore } from './offset-store.ts';

/** What came of trying a letter again. */
export type Replayed =
  | { readonly kind: 'handled' }
  /** A copy of it was handled meanwhile. */
  | { readonly kind: 'known' }
  /** No open letter has this id. */
  | { readonly kind: 'absent' }
  /** It stays where it is, for this reason. */
  | { readonly kind: 'still'; readonly reason: string };

/** Tries one letter again: with a mended handler, or a version of this library that reads more. What the handler throws is thrown on. */
export async function replayLetter<Tx>(store: LetterStore<Tx>, id: number, handle: Handle<Tx>): Promise<Replayed> {
  let replayed: Replayed = { kind: 'handled' };
  try {
    const settled = await store.settle(id, async (letter, turn) => {
      const read = readSignal(recordOf(letter));
      if (!read.ok) throw new Still(read.error);
      if (!letter.noted && !(await turn.first(read.value.id))) {
        replayed = { kind: 'known' };
        return;
      }
      const answer = await handle(read.value, turn.tx);
      if (answer !== undefined) throw new Still(answer.setAside);
    });
    return settled ? replayed : { kind: 'absent' };
  } catch (error) {
    if (error instanceof Still) return { kind: 'still', reason: error.reason };
    throw error;
  }
}

/** Undoes the transaction of a letter that is not settled after all. */
class Still extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super('still set aside');
    this.reason = reason;
  }
}

function recordOf({ key, value, headers }: Letter): Parameters<typeof readSignal>[0] {
  const grouped = Object.groupBy(headers, ([name]) => name);
  const named = Object.entries(grouped).map(([name, pairs = []]) => {
    const values = pairs.map(([, each]) => Buffer.from(each));
    return [name, values.length === 1 ? values[0] : values] as const;
  });
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(named),
  };
}
