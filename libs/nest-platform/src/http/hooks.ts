import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { isUuid } from '#kernel';
import type { Readiness } from '../health/readiness.ts';
import type { AppLogger } from '../logging/logger.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** X-Request-ID where it is a UUID, else a new one: no caller's text gets into logs by this way. */
export function requestIdOf(header: unknown): string {
  const id = typeof header === 'string' ? header.toLowerCase() : '';
  return isUuid(id) ? id : randomUUID();
}

/** Headers on every answer, ids mirrored, one log line and one observation a request: the pattern of the route, never its path. */
export function registerHooks(
  fastify: FastifyInstance,
  publicUrl: string,
  logger: AppLogger,
  metrics: Metrics,
  readiness: Readiness,
): void {
  const secure = publicUrl.startsWith('https:');
  fastify.addHook('onRequest', (request, reply, done) => {
    const correlation = request.headers['x-correlation-id'];
    const correlationId =
      typeof correlation === 'string' && isUuid(correlation.toLowerCase()) ? correlation.toLowerCase() : request.id;
    request.correlationId = correlationId;
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
    done();
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    // A connection kept open after the last answer would hold up the shutdown.
    if (readiness.draining) reply.header('connection', 'close');
    done();
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unknown';
    const seconds = reply.elapsedTime / 1000;
    metrics.observeRequest(route, request.method, reply.statusCode, seconds);
    logger.info(
      {
        event: 'request',
        route,
        method: request.method,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
        requestId: request.id,
        correlationId: request.correlationId ?? request.id,
        ...(request.caller === undefined
          ? {}
          : { organisation: request.caller.reader.organisation, role: request.caller.reader.role }),
      },
      'request',
    );
    done();
  });
}
