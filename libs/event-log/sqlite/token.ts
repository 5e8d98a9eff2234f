import type { LogToken } from '../src/port.ts';

/** This adapter's tokens: the position as decimal text. Nobody else reads them. */
export function tokenAt(position: number): LogToken {
  return String(position) as LogToken;
}

/** The position of a token of this adapter; 0 before the first event. Throws for what is no token of ours. */
export function positionOf(token: LogToken | null | undefined): number {
  if (token === null || token === undefined) return 0;
  if (!/^\d{1,15}$/.test(token)) throw new TypeError('not a token of this log');
  return Number(token);
}
