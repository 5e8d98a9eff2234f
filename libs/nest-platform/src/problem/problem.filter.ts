import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { problemOf } from './from-error.ts';
import { problemBody } from './problem.ts';
import type { ProblemInit } from './problem.ts';

/** Told of every fault (5xx), with the request id and never the request. */
export type FaultListener = (error: unknown, requestId: string) => void;

/** Every error leaves here, as `application/problem+json` (RFC 9457): no stack, no value, no library's own words. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #onFault: FaultListener;

  constructor(onFault: FaultListener) {
    this.#onFault = onFault;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const init = problemOf(error);
    if (init.status >= 500) this.#onFault(error, request.id);
    if (reply.sent) return;
    sendProblem(reply, init, request.id);
  }
}

/** Answers a Fastify request with a problem. */
export function sendProblem(reply: FastifyReply, init: ProblemInit, requestId: string): void {
  for (const [name, value] of Object.entries(init.headers ?? {})) reply.header(name, value);
  void reply
    .code(init.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .header('cache-control', 'no-store')
    .serializer((body: unknown) => JSON.stringify(body))
    .send(problemBody(init, requestId));
}
