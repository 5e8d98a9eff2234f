/** A limit in time that leaves nothing behind: `AbortSignal.timeout` keeps its timer to the end, twenty seconds for each webhook sent. */
export interface Deadline {
  /** Aborted when time is up, or with the other signal. */
  readonly signal: AbortSignal;
  /** Nobody waits any more. */
  done(): void;
}

/** Begins to count, in milliseconds. */
export function deadline(ms: number, other: AbortSignal): Deadline {
  const limit = new AbortController();
  const end = (): void => limit.abort();
  const timer = setTimeout(end, ms);
  other.addEventListener('abort', end, { once: true });
  if (other.aborted) end();
  return {
    signal: limit.signal,
    done: () => {
      clearTimeout(timer);
      other.removeEventListener('abort', end);
    },
  };
}
