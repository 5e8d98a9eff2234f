import { HttpException } from '@nestjs/common';
import { DatabaseUnavailable } from '#database';
import { AppendInDoubt, LogFailed, LogUnavailable } from '#event-log';
import { Problem } from './problem.ts';
import type { ProblemInit } from './problem.ts';

const INTERNAL: ProblemInit = {
  status: 500,
  code: 'HUB_FAULT',
  title: 'Something went wrong in the hub',
  detail: 'Nothing was disclosed. Give the instance to whoever runs the hub.',
};

/** A look or a fact could not be stored: nothing was disclosed, nothing was acknowledged. */
export const NOT_KEPT: ProblemInit = {
  status: 503,
  code: 'HUB_LOG_UNAVAILABLE',
  title: 'The hub cannot keep a record of this request now',
  detail: 'Nothing was disclosed and nothing was taken. Try again later.',
  headers: { 'retry-after': '10' },
};

/** What each status means when a library raised it; its own words are never repeated, because they may echo input. */
const BY_STATUS: ReadonlyMap<number, Omit<ProblemInit, 'status'>> = new Map([
  [400, { code: 'CALLER_REQUEST_MALFORMED', title: 'The request cannot be read' }],
  [401, { code: 'CALLER_NOT_SIGNED_IN', title: 'Sign in first' }],
  [403, { code: 'HUB_NOT_ALLOWED', title: 'Not allowed' }],
  [404, { code: 'CALLER_ROUTE_UNKNOWN', title: 'There is no such route' }],
  [405, { code: 'CALLER_METHOD_UNKNOWN', title: 'The route does not answer this method' }],
  [406, { code: 'CALLER_MEDIA_TYPE_UNACCEPTABLE', title: 'The hub cannot answer in this media type' }],
  [408, { code: 'CALLER_TOO_SLOW', title: 'The request took too long to arrive' }],
  [409, { code: 'HUB_CONFLICT', title: 'The request conflicts with what is stored' }],
  [412, { code: 'CALLER_PRECONDITION_FAILED', title: 'The precondition does not hold' }],
  [413, { code: 'CALLER_BODY_TOO_LARGE', title: 'The body is too large' }],
  [414, { code: 'CALLER_URL_TOO_LONG', title: 'The address is too long' }],
  [415, { code: 'CALLER_MEDIA_TYPE_UNSUPPORTED', title: 'The media type is not taken here' }],
  [422, { code: 'CALLER_INPUT_INVALID', title: 'The input is not valid' }],
  [428, { code: 'CALLER_PRECONDITION_REQUIRED', title: 'A precondition is required' }],
  [429, { code: 'CALLER_TOO_MANY_REQUESTS', title: 'Too many requests' }],
  [431, { code: 'CALLER_HEADERS_TOO_LARGE', title: 'The headers are too large' }],
  [503, { code: 'HUB_UNAVAILABLE', title: 'The hub cannot answer now' }],
]);

/** The problem an error of ours, of Nest or of Fastify is answered with; 5xx are all alike, so nothing of the fault leaves. */
export function problemOf(error: unknown): ProblemInit {
  if (error instanceof Problem) return error.init;
  if (isAway(error)) return NOT_KEPT;
  const status = statusOf(error);
  if (status === undefined) return INTERNAL;
  const known = BY_STATUS.get(status);
  if (known !== undefined) return { status, ...known };
  return status >= 400 && status < 500
    ? { status, code: 'CALLER_REQUEST_MALFORMED', title: 'The request cannot be read' }
    : INTERNAL;
}

/** True where the log or a database under the hub could not keep or tell something: a full disk, a server that is away. Says nothing of who asked. */
export function isAway(error: unknown): boolean {
  return isLogFault(error) || isStoreFault(error);
}

function isLogFault(error: unknown): boolean {
  return error instanceof LogFailed || error instanceof AppendInDoubt || error instanceof LogUnavailable;
}

/** SQLite's own result codes for: busy, locked, out of memory, read-only, I/O error, full, cannot open. */
const STORE_FAULTS = new Set([5, 6, 7, 8, 10, 13, 14]);

/** Keys, identities, receipts, used ids, views. */
function isStoreFault(error: unknown): boolean {
  if (error instanceof DatabaseUnavailable) return true;
  const { code, errcode } = (error ?? {}) as { code?: unknown; errcode?: unknown };
  // Extended codes say more in their upper bits.
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' && STORE_FAULTS.has(errcode & 0xff);
}

function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (!(error instanceof Error)) return undefined;
  const { statusCode, code } = error as { statusCode?: unknown; code?: unknown };
  // Only Fastify's own errors: an error of a library below may carry a status too, which says nothing about this request.
  return typeof statusCode === 'number' && typeof code === 'string' && code.startsWith('FST_') ? statusCode : undefined;
}
