import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { correlationIdOf, isUuid, newTraceId, readTrace, traceIdOf, type TraceContext } from '#kernel';
import { inContext, type RequestContext } from '../trace/request-context.ts';
import { machineChance } from '../trace/trace-headers.ts';
import type { Platform } from './platform.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What its log lines have in common; set by the first hook. */
    context?: RequestContext;
  }
}

/** X-Request-ID where it is a UUID, else a new one: no caller's text gets into logs by this way. */
export function requestIdOf(header: unknown): string {
  return uuidIn(header) ?? randomUUID();
}

/**
 * The correlation id and the trace of a request. Where the caller names only one of them, the other is the same 16 bytes, so that the events
 * that are stored with the correlation id carry the trace; where the caller names both, a line of the log has both.
 */
export function traceOf(
  headers: Readonly<Record<string, unknown>>,
  requestId: string,
): { readonly correlationId: string; readonly trace: TraceContext } {
  const given = readTrace(headers['traceparent'], headers['tracestate']);
  const correlationId =
    uuidIn(headers['x-correlation-id']) ?? (given === undefined ? requestId : correlationIdOf(given.traceId));
  return {
    correlationId,
    trace: given ?? { traceId: traceIdOf(correlationId) ?? newTraceId(machineChance), sampled: false },
  };
}

/** Headers on every answer, ids mirrored, one log line and one observation a request: the pattern of the route, never its path. */
export function registerHooks(
  fastify: FastifyInstance,
  {
    config,
    logger,
    metrics,
    readiness,
    userHash,
  }: Pick<Platform, 'config' | 'logger' | 'metrics' | 'readiness' | 'userHash'>,
): void {
  const secure = config.publicUrl.startsWith('https:');
  const callerOf = (request: FastifyRequest): ReturnType<NonNullable<RequestContext['caller']>> => {
    if (request.caller === undefined) return undefined;
    const { reader } = request.caller;
    const { organisation, role } = reader;
    return { organisation, role, ...(userHash === undefined ? {} : { userHash: userHash(reader) }) };
  };
  fastify.addHook('onRequest', (request, reply, done) => {
    const { correlationId, trace } = traceOf(request.headers, request.id);
    request.correlationId = correlationId;
    const context: RequestContext = { requestId: request.id, correlationId, trace, caller: () => callerOf(request) };
    request.context = context;
    reply.headers({
      'x-request-id': request.id,
      'x-correlation-id': correlationId,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cross-origin-resource-policy': 'same-origin',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      ...(secure ? { 'strict-transport-security': 'max-age=31536000; includeSubDomains' } : {}),
    });
    inContext(context, done);
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // A connection kept open after the last answer would hold up the shutdown.
    if (readiness.draining) reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const { method } = request;
    const { statusCode, elapsedTime } = reply;
    const labels = { route, method, status: String(statusCode) };
    metrics.observe('tellonce_http_request_duration_seconds', labels, elapsedTime / 1000);
    within(request, () => {
      const line = { event: 'request', route, method, status: statusCode, durationMs: Math.round(elapsedTime) };
      logger.info(line, 'request');
    });
    done();
  });
}

function within(request: FastifyRequest, work: () => void): void {
  if (request.context === undefined) work();
  else inContext(request.context, work);
}

function uuidIn(header: unknown): string | undefined {
  const id = typeof header === 'string' ? header.toLowerCase() : '';
  return isUuid(id) ? id : undefined;
}
