import { describe, expect, it } from '@jest/globals';
import { KafkaJSConnectionError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { troubleOf } from './errors.ts';

const ofBroker = (type: string) => new KafkaJSProtocolError(Object.assign(new Error('words'), { type }));

describe('what kafkajs throws, as a code', () => {
  it.each([
    ['NOT_ENOUGH_REPLICAS', { code: 'too-few-replicas', again: true }],
    ['NOT_LEADER_FOR_PARTITION', { code: 'no-leader', again: true }],
    ['UNKNOWN_TOPIC_OR_PARTITION', { code: 'unknown-topic', again: true, settings: true }],
    ['TOPIC_AUTHORIZATION_FAILED', { code: 'not-authorised', again: true, settings: true }],
    ['MESSAGE_TOO_LARGE', { code: 'too-large', again: false }],
    ['INVALID_RECORD', { code: 'invalid-record', again: false }],
    ['SOMETHING_NEW', { code: 'unknown', again: true }],
    ['toString', { code: 'unknown', again: true }],
  ])('%s', (type, trouble) => {
    expect(troubleOf(ofBroker(type))).toEqual(trouble);
  });

  it('is found at the bottom of its causes and in lists', () => {
    const cause = ofBroker('MESSAGE_TOO_LARGE');
    const exceeded = new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 4, retryTime: 100 });
    expect(troubleOf(exceeded).code).toBe('too-large');
    expect(troubleOf(Object.assign(new Error('several'), { errors: [new Error('words'), cause] })).code).toBe(
      'too-large',
    );
    expect(troubleOf(new KafkaJSConnectionError('words', {})).code).toBe('unreachable');
  });

  it.each([undefined, null, 'words', 7, {}, new Error('words')])(
    'is tried again where it is not known: %p',
    (thrown) => {
      expect(troubleOf(thrown)).toEqual({ code: 'unknown', again: true });
    },
  );

  it('ends where causes go round', () => {
    const round: { cause?: unknown } = new Error('round');
    round.cause = round;
    expect(troubleOf(round).code).toBe('unknown');
  });
});
