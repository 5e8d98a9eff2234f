import { randomBytes } from 'node:crypto';
import { traceIdOf, traceparentOf, type Chance } from '#kernel';
import { requestContext } from './request-context.ts';

const machine: Chance = { bytes: (count) => randomBytes(count) };

/** Headers of trace context on a call that leaves this process. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * For a call to another process of our own: the trace of the request that is being answered here, with a span of this call. Nothing outside a
 * request. Never for another organisation's system: see {@link strangerTraceHeaders}.
 */
export function traceHeaders(chance: Chance = machine): TraceHeaders {
  const trace = requestContext()?.trace;
  if (trace === undefined) return {};
  return {
    traceparent: traceparentOf(trace, chance),
    ...(trace.state === undefined ? {} : { tracestate: trace.state }),
  };
}

/**
 * For a call to another organisation's system: a trace of its own, named by an id that it is told anyway (of the signal), else by chance. Two
 * organisations that are told of one fact would know by a common trace that their two pseudonyms are one child; and `tracestate` is words of
 * whoever called us (Level 1 §6.2: restart the trace where trust ends).
 */
export function strangerTraceHeaders(
  signalId?: string,
  chance: Chance = machine,
): Required<Pick<TraceHeaders, 'traceparent'>> {
  const traceId = (signalId === undefined ? undefined : traceIdOf(signalId)) ?? newTraceId(chance);
  return { traceparent: traceparentOf({ traceId, sampled: false }, chance) };
}

/** A trace id that nobody had before. */
export function newTraceId(chance: Chance = machine): string {
  for (;;) {
    const traceId = Buffer.from(chance.bytes(16)).toString('hex');
    if (/[1-9a-f]/.test(traceId)) return traceId;
  }
}
