import type {
  handleClientStreamingCall,
  handleUnaryCall,
  Metadata,
  sendUnaryData,
  ServerReadableStream,
} from '@grpc/grpc-js';
import type {
  AppendReq,
  AppendResp,
  DeleteReq,
  DeleteResp,
  TombstoneReq,
  TombstoneResp,
} from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { appendAnswer } from './answers.ts';
import type { DoubleParts } from './parts.ts';
import { expectationOf, MOST_MESSAGE, nameOf, proposedOf, sizeOf } from './requests.ts';
import * as refuse from './status.ts';
import type { DoubleExpected, ProposedEvent } from './store.ts';

interface AppendRequest {
  readonly stream: string;
  readonly expected: DoubleExpected;
  readonly events: readonly ProposedEvent[];
}

/** The unary append: a message with the options, one for each event, one answer. */
export function appendCall(parts: DoubleParts): handleClientStreamingCall<AppendReq, AppendResp> {
  return (call, callback) => {
    parts.tally.count('Append');
    parts.tally.appendBegan();
    const done: sendUnaryData<AppendResp> = (error, answer) => {
      parts.tally.appendEnded();
      callback(error, answer);
    };
    void answerAppend(parts, call, done).catch((error: unknown) => done(refuse.asCallError(error)));
  };
}

async function answerAppend(
  parts: DoubleParts,
  call: ServerReadableStream<AppendReq, AppendResp>,
  done: sendUnaryData<AppendResp>,
): Promise<void> {
  const { store, faults } = parts;
  const { stream, expected, events } = await requestOf(call, parts.mostBytes);
  const refused = await parts.refusal(call.metadata);
  if (refused !== undefined) throw refused;
  const doubtful = faults.doubtful.shift();
  const outcome =
    doubtful?.stored === false ? undefined : await store.write(() => store.append(stream, expected, events));
  if (doubtful?.answer === 'silence') return;
  if (doubtful !== undefined || outcome === undefined) throw refuse.timedOut();
  if (outcome.kind === 'deleted') throw refuse.streamDeleted(stream);
  done(null, appendAnswer(outcome, expected));
}

async function requestOf(call: ServerReadableStream<AppendReq, AppendResp>, mostBytes: number): Promise<AppendRequest> {
  let options: AppendReq.Options | undefined;
  const events: ProposedEvent[] = [];
  let bytes = 0;
  let refused: refuse.CallError | undefined;
  for await (const message of call as AsyncIterable<AppendReq>) {
    options ??= message.getOptions();
    const proposed = message.getProposedMessage();
    if (proposed === undefined || refused !== undefined) continue;
    const event = proposedOf(proposed);
    if (event === undefined) {
      refused = refuse.unknown();
      continue;
    }
    bytes += sizeOf(event);
    if (event.data.byteLength > MOST_MESSAGE) refused = refuse.messageTooLarge();
    else if (bytes > mostBytes) refused = refuse.tooLarge(mostBytes);
    events.push(event);
  }
  const stream = nameOf(options?.getStreamIdentifier());
  if (refused === undefined && (options === undefined || stream === '')) refused = refuse.unknown();
  if (refused !== undefined || options === undefined) throw refused ?? refuse.unknown();
  return { stream, expected: expectationOf(options, options.getRevision()), events };
}

/** A soft delete. */
export function deleteCall(parts: DoubleParts): handleUnaryCall<DeleteReq, DeleteResp> {
  return (call, callback) => {
    parts.tally.count('Delete');
    const options = call.request.getOptions();
    void remove(parts, call.metadata, options, false).then(
      (position) => {
        const at = new streams.DeleteResp.Position();
        at.setCommitPosition(String(position));
        at.setPreparePosition(String(position));
        callback(null, new streams.DeleteResp().setPosition(at));
      },
      (error: unknown) => callback(refuse.asCallError(error)),
    );
  };
}

/** A delete for ever. */
export function tombstoneCall(parts: DoubleParts): handleUnaryCall<TombstoneReq, TombstoneResp> {
  return (call, callback) => {
    parts.tally.count('Tombstone');
    const options = call.request.getOptions();
    void remove(parts, call.metadata, options, true).then(
      (position) => {
        const at = new streams.TombstoneResp.Position();
        at.setCommitPosition(String(position));
        at.setPreparePosition(String(position));
        callback(null, new streams.TombstoneResp().setPosition(at));
      },
      (error: unknown) => callback(refuse.asCallError(error)),
    );
  };
}

async function remove(
  { store, refusal }: DoubleParts,
  metadata: Metadata,
  options: DeleteReq.Options | TombstoneReq.Options | undefined,
  forEver: boolean,
): Promise<number> {
  const refused = await refusal(metadata);
  if (refused !== undefined) throw refused;
  if (options === undefined) throw refuse.unknown();
  const stream = nameOf(options.getStreamIdentifier());
  const expected = expectationOf(options, options.getRevision());
  const outcome = await store.write(() => store.delete(stream, expected, forEver));
  if (outcome.kind === 'deleted') throw refuse.streamDeleted(stream);
  if (outcome.kind === 'wrong') {
    throw refuse.wrongDeletion(stream, typeof expected === 'number' ? expected : -1, outcome.actual);
  }
  return outcome.position;
}
