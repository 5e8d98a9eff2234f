import { fail, isOrganisationId, ok, parseInstant, toInstant, epochMs } from '#kernel';
import type { Instant, Outcome } from '#kernel';
import { looksPersonal } from '#contracts';
import type { ProblemPlace } from '../problem/problem.ts';

/** What a submission's address says besides whose it is. */
export interface SubmissionQuery {
  readonly format?: string;
  readonly statedAt?: Instant;
  readonly setting?: string;
}

/** A page that is asked for. */
export interface PageQuery {
  readonly cursor?: string;
  readonly limit: number;
}

const FORMAT = /^[a-z0-9-]{1,64}(\/[0-9]{1,4})?$/;
const SETTING = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const CURSOR = /^[A-Za-z0-9._~-]{1,200}$/;
const KEY = /^[\x21-\x7e]{1,128}$/;
/** Clocks of organisations may be this far ahead, in milliseconds; a statement from the future would hold over every later one. */
const CLOCK_AHEAD = 5 * 60_000;

/** Reads `format`, `statedAt` (RFC 3339, not in the future) and `setting`; anything else in the query is refused too. */
export function readSubmissionQuery(query: unknown, now: Instant): Outcome<SubmissionQuery, readonly ProblemPlace[]> {
  const values = textsOf(query, ['format', 'statedAt', 'setting']);
  if (!values.ok) return values;
  const { format, statedAt, setting } = values.value;
  if (format !== undefined && !FORMAT.test(format)) return fail([{ code: 'FORMAT_INVALID', pointer: '/query/format' }]);
  if (setting !== undefined && !SETTING.test(setting))
    return fail([{ code: 'SETTING_INVALID', pointer: '/query/setting' }]);
  const stated = statedAt === undefined ? undefined : parseInstant(statedAt);
  if (statedAt !== undefined && stated === undefined)
    return fail([{ code: 'STATED_AT_INVALID', pointer: '/query/statedAt' }]);
  if (stated !== undefined && stated > toInstant(epochMs(now) + CLOCK_AHEAD)) {
    return fail([{ code: 'STATED_AT_IN_FUTURE', pointer: '/query/statedAt' }]);
  }
  return ok({
    ...(format === undefined ? {} : { format }),
    ...(stated === undefined ? {} : { statedAt: stated }),
    ...(setting === undefined ? {} : { setting }),
  });
}

/** Reads `cursor` and `limit` (1 to 500, 100 where absent). */
export function readPageQuery(query: unknown): Outcome<PageQuery, readonly ProblemPlace[]> {
  const values = textsOf(query, ['cursor', 'limit']);
  if (!values.ok) return values;
  const { cursor, limit = '100' } = values.value;
  if (!/^[1-9][0-9]{0,2}$/.test(limit) || Number(limit) > 500)
    return fail([{ code: 'LIMIT_INVALID', pointer: '/query/limit' }]);
  if (cursor !== undefined && !CURSOR.test(cursor)) return fail([{ code: 'CURSOR_INVALID', pointer: '/query/cursor' }]);
  return ok({ ...(cursor === undefined ? {} : { cursor }), limit: Number(limit) });
}

/** The place in a receipt that a cursor names; undefined where it names none. */
export function placeOf(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return 0;
  return /^[0-9]{1,9}$/.test(cursor) ? Number(cursor) : undefined;
}

/** Reads Idempotency-Key; the refusal says which header is wrong. */
export function readIdempotencyKey(header: unknown): Outcome<string | undefined, readonly ProblemPlace[]> {
  if (header === undefined) return ok(undefined);
  // It is kept with the receipt, in the clear.
  return typeof header === 'string' && KEY.test(header) && !looksPersonal(header)
    ? ok(header)
    : fail([{ code: 'IDEMPOTENCY_KEY_INVALID', pointer: '/headers/idempotency-key' }]);
}

/** True where the client asks to be answered before the work is done (RFC 7240 `respond-async`). */
export function wantsBackground(prefer: unknown): boolean {
  return typeof prefer === 'string' && prefer.split(',').some((wish) => wish.trim().toLowerCase() === 'respond-async');
}

/** The media type of a Content-Type header, without parameters, lower case. */
export function mediaTypeOf(header: unknown): string {
  return typeof header === 'string' ? (header.split(';')[0] ?? '').trim().toLowerCase() : '';
}

/** Reads `{"action": "replay" | "discard"}` and nothing else. */
export function readResolution(body: unknown): Outcome<'replay' | 'discard', readonly ProblemPlace[]> {
  const members = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.entries(body) : [];
  const [name, value] = members[0] ?? [];
  if (members.length === 1 && name === 'action' && (value === 'replay' || value === 'discard')) return ok(value);
  return fail([{ code: 'ACTION_INVALID', pointer: '/action' }]);
}

/** True where the organisation in a path is spelled as one and is the caller's own. */
export function isOwn(inPath: string, own: string): boolean {
  return isOrganisationId(inPath) && inPath === own;
}

function textsOf<Name extends string>(
  query: unknown,
  names: readonly Name[],
): Outcome<Partial<Record<Name, string>>, readonly ProblemPlace[]> {
  const texts: Partial<Record<Name, string>> = {};
  for (const [name, value] of Object.entries(query ?? {})) {
    const known = names.find((candidate) => candidate === name);
    if (known === undefined) return fail([{ code: 'QUERY_UNKNOWN', pointer: '/query' }]);
    if (typeof value !== 'string') return fail([{ code: 'QUERY_REPEATED', pointer: `/query/${known}` }]);
    texts[known] = value;
  }
  return ok(texts);
}
