import { AppendInDoubt, LogUnavailable } from '../src/port.ts';

/** Somebody deleted or truncated a stream of ours on the server. Nothing of the hub ever does; an operator has to look. */
export class StreamDeleted extends Error {
  override readonly name = 'StreamDeleted';
  readonly stream: string;
  constructor(stream: string, what: string) {
    super(`${what}: somebody deleted events on the server`);
    this.stream = stream;
  }
}

/** The server let a subscription go, or it fell silent. Start again after the last token (`resuming` does). */
export class SubscriptionDropped extends Error {
  override readonly name = 'SubscriptionDropped';
}

/** The log ends before a reader's place: it was restored or is another log, or this node has not received the rest yet. */
export class TokenBeyondLog extends Error {
  override readonly name = 'TokenBeyondLog';
}

/** What the client's errors have in common; told apart by `type`, as an `instanceof` fails across two copies of the client. */
interface ClientError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
}

/** gRPC's numbers for answers that say the call was understood and refused: repeating it will not help. */
const REFUSED = new Set([3, 5, 6, 7, 8, 9, 11, 12, 16]);
/** The client's own kinds that are such answers, whatever their number. */
const REFUSED_TYPES = new Set([
  'access-denied',
  'invalid-argument',
  'invalid-transaction',
  'maximum-append-size-exceeded',
  'missing-required-metadata-property',
  'no-stream',
  'stream-deleted',
  'stream-not-found',
  'unsupported',
  'wrong-expected-version',
]);

/** What comes as a plain Error: no node of a cluster could be asked who leads; a connection was given up before the call was on it. */
const PLAIN = /^Failed to discover|^Channel has been shut down/;

/** The client's kind of an error (`wrong-expected-version`, …); undefined for what is not the client's. */
export function typeOf(error: unknown): string | undefined {
  const { type } = asClientError(error);
  return typeof type === 'string' ? type : undefined;
}

/**
 * True where the server may or may not have done what it was asked (time-out, deadline, lost or missing connection, not ready, not the
 * leader): the same bytes may be sent again. False for an answer that is one, and for faults of our own.
 */
export function isPassing(error: unknown): boolean {
  const { type, code, message } = asClientError(error);
  if (error instanceof AppendInDoubt) return true;
  if (error instanceof LogUnavailable) return error.cause === undefined || isPassing(error.cause);
  if (typeof type === 'string' && REFUSED_TYPES.has(type)) return false;
  if (type === 'not-leader') return true;
  if (typeof code === 'number') return !REFUSED.has(code);
  return typeof message === 'string' && PLAIN.test(message);
}

function asClientError(error: unknown): ClientError {
  return typeof error === 'object' && error !== null ? error : {};
}
