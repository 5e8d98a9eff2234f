import { fail, ok, type Outcome } from '#kernel';

/**
 * Opens once what was decided on is seen to hold. Keys in memory open at once, and nothing can move between the last look and the answer; where
 * opening had to wait for a store, it is looked at once more, and what was opened is thrown away if it moved.
 */
export async function openWhile<Value>(
  holds: () => Promise<boolean>,
  open: () => Value | Promise<Value>,
): Promise<Outcome<Value, 'moved'>> {
  if (!(await holds())) return fail('moved');
  const opening = { waited: false };
  const turn = setImmediate(() => {
    opening.waited = true;
  });
  try {
    const value = await open();
    return opening.waited && !(await holds()) ? fail('moved') : ok(value);
  } finally {
    clearImmediate(turn);
  }
}
