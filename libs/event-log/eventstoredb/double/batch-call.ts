import type { handleBidiStreamingCall, ServerDuplexStream } from '@grpc/grpc-js';
import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { batchAnswer, type BatchError } from './answers.ts';
import type { DoubleParts } from './parts.ts';
import { expectationOf, MOST_MESSAGE, nameOf, proposedOf, sizeOf } from './requests.ts';
import { asCallError, messageTooLarge } from './status.ts';
import type { DoubleExpected, Outcome, ProposedEvent } from './store.ts';

interface Pending {
  readonly stream: string;
  readonly expected: DoubleExpected;
  readonly events: ProposedEvent[];
  bytes: number;
  readonly timer: NodeJS.Timeout;
}

type Call = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;

/**
 * The duplex append: every append of a client on one call, each answered by its correlation id. As the server does it, a bad request is
 * answered at once and once more when its time is over; the client does not survive the second.
 */
export function batchCall(parts: DoubleParts): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> {
  return (call) => {
    parts.tally.count('BatchAppend');
    const pending = new Map<string, Pending>();
    const refused = parts.refusal(call.metadata);
    call.on('data', (request: BatchAppendReq) => {
      void take(parts, call, pending, request, refused).catch((error: unknown) =>
        call.emit('error', asCallError(error)),
      );
    });
    call.on('end', () => call.end());
    call.on('error', () => undefined);
    call.on('close', () => {
      for (const { timer } of pending.values()) clearTimeout(timer);
    });
  };
}

async function take(
  parts: DoubleParts,
  call: Call,
  pending: Map<string, Pending>,
  request: BatchAppendReq,
  refusal: ReturnType<DoubleParts['refusal']>,
): Promise<void> {
  const refused = await refusal;
  if (refused !== undefined) throw refused;
  const correlation = request.getCorrelationId()?.getString() ?? '';
  const options = request.getOptions();
  if (options !== undefined) pending.set(correlation, begun(call, pending, correlation, options, parts.writeTimeoutMs));
  const append = pending.get(correlation);
  if (append === undefined) return;
  const answer = (outcome: Outcome | BatchError): void => {
    if (!call.writableEnded && !call.cancelled)
      call.write(batchAnswer(correlation, append.stream, outcome, append.expected));
  };
  for (const message of request.getProposedMessagesList()) {
    const event = proposedOf(message);
    // It stays pending, so that its time-out answers once more.
    if (event === undefined) {
      answer({ kind: 'bad-request' });
      return;
    }
    if (event.data.byteLength > MOST_MESSAGE) throw messageTooLarge();
    append.events.push(event);
    append.bytes += sizeOf(event);
  }
  const tooLarge = append.bytes > parts.mostBytes;
  if (tooLarge || append.stream === '') settle(pending, correlation, append);
  if (append.stream === '') answer({ kind: 'bad-request' });
  else if (tooLarge) answer({ kind: 'too-large', most: parts.mostBytes });
  if (append.stream === '' || tooLarge || !request.getIsFinal()) return;
  settle(pending, correlation, append);
  const { store, faults } = parts;
  const doubtful = faults.doubtful.shift();
  const { stream, expected, events } = append;
  const outcome =
    doubtful?.stored === false ? undefined : await store.write(() => store.append(stream, expected, events));
  if (doubtful?.answer === 'silence') return;
  answer(doubtful === undefined && outcome !== undefined ? outcome : { kind: 'timeout' });
}

function settle(pending: Map<string, Pending>, correlation: string, { timer }: Pending): void {
  clearTimeout(timer);
  pending.delete(correlation);
}

function begun(
  call: Call,
  pending: Map<string, Pending>,
  correlation: string,
  options: BatchAppendReq.Options,
  writeTimeoutMs: number,
): Pending {
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectationOf(options, options.getStreamPosition());
  const timer = setTimeout(() => {
    pending.delete(correlation);
    if (!call.writableEnded && !call.cancelled)
      call.write(batchAnswer(correlation, stream, { kind: 'timeout' }, expected));
  }, writeTimeoutMs);
  return { stream, expected, events: [], bytes: 0, timer };
}
