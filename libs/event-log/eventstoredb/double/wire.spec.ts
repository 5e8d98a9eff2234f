import type { ClientHttp2Session } from 'node:http2';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { RawCall, rawConnection } from '../test/raw-call.ts';
import { describeRecorded, recorded } from '../test/recordings.ts';
import {
  decoded,
  isCatchUpCheckpoint,
  largeRequest,
  plainHeaders,
  type WireCall,
  type WireStep,
} from '../test/wire.ts';
import { EventStoreDouble } from './index.ts';

const calls = recorded('wire.jsonl') as readonly WireCall[];
const TOMBSTONE_BETWEEN = 'tombstone (batch run)';

describeRecorded('the double answers over the wire as a real 23.10.8 was recorded to', () => {
  let double: EventStoreDouble;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    double = await EventStoreDouble.start();
    // The recorded server held others' events: several pages of them.
    await double.seed(
      Array.from({ length: 300 }, (_, n) => ({
        stream: `other-${n}`,
        event: {
          id: crypto.randomUUID(),
          type: 'other.v1',
          json: false,
          data: Buffer.from('x'),
          metadata: Buffer.alloc(0),
        },
      })),
    );
    session = rawConnection(double.port);
  });
  afterAll(() => {
    session.destroy();
    double.stop();
  });

  const bytesOf = (call: WireCall, at: number): Uint8Array => {
    const request = call.events[at]?.request ?? '';
    const size = /^(\d+) bytes$/.exec(request)?.[1];
    if (size === undefined) return Buffer.from(request, 'base64');
    const answer = call.events.slice(at).find(({ response }) => response !== undefined)?.response;
    return largeRequest(call.path, Number(size), answer === undefined ? undefined : Buffer.from(answer, 'base64'));
  };

  /** Plays one call step by step, and says what was answered instead of what was recorded. */
  const play = async (call: WireCall): Promise<{ readonly recorded: unknown[]; readonly answered: unknown[] }> => {
    const raw = new RawCall(session, call.path, call.requestHeaders);
    const [was, is]: [unknown[], unknown[]] = [[], []];
    let skipping = false;
    const step = async (event: WireStep, at: number): Promise<void> => {
      if (event.request !== undefined) {
        // The recorded run deleted the stream before the last append of the duplex call.
        const requests = call.events.slice(at + 1).filter(({ request }) => request !== undefined).length;
        const between = calls.find(({ scenario }) => scenario === TOMBSTONE_BETWEEN);
        if (call.path.endsWith('/BatchAppend') && requests === 0 && between !== undefined) {
          const { recorded: before, answered } = await play(between);
          expect(answered).toEqual(before);
        }
        raw.write(bytesOf(call, at));
      }
      if (event.requestEnd === true) raw.end();
      if (event.responseHeaders !== undefined) {
        was.push(plainHeaders(event.responseHeaders));
        is.push(plainHeaders(await raw.headers()));
      }
      if (event.leftOut !== undefined) {
        skipping = true;
        let next = await raw.next();
        while (isCatchUpCheckpoint(decoded(call.path, next))) next = await raw.next();
        raw.unread(next);
      }
      if (event.response !== undefined) {
        const expected = decoded(call.path, Buffer.from(event.response, 'base64'));
        if (skipping && isCatchUpCheckpoint(expected)) return;
        was.push(expected);
        is.push(decoded(call.path, await raw.next()));
      }
      if (event.trailers !== undefined) {
        was.push(plainHeaders(event.trailers));
        is.push(plainHeaders(await raw.trailers()));
      }
      if (event.cancelledByClient === true) raw.cancel();
    };
    for (const [at, event] of call.events.entries()) await step(event, at);
    return { recorded: was, answered: is };
  };

  const named = calls
    .filter(({ scenario }) => scenario !== TOMBSTONE_BETWEEN)
    .map((call) => [call.scenario, call] as const);
  it.each(named)('%s', async (_, call) => {
    const { recorded: was, answered } = await play(call);
    expect(was.length).toBeGreaterThan(0);
    expect(answered).toEqual(was);
  });

  it('has every recorded call', () => {
    expect(calls).toHaveLength(19);
    expect(calls.filter(({ scenario }) => scenario === TOMBSTONE_BETWEEN)).toHaveLength(1);
  });
});
