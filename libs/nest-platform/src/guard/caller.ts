import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Purpose } from '#contracts';
import type { Reader } from '#sharing';
import { Problem } from '../problem/problem.ts';

/** Who calls and why: out of the token and the Hub- headers, checked. */
export interface Caller {
  readonly reader: Reader;
  /** Stated and one this role may state. Always there on a handler declared `purpose: 'required'`. */
  readonly purpose?: Purpose;
  /** Hub-Purpose-Detail: a reference or short text of the caller's, at most 200 characters. Personal data: seal it, never log it. */
  readonly purposeDetail?: string;
  /** Hub-Min-Token: the answer must include what this token stands for. */
  readonly minToken?: string;
  /** Hub-Break-Glass: the grant of emergency access the request is made under; counts only if it is the caller's and in force. */
  readonly breakGlass?: string;
  readonly requestId: string;
  readonly correlationId: string;
}

/** A caller on a handler that requires a purpose; `detail` is what they added to it, under the name looks keep it by. */
export type PurposefulCaller = Caller & { readonly purpose: Purpose; readonly detail?: string };

/** Where an answer sets its headers. */
export interface AnswerHeaders {
  header(name: string, value: string): unknown;
}

/** One request for a purpose, as a handler that discloses gets it. */
export interface PurposefulRequest {
  readonly caller: PurposefulCaller;
  /** Method and pattern of the route, never a path with ids: what looks are kept by. */
  readonly route: string;
  readonly reply: AnswerHeaders;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard; absent on handlers open to anyone. */
    caller?: Caller;
    /** X-Correlation-ID where it was a UUID, else the trace id of a traceparent as a UUID, else the request id. */
    correlationId?: string;
  }
}

/** The caller of a request that the guard let through; throws on a handler open to anyone. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Error('no caller: the handler is declared open to anyone');
  return request.caller;
}

/** The same with its purpose; throws where the handler did not require one. */
export function purposefulCallerOf(request: FastifyRequest): PurposefulCaller {
  const caller = callerOf(request);
  const { purpose, purposeDetail } = caller;
  if (purpose === undefined)
    throw new Problem({ status: 428, code: 'CALLER_PURPOSE_REQUIRED', title: 'Say why you look' });
  return { ...caller, purpose, ...(purposeDetail === undefined ? {} : { detail: purposeDetail }) };
}

/** Method and pattern of a request's route: `GET /v1/children/:childId/timeline`. No value of a path is in it. */
export function routeOf(request: FastifyRequest): string {
  return `${request.method} ${request.routeOptions.url ?? ''}`;
}

/** `@CurrentCaller() caller: Caller` in a handler. */
export const CurrentCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** `@CurrentPurposefulCaller() caller: PurposefulCaller` in a handler declared `purpose: 'required'`. */
export const CurrentPurposefulCaller = createParamDecorator((_: unknown, context: ExecutionContext): PurposefulCaller =>
  purposefulCallerOf(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** `@CurrentPurposefulRequest() request: PurposefulRequest` in a handler declared `purpose: 'required'` that discloses. */
export const CurrentPurposefulRequest = createParamDecorator(
  (_: unknown, context: ExecutionContext): PurposefulRequest => {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    return { caller: purposefulCallerOf(request), route: routeOf(request), reply: http.getResponse<FastifyReply>() };
  },
);
