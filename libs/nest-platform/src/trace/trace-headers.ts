import { randomBytes } from 'node:crypto';
import { traceparentOf, type Chance } from '#kernel';
import { requestContext } from './request-context.ts';

/** The machine's chance, for ids that are in no event. */
export const machineChance: Chance = { bytes: (count) => randomBytes(count) };

/** Headers of trace context on a call that leaves this process. */
export interface TraceHeaders {
  readonly traceparent?: string;
  readonly tracestate?: string;
}

/**
 * For a call to another process of our own: the trace of the request that is being answered here, with a span of this call. Nothing outside a
 * request. Never for another organisation's system: that is `strangerTraceparent`.
 */
export function traceHeaders(chance: Chance = machineChance): TraceHeaders {
  const trace = requestContext()?.trace;
  if (trace === undefined) return {};
  return {
    traceparent: traceparentOf(trace, chance),
    ...(trace.state === undefined ? {} : { tracestate: trace.state }),
  };
}
