declare const proof: unique symbol;

/** What `disclose` alone can make: serialisers of personal data accept nothing else, so a path that forgot the decision does not compile. */
export interface Disclosed<T> {
  readonly [proof]: true;
  readonly decision: string;
  readonly value: T;
}

const made = new WeakSet();

/** Only for the files of this folder (held by the architecture of `index.ts`, which does not export it). */
export function disclosed<T>(decision: string, value: T): Disclosed<T> {
  const result = { decision, value } as Disclosed<T>;
  made.add(result);
  return result;
}

/** The value on its way out; throws for anything a cast made. */
export function release<T>(result: Disclosed<T>): T {
  if (!made.has(result)) throw new Error('not disclosed by a decision');
  return result.value;
}
