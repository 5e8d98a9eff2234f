/** An ordinary answer that may be a refusal: "rejected" is data here, exceptions are for faults. */
export type Outcome<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A successful outcome. */
export function ok<T>(value: T): Outcome<T, never> {
  return { ok: true, value };
}

/** A refusal with its reason. */
export function fail<E>(error: E): Outcome<never, E> {
  return { ok: false, error };
}

/** Closes an exhaustive switch; throws if a case was forgotten at run time. */
export function never(value: never): never {
  throw new Error(`unreachable case: ${String(value)}`);
}
