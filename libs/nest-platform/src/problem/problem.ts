/** Who failed, as the first word of every code: the caller, the hub, or an organisation's system. */
export type ProblemCode = `${'CALLER' | 'HUB' | 'SOURCE'}_${string}`;

/** Where in the input something is wrong: a code and a place, never a value. */
export interface ProblemPlace {
  readonly code: string;
  /** RFC 6901 pointer into the body. */
  readonly pointer?: string;
  readonly row?: number;
  readonly column?: string;
}

/** What a problem says. */
export interface ProblemInit {
  readonly status: number;
  readonly code: ProblemCode;
  readonly title: string;
  /** Advice for a person. Never a value out of the request or out of the hub. */
  readonly detail?: string;
  readonly errors?: readonly ProblemPlace[];
  /** Response headers that belong to it, `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of an error answer (RFC 9457). */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly instance: string;
  readonly errors?: readonly ProblemPlace[];
}

/** Thrown at the edge to answer with `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly init: ProblemInit;
  constructor(init: ProblemInit) {
    super(init.code);
    this.init = init;
  }
}

/** The body for one request; members are in a fixed order, `instance` names the request and nothing else. */
export function problemBody(init: ProblemInit, requestId: string): ProblemBody {
  return {
    type: `urn:tellonce:problem:${init.code.toLowerCase().replaceAll('_', '-')}`,
    title: init.title,
    status: init.status,
    code: init.code,
    ...(init.detail === undefined ? {} : { detail: init.detail }),
    instance: `urn:uuid:${requestId}`,
    ...(init.errors === undefined ? {} : { errors: init.errors }),
  };
}

const NOT_FOUND: ProblemInit = Object.freeze({
  status: 404,
  code: 'HUB_NOT_FOUND',
  title: 'Not found',
  detail: 'It does not exist, or it is not shared with you for this purpose.',
});

/** The one answer to everything about a child that is not disclosed, absence included (design §4.7). */
export function notFound(): Problem {
  return new Problem(NOT_FOUND);
}

/** The caller's input is wrong at the places named. */
export function invalidInput(errors: readonly ProblemPlace[]): Problem {
  return new Problem({ status: 400, code: 'CALLER_INPUT_INVALID', title: 'The input is not valid', errors });
}
