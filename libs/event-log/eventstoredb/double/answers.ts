import any from 'google-protobuf/google/protobuf/any_pb.js';
import google from 'google-protobuf/google/protobuf/empty_pb.js';
import type { AppendResp, BatchAppendResp, ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import codes from '@eventstore/db-client/generated/code_pb.js';
import type { Code } from '@eventstore/db-client/generated/code_pb.js';
import status from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { TOMBSTONE, type DoubleExpected, type Outcome, type RecordedDoubleEvent } from './store.ts';

const OCTETS = 'application/octet-stream';
const JSON_TYPE = 'application/json';
/** What the server calls the revision of a tombstone. */
const TOMBSTONE_REVISION = '9223372036854775807';
/** The largest unsigned number that the stubs write, and the one the server means, as they go over the wire. */
const [LARGEST, LARGEST_BYTES, NONE_BYTES] = [2 ** 64 - 2048, '80f0ffffffffffffff01', 'ffffffffffffffffff01'];

/** A stream's name as messages carry it. */
export function identifierOf(stream: string) {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(Buffer.from(stream).toString('base64'));
  return identifier;
}

/** An event of a read or subscription. */
export function eventAnswer(event: RecordedDoubleEvent): ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString(event.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(event.stream));
  recorded.setStreamRevision(event.revision === TOMBSTONE ? TOMBSTONE_REVISION : String(event.revision));
  recorded.setCommitPosition(String(event.position));
  recorded.setPreparePosition(String(event.position));
  recorded.getMetadataMap().set('type', event.type);
  recorded.getMetadataMap().set('created', event.created);
  recorded.getMetadataMap().set('content-type', event.json ? JSON_TYPE : OCTETS);
  recorded.setCustomMetadata(event.metadata);
  recorded.setData(event.data);
  const read = new streams.ReadResp.ReadEvent();
  read.setEvent(recorded);
  read.setCommitPosition(String(event.position));
  const answer = new streams.ReadResp();
  answer.setEvent(read);
  return answer;
}

/** There is no such stream. */
export function notFoundAnswer(stream: string): ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  return new streams.ReadResp().setStreamNotFound(notFound);
}

/** A subscription was taken. */
export function confirmationAnswer(id: string): ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(id);
  return new streams.ReadResp().setConfirmation(confirmation);
}

/** How far a filtered subscription has looked. */
export function checkpointAnswer(commit: number, prepare: number): ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(commit));
  checkpoint.setPreparePosition(String(prepare));
  return new streams.ReadResp().setCheckpoint(checkpoint);
}

/** Nothing is left to catch up with. */
export const caughtUpAnswer = (): ReadResp => new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp());

/** A live subscription is catching up again. */
export const fellBehindAnswer = (): ReadResp => new streams.ReadResp().setFellBehind(new streams.ReadResp.FellBehind());

/** The unary answer to an append that is not an error of the call. */
export function appendAnswer(outcome: Exclude<Outcome, { kind: 'deleted' }>, expected: DoubleExpected): AppendResp {
  if (outcome.kind === 'wrong') {
    const answer = new streams.AppendResp().setWrongExpectedVersion(wrong(outcome.actual, expected));
    return expected === 'none' ? withNone(answer) : answer;
  }
  const success = new streams.AppendResp.Success();
  if (outcome.revision < 0) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(outcome.revision));
  const position = new streams.AppendResp.Position();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  success.setPosition(position);
  return new streams.AppendResp().setSuccess(success);
}

/** In its oldest fields the server calls an expected "none" 2^64-1, which the stubs can't write. */
function withNone(answer: AppendResp): AppendResp {
  const bytes = Buffer.from(answer.serializeBinary()).toString('hex').replace(LARGEST_BYTES, NONE_BYTES);
  return Object.assign(answer, { serializeBinary: () => Buffer.from(bytes, 'hex') });
}

