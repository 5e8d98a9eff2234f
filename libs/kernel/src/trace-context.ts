import { isUuid, type Chance } from './ids.ts';

/** Where a request stands in a trace (W3C Trace Context Level 1); the caller's own span is not kept. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, not all zero. Names a request, never a person. */
  readonly traceId: string;
  /** Whether whoever began the trace records it. */
  readonly sampled: boolean;
  /** What other tracing systems added; absent where nothing valid came. Words of strangers: never logged, never sent to an organisation. */
  readonly state?: string;
}

const TRACE_ID = /^(?!0{32})[0-9a-f]{32}$/;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_SPAN = '0'.repeat(16);
/** A number of a person can be written in decimal digits; chance writes an id with no letter once in three million. */
const DIGITS_ONLY = /^[0-9]+$/;

/**
 * Reads the headers `traceparent` and `tracestate` strictly (Level 1 §3.2, §3.3, §4.3); undefined where there is no valid `traceparent`, or where
 * its trace id is decimal digits only: then a trace begins here. A `tracestate` that is not valid is left out alone.
 */
export function readTrace(traceparent: unknown, tracestate?: unknown): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const [, version, traceId = '', span, flags = '', rest] = TRACEPARENT.exec(traceparent) ?? [];
  // Version 00 ends after the flags; a later one may go on after a hyphen; ff is forbidden.
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (!TRACE_ID.test(traceId) || span === NO_SPAN || DIGITS_ONLY.test(traceId)) return undefined;
  const state = readTraceState(tracestate);
  return {
    traceId,
    sampled: (Number.parseInt(flags, 16) & 1) === 1,
    ...(state === undefined ? {} : { state }),
  };
}

const STATE_KEY = /^([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})$/;
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
/** Members, and characters in all, that Level 1 §3.3.1.5 asks for at least; longer ones are dropped whole. */
const STATE_LIMITS = { members: 32, characters: 512 } as const;

/** The list in its own order without empty members; undefined where any member is wrong, doubled, or there are too many. */
export function readTraceState(tracestate: unknown): string | undefined {
  if (typeof tracestate !== 'string') return undefined;
  const members = tracestate
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '');
  const keys = new Set<string>();
  for (const member of members) {
    const [key = '', value = '', more] = member.split('=');
    if (more !== undefined || !STATE_KEY.test(key) || !STATE_VALUE.test(value) || keys.has(key)) return undefined;
    keys.add(key);
  }
  const list = members.join(',');
  const fits = members.length <= STATE_LIMITS.members && list.length <= STATE_LIMITS.characters;
  return members.length > 0 && fits ? list : undefined;
}

/** The header `traceparent` (version 00) for a call made within a trace; `chance` makes the id of the span that calls. */
export function traceparentOf({ traceId, sampled }: Pick<TraceContext, 'traceId' | 'sampled'>, chance: Chance): string {
  const span = Buffer.from(chance.bytes(8)).toString('hex');
  // All zero is forbidden, and comes once in 2^64.
  return `00-${traceId}-${span === NO_SPAN ? `${'0'.repeat(15)}1` : span}-${sampled ? '01' : '00'}`;
}

/**
 * The header `traceparent` for a call to another organisation's system: a trace of its own, named by an id that it is told anyway (of the
 * signal), else by chance. Two organisations that are told of one fact would know by a common trace that their two pseudonyms are one child
 * (Level 1 §6: restart a trace where trust ends).
 */
export function strangerTraceparent(signalId: string | undefined, chance: Chance): string {
  const traceId = (signalId === undefined ? undefined : traceIdOf(signalId)) ?? newTraceId(chance);
  return traceparentOf({ traceId, sampled: false }, chance);
}

/** A trace id that nobody had before. */
export function newTraceId(chance: Chance): string {
  for (;;) {
    const traceId = Buffer.from(chance.bytes(16)).toString('hex');
    if (TRACE_ID.test(traceId)) return traceId;
  }
}

/** The correlation id that carries a trace through the log: the same 16 bytes, written as a UUID. */
export function correlationIdOf(traceId: string): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The trace that a correlation id carries; undefined for one that is no UUID (`erasure`, a process of the hub's own). */
export function traceIdOf(correlationId: string): string | undefined {
  const traceId = correlationId.replaceAll('-', '');
  return isUuid(correlationId) && TRACE_ID.test(traceId) ? traceId : undefined;
}
