import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Purpose } from '#contracts';
import type { Outcome } from '#kernel';
import type { Reader } from '#sharing';
import { NOT_KEPT } from '../problem/from-error.ts';
import { invalidInput, notFound, Problem } from '../problem/problem.ts';
import type { ProblemCode, ProblemInit } from '../problem/problem.ts';
import { ACCESS } from './access.ts';
import type { Access } from './access.ts';
import { routeOf, type Caller } from './caller.ts';
import { readPurpose } from './purpose.ts';

/** Why a token is not taken; told to the log, not to the caller beyond RFC 6750's two words. */
export interface TokenRefusal {
  /** `none`: no token at all. */
  readonly error: 'none' | 'invalid_token' | 'invalid_dpop_proof';
  readonly reason: string;
}

/** Who reads, out of the headers Authorization and DPoP of one request; never throws for a bad token. */
export interface Authenticator {
  verify(
    authorization: string | undefined,
    dpopProof: string | undefined,
    method: string,
    url: string,
  ): Promise<Outcome<Reader, TokenRefusal>>;
}

/** A signed-in caller turned away before any child was asked about. That is a look too, and is kept like one. */
export interface EarlyRefusal {
  readonly reader: Reader;
  readonly code: ProblemCode;
  readonly purpose?: Purpose;
  /** `GET /v1/children/:childId`: the pattern, never the path. */
  readonly route: string;
  readonly requestId: string;
  readonly correlationId: string;
}

/** Keeps refusals; where that fails, the answer is 503. */
export interface RefusalRecorder {
  record(refusal: EarlyRefusal): Promise<void>;
}

const VISIBLE = /^[\x20-\x7e]{1,200}$/;
const OPAQUE = /^[A-Za-z0-9._~-]{1,512}$/;
const GRANT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Signs in, checks role and purpose of every handler; the only global guard there is. */
export class AccessGuard implements CanActivate {
  readonly #authenticator: Authenticator;
  readonly #refusals: RefusalRecorder;
  readonly #publicUrl: string;

  constructor(authenticator: Authenticator, refusals: RefusalRecorder, publicUrl: string) {
    this.#authenticator = authenticator;
    this.#refusals = refusals;
    this.#publicUrl = publicUrl;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = accessOf(context);
    if (access.roles === 'anyone') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reader = await this.#signIn(request);
    if (access.roles !== 'signed-in' && !access.roles.includes(reader.role)) {
      await this.#refuse(request, reader, {
        status: 403,
        code: 'HUB_ROLE_NOT_ALLOWED',
        title: 'Your role may not use this route',
      });
    }
    const acting = request.headers['hub-acting-role'];
    if (acting !== undefined && acting !== reader.role) {
      await this.#refuse(request, reader, {
        status: 403,
        code: 'HUB_ACTING_ROLE_NOT_YOURS',
        title: 'Hub-Acting-Role is not the role you are signed in with',
      });
    }
    const purpose = readPurpose(request.headers['hub-purpose'], reader.role, access.purpose === 'required');
    if (!purpose.ok) {
      // Nothing was asked for yet where the purpose is missing or misspelt; a purpose that is not one's own is an attempt.
      if (purpose.error.status === 403) await this.#refuse(request, reader, purpose.error);
      throw new Problem(purpose.error);
    }
    refuseZeroBytes(request.raw.url ?? '');
    request.caller = withHeaders(request, reader, purpose.value);
    return true;
  }

  async #signIn(request: FastifyRequest): Promise<Reader> {
    const { authorization, dpop } = request.headers;
    // The path as it was sent, before routing: what an htu of a DPoP proof names.
    const url = `${this.#publicUrl}${request.raw.url?.split('?')[0] ?? '/'}`;
    const proof = Array.isArray(dpop) ? dpop.join(', ') : dpop;
    const reader = await this.#authenticator.verify(authorization, proof, request.method, url);
    if (reader.ok) return reader.value;
    const { error } = reader.error;
    throw new Problem({
      status: 401,
      code: error === 'none' ? 'CALLER_NOT_SIGNED_IN' : 'CALLER_TOKEN_INVALID',
      title: error === 'none' ? 'Sign in first' : 'The access token is not valid',
      headers: {
        'www-authenticate': `DPoP${error === 'none' ? '' : ` error="${error}",`} algs="ES256 Ed25519"`,
      },
    });
  }

  async #refuse(request: FastifyRequest, reader: Reader, init: ProblemInit): Promise<never> {
    const stated = readPurpose(request.headers['hub-purpose'], reader.role, false);
    try {
      await this.#refusals.record({
        reader,
        code: init.code,
        ...(stated.ok && stated.value !== undefined ? { purpose: stated.value } : {}),
        route: routeOf(request),
        requestId: request.id,
        correlationId: request.correlationId ?? request.id,
      });
    } catch {
      throw new Problem(NOT_KEPT);
    }
    throw new Problem(init);
  }
}

/** A text with a zero byte names nothing that could be stored, and some databases refuse to be asked for it: it is not there. */
function refuseZeroBytes(url: string): void {
  if (!url.includes('%00')) return;
  if (url.split('?')[0]?.includes('%00') === true) throw notFound();
  throw invalidInput([{ code: 'ZERO_BYTE', pointer: '/query' }]);
}

/** The declaration of a handler, or of its controller. Throws where there is none: an undeclared handler answers nobody. */
function accessOf(context: ExecutionContext): Access {
  const onHandler = Reflect.getMetadata(ACCESS, context.getHandler()) as Access | undefined;
  const access = onHandler ?? (Reflect.getMetadata(ACCESS, context.getClass()) as Access | undefined);
  if (access === undefined) throw new Error('a handler without a declared access');
  return access;
}

function withHeaders(request: FastifyRequest, reader: Reader, purpose: Purpose | undefined): Caller {
  const detail = oneHeader(request, 'hub-purpose-detail', VISIBLE);
  const minToken = oneHeader(request, 'hub-min-token', OPAQUE);
  const breakGlass = oneHeader(request, 'hub-break-glass', GRANT);
  return {
    reader,
    ...(purpose === undefined ? {} : { purpose }),
    ...(detail === undefined ? {} : { purposeDetail: detail }),
    ...(minToken === undefined ? {} : { minToken }),
    ...(breakGlass === undefined ? {} : { breakGlass }),
    requestId: request.id,
    correlationId: request.correlationId ?? request.id,
  };
}

function oneHeader(request: FastifyRequest, name: string, shape: RegExp): string | undefined {
  const value = request.headers[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && shape.test(value)) return value;
  throw new Problem({
    status: 400,
    code: 'CALLER_HEADER_INVALID',
    title: 'A header is not as it must be',
    detail: `See ${name}.`,
  });
}