function wrong(actual: number, expected: DoubleExpected) {
  const answer = new streams.AppendResp.WrongExpectedVersion();
  if (actual < 0) {
    answer.setCurrentNoStream(new shared.Empty());
    answer.setNoStream2060(new shared.Empty());
  } else {
    answer.setCurrentRevision(String(actual));
    answer.setCurrentRevision2060(actual);
  }
  switch (expected) {
    case 'any':
      return answer.setExpectedAny(new shared.Empty()).setAny2060(new shared.Empty());
    case 'exists':
      return answer.setExpectedStreamExists(new shared.Empty()).setStreamExists2060(new shared.Empty());
    case 'none':
      return answer.setExpectedNoStream(new shared.Empty()).setExpectedRevision2060(LARGEST);
    default:
      return answer.setExpectedRevision(String(expected)).setExpectedRevision2060(expected);
  }
}

/** The duplex call's answer to one append; its errors are messages, not errors of the call. */
export function batchAnswer(
  correlation: string,
  stream: string,
  outcome: Outcome | BatchError,
  expected: DoubleExpected,
): BatchAppendResp {
  const answer = new streams.BatchAppendResp();
  const id = new shared.UUID();
  id.setString(correlation);
  answer.setCorrelationId(id);
  answer.setStreamIdentifier(identifierOf(stream));
  if (outcome.kind !== 'appended') return answer.setError(batchError(outcome, stream, expected));
  const success = new streams.BatchAppendResp.Success();
  if (outcome.revision < 0) success.setNoStream(new google.Empty());
  else success.setCurrentRevision(String(outcome.revision));
  const position = new shared.AllStreamPosition();
  position.setCommitPosition(String(outcome.position));
  position.setPreparePosition(String(outcome.position));
  success.setPosition(position);
  return answer.setSuccess(success);
}

/** What else the duplex call answers with. */
export type BatchError =
  | { readonly kind: 'bad-request' }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'too-large'; readonly most: number };

function batchError(
  outcome: Exclude<Outcome, { kind: 'appended' }> | BatchError,
  stream: string,
  expected: DoubleExpected,
) {
  switch (outcome.kind) {
    case 'wrong':
      return statusOf(codes.Code.ALREADY_EXISTS, 'WrongExpectedVersion', batchWrong(outcome.actual, expected));
    case 'deleted': {
      const deleted = new shared.StreamDeleted();
      deleted.setStreamIdentifier(identifierOf(stream));
      return statusOf(codes.Code.NOT_FOUND, 'StreamDeleted', deleted);
    }
    case 'too-large': {
      const exceeded = new shared.MaximumAppendSizeExceeded();
      exceeded.setMaxappendsize(outcome.most);
      return statusOf(codes.Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', exceeded);
    }
    case 'timeout':
      return statusOf(codes.Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout());
    case 'denied':
      return statusOf(codes.Code.PERMISSION_DENIED, 'AccessDenied', new shared.AccessDenied());
    case 'bad-request':
      return statusOf(codes.Code.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest());
  }
}

function batchWrong(actual: number, expected: DoubleExpected) {
  const details = new shared.WrongExpectedVersion();
  if (actual < 0) details.setCurrentNoStream(new google.Empty());
  else details.setCurrentStreamRevision(String(actual));
  switch (expected) {
    case 'any':
      return details.setExpectedAny(new google.Empty());
    case 'exists':
      return details.setExpectedStreamExists(new google.Empty());
    case 'none':
      return details.setExpectedNoStream(new google.Empty());
    default:
      return details.setExpectedStreamPosition(String(expected));
  }
}

function statusOf(code: Code, name: string, details: { serializeBinary(): Uint8Array }) {
  const packed = new any.Any();
  packed.pack(details.serializeBinary(), `event_store.client.${name}`, 'type.googleapis.com/');
  const answer = new status.Status();
  answer.setCode(code);
  answer.setMessage(name);
  answer.setDetails(packed);
  return answer;
}
