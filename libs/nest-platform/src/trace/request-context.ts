import { AsyncLocalStorage } from 'node:async_hooks';
import { traceIdOf, type TraceContext } from '#kernel';

/** What the log lines of one request or delivery have in common; goes with it through everything it awaits. */
export interface RequestContext {
  readonly requestId?: string;
  /** Stored with every event that comes of it. */
  readonly correlationId: string;
  readonly trace?: TraceContext;
  /** Who asks, once that is known; read anew for each line. */
  readonly caller?: () => CallerFields | undefined;
  /** The last decision taken in it. */
  decisionId?: string;
}

/** Who asks, as a log line may say it. */
export interface CallerFields {
  readonly organisation: string;
  readonly role: string;
  /** A keyed hash of the person's pseudonym: the same person, the same hash, and nothing else. */
  readonly userHash?: string;
}

const contexts = new AsyncLocalStorage<RequestContext>();

/** Runs `work`, and whatever it starts, within a context. */
export function inContext<T>(context: RequestContext, work: () => T): T {
  return contexts.run(context, work);
}

/** Runs `work` within the trace that an event's correlation id carries: what a delivery does belongs to the request that caused it. */
export function inTraceOf<T>(correlationId: string, work: () => T): T {
  const traceId = traceIdOf(correlationId);
  return inContext({ correlationId, ...(traceId === undefined ? {} : { trace: { traceId, sampled: false } }) }, work);
}

/** The context of the request that is being answered here; undefined outside one. */
export function requestContext(): RequestContext | undefined {
  return contexts.getStore();
}

/** Remembers a decision for the log lines that follow it. */
export function noteDecision(decision: string): void {
  const context = contexts.getStore();
  if (context !== undefined) context.decisionId = decision;
}

/** What every log line written here says of its request; nothing outside one. */
export function contextFields(): Readonly<Record<string, string>> {
  const context = contexts.getStore();
  if (context === undefined) return {};
  const { requestId, correlationId, trace, caller, decisionId } = context;
  return {
    ...(requestId === undefined ? {} : { requestId }),
    correlationId,
    ...(trace === undefined ? {} : { traceId: trace.traceId }),
    ...caller?.(),
    ...(decisionId === undefined ? {} : { decisionId }),
  };
}
