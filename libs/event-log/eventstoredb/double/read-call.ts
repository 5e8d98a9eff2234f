import type { handleServerStreamingCall } from '@grpc/grpc-js';
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { eventAnswer, notFoundAnswer } from './answers.ts';
import type { DoubleParts } from './parts.ts';
import { nameOf } from './requests.ts';
import { asCallError, streamDeleted, unknown } from './status.ts';
import type { RecordedDoubleEvent } from './store.ts';
import { subscribeToAll, subscribeToStream, type ReadCall, type Subscriptions } from './subscriptions.ts';
import { send } from './send.ts';

/** The server reads so many events at a time. */
export const PAGE = 32;

/** Reads and subscriptions are one call. */
export function readCall(
  parts: DoubleParts,
  subscriptions: Subscriptions,
): handleServerStreamingCall<ReadReq, ReadResp> {
  return (call) => {
    parts.tally.count('Read');
    answer(parts, subscriptions, call).then(
      (over) => {
        if (over) call.end();
      },
      (error: unknown) => call.emit('error', asCallError(error)),
    );
  };
}

/** True where the call is over, false where it stays open. */
async function answer(parts: DoubleParts, subscriptions: Subscriptions, call: ReadCall): Promise<boolean> {
  const refused = await parts.refusal(call.metadata);
  if (refused !== undefined) throw refused;
  const options = call.request.getOptions();
  if (options === undefined) throw unknown();
  const ofStream = options.getStream();
  if (options.hasSubscription()) {
    if (ofStream === undefined) await subscribeToAll(parts, subscriptions, call, options);
    else await subscribeToStream(parts, subscriptions, call, ofStream);
    return false;
  }
  const count = Number(options.getCount());
  if (count === 0) throw unknown('Unexpected ReadStreamResult: Error');
  const backward = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  if (ofStream === undefined) await readLog(parts, call, options.getAll(), count, backward);
  else await readStream(parts, call, ofStream, count, backward);
  return true;
}

async function readStream(
  { store }: DoubleParts,
  call: ReadCall,
  options: ReadReq.Options.StreamOptions,
  count: number,
  backward: boolean,
): Promise<void> {
  const stream = nameOf(options.getStreamIdentifier());
  let from = options.hasRevision() ? Number(options.getRevision()) : backward ? undefined : 0;
  if (options.hasEnd() && !backward) from = Number.MAX_SAFE_INTEGER - 1;
  for (let sent = 0; sent < count;) {
    const page = store.stream(stream, from, Math.min(PAGE, count - sent), backward);
    if (page === 'deleted') throw streamDeleted(stream);
    if (page === 'no-stream') {
      await send(call, notFoundAnswer(stream));
      return;
    }
    const last = await sendAll(call, page);
    if (last === undefined || page.length < PAGE) return;
    sent += page.length;
    from = last.revision + (backward ? -1 : 1);
    if (from < 0) return;
  }
}

async function readLog(
  { store }: DoubleParts,
  call: ReadCall,
  options: ReadReq.Options.AllOptions | undefined,
  count: number,
  backward: boolean,
): Promise<void> {
  let from = Number(options?.getPosition()?.getCommitPosition() ?? 0);
  if (options?.hasEnd() === true) from = Number.MAX_SAFE_INTEGER;
  for (let sent = 0; sent < count;) {
    const page = store.all(from, Math.min(PAGE, count - sent), backward);
    const last = await sendAll(call, page);
    if (last === undefined || page.length < PAGE) return;
    sent += page.length;
    from = backward ? last.position : last.position + 1;
  }
}

async function sendAll(call: ReadCall, page: readonly RecordedDoubleEvent[]): Promise<RecordedDoubleEvent | undefined> {
  for (const event of page) await send(call, eventAnswer(event));
  return page.at(-1);
}
