import type { LogToken } from '../src/port.ts';

/** A place in the server's transaction log. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

const TOKEN = /^(\d{1,20})\/(\d{1,20})$/;

/** This adapter's tokens: commit and prepare position as decimal text. Nobody else reads them. */
export function tokenAt({ commit, prepare }: Position): LogToken {
  return `${commit}/${prepare}` as LogToken;
}

/** The position of a token of this adapter; undefined before the first event. Throws for what is no token of ours. */
export function positionOf(token: LogToken | null | undefined): Position | undefined {
  if (token === null || token === undefined) return undefined;
  const [, commit, prepare] = TOKEN.exec(token) ?? [];
  if (commit === undefined || prepare === undefined) throw new TypeError('not a token of this log');
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
}

/** Negative, zero or positive as `a` lies before, at or after `b`; undefined is before everything. */
export function comparePositions(a: Position | undefined, b: Position | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  const [left, right] = a.commit === b.commit ? [a.prepare, b.prepare] : [a.commit, b.commit];
  return left < right ? -1 : left > right ? 1 : 0;
}
