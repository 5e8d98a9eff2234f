import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Module } from '@nestjs/common';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestApplicationContextOptions } from '@nestjs/common/interfaces/nest-application-context-options.interface.js';
import { ModulesContainer, NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessGuard } from '../guard/access.guard.ts';
import { assertRoutesDeclared, listRoutes } from '../guard/routes.ts';
import { HealthController } from '../health/health.controller.ts';
import { InfoController } from '../health/info.controller.ts';
import { NestLogger } from '../logging/logger.ts';
import { MetricsController } from '../metrics/metrics.controller.ts';
import { OpenApiController } from '../openapi/openapi.controller.ts';
import { buildOpenApi } from '../openapi/openapi.ts';
import { problemOf } from '../problem/from-error.ts';
import { ProblemFilter, sendProblem } from '../problem/problem.filter.ts';
import { problemBody } from '../problem/problem.ts';
import { ConnectorRegistry } from '../submissions/connector-registry.ts';
import { registerBodyParsers } from './body.ts';
import { DtoPipe } from './dto.pipe.ts';
import { registerHooks, requestIdOf } from './hooks.ts';
import { PLATFORM } from './platform.ts';
import type { Platform } from './platform.ts';

@Module({})
class PlatformModule {}

/**
 * An initialised application, not listening yet: guard, problems, limits, headers, health, metrics and the API's description are in place.
 * Throws where a handler declares no access.
 */
export async function createApp(root: Type | DynamicModule, platform: Platform): Promise<NestFastifyApplication> {
  const { config, logger } = platform;
  const whole: DynamicModule = {
    module: PlatformModule,
    // A controller that counts something asks for it.
    global: true,
    exports: [PLATFORM],
    imports: [root],
    controllers: [HealthController, InfoController, MetricsController, OpenApiController],
    providers: [{ provide: PLATFORM, useValue: platform }],
  };
  const adapter = fastifyAdapter(platform);
  const fastify = adapter.getInstance();
  registerHooks(fastify, platform);
  for (const mount of platform.mounts ?? []) mount(fastify);
  registerBodyParsers(fastify, config.bodyLimitBytes, config.uploadLimitBytes);

  const options = Object.assign(new NestApplicationContextOptions(), {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  const app = await NestFactory.create<NestFastifyApplication>(whole, adapter, options);
  app.useGlobalFilters(
    new ProblemFilter((error, requestId) => logger.error({ event: 'fault', requestId, err: error }, 'fault')),
  );
  app.useGlobalGuards(new AccessGuard(platform.authenticator, platform.refusals, config.publicUrl));
  app.useGlobalPipes(new DtoPipe());
  assertRoutesDeclared(listRoutes(app));
  await app.init();
  await fastify.ready();
  app.get(OpenApiController).document = buildOpenApi(app, config.publicUrl, fileTypesOf(app));
  return app;
}

function fastifyAdapter({ config }: Platform): FastifyAdapter {
  return new FastifyAdapter({
    logger: false,
    bodyLimit: config.bodyLimitBytes,
    requestTimeout: config.requestTimeoutMs,
    requestIdHeader: false,
    genReqId: (request: IncomingMessage) => requestIdOf(request.headers['x-request-id']),
    // Requests that arrive on open connections while draining are answered, and the connection closed after them.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 300 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      sendProblem(reply, problemOf(error), request.id),
    clientErrorHandler: (error: Error & { code?: string }, socket: Socket) => {
      const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
      const body = JSON.stringify(problemBody(problemOf(httpError(status)), requestIdOf(undefined)));
      if (socket.writable) {
        socket.end(
          `HTTP/1.1 ${status} ${status === 400 ? 'Bad Request' : 'Refused'}\r\ncontent-type: application/problem+json\r\n` +
            `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
        );
      }
      socket.destroySoon();
    },
  });
}

function httpError(statusCode: number): Error {
  return Object.assign(new Error('client'), { statusCode, code: 'FST_ERR_CLIENT' });
}

/** Media types that the connectors of this process take; none where it takes no submissions. */
function fileTypesOf(app: NestFastifyApplication): readonly string[] {
  // Asked for what no module has, Nest logs an error before it throws.
  const has = [...app.get(ModulesContainer).values()].some(({ providers }) => providers.has(ConnectorRegistry));
  return has ? app.get(ConnectorRegistry, { strict: false }).mediaTypes() : [];
}
