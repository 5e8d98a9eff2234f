/** A value, or a promise of it where a server must be asked first: what is known already costs no turn of the event loop. */
export type Soon<T> = T | Promise<T>;

/** True for what is still to come. */
export function isComing<T>(value: Soon<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Goes on with a value as soon as it is there: at once, where it is. */
export function whenThere<T, R>(value: Soon<T>, next: (value: T) => Soon<R>): Soon<R> {
  return isComing(value) ? value.then(next) : next(value);
}
