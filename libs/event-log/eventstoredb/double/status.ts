import { Metadata, status } from '@grpc/grpc-js';

/** How a call ends that is refused: gRPC's number, words, and headers. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
  constructor(code: number, details: string, metadata: Metadata) {
    super(details);
    this.code = code;
    this.details = details;
    this.metadata = metadata;
  }
}

/** An answer without a body, as the server gives its refusals. */
function refusal(code: number, details: string, headers: Readonly<Record<string, string>> = {}): CallError {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new CallError(code, details, metadata);
}

/** Deleted for ever. */
export const streamDeleted = (stream: string): CallError =>
  refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** More bytes in one append than the server takes. */
export const tooLarge = (most: number): CallError =>
  refusal(status.INVALID_ARGUMENT, `Maximum Append Size of ${most} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(most),
  });

/** One message larger than the transport takes. */
export const messageTooLarge = (): CallError =>
  refusal(status.RESOURCE_EXHAUSTED, 'Received message exceeds the maximum configured message size.');

/** The server starts, or has lost its cluster. */
export const notReady = (): CallError => refusal(status.UNAVAILABLE, 'Server Is Not Ready');

/** Stored or not: the server does not know either. */
export const timedOut = (what = 'Commit phase timeout'): CallError =>
  refusal(status.ABORTED, `Operation timed out: ${what}`);

/** Asked for what only the leader does; the client goes there. */
export const notLeader = (host: string, port: number): CallError =>
  refusal(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });

/** A known user who may not, or nobody. */
export const accessDenied = (): CallError =>
  refusal(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });

/** A user or password that is wrong. */
export const unauthenticated = (): CallError => refusal(status.UNAUTHENTICATED, 'Unauthenticated');

/** Whatever the server did not expect. */
export const unknown = (details = 'Exception was thrown by handler.'): CallError => refusal(status.UNKNOWN, details);

/** A deletion whose expectation does not hold. */
export const wrongDeletion = (stream: string, expected: number, actual: number): CallError =>
  refusal(
    status.FAILED_PRECONDITION,
    `Deletion failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expected}, Actual version: ${actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': stream,
      'expected-version': String(expected),
      'actual-version': String(actual),
    },
  );

/** The refusal that was thrown, or what the server makes of anything else. */
export function asCallError(error: unknown): CallError {
  return error instanceof CallError ? error : unknown();
}
