import { describe, expect, it } from '@jest/globals';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { Appender } from './append.ts';
import { connect } from './connection.ts';
import { Reader } from './read.ts';
import { bytes } from './test/observed.ts';
import { doubles, record } from './test/on-double.ts';
import { parseUrl } from './url.ts';

const { start } = doubles();
const LIMITS = { inFlight: { appends: 8, bytes: 1e6 }, deadlineMs: 1000, patienceMs: 0, answerMs: 1000 };

describe('the duplex call is locked twice', () => {
  it('by the connection, where an append comes without credentials', async () => {
    const double = await start();
    const connection = connect(parseUrl(double.url()), true);
    await connection.client.appendToStream('probe-1', bytes(Buffer.from('x')));
    expect([double.tally.of('Append'), double.tally.of('BatchAppend')]).toEqual([1, 0]);
    await connection.close();
  });

  it.each([
    ['esdb://127.0.0.1?tls=false', { username: 'nobody', password: 'nothing' }],
    ['esdb://somebody:secret@127.0.0.1', { username: 'somebody', password: 'secret' }],
  ])('by each append, which takes credentials along (%s)', async (url, credentials) => {
    const real = connect(parseUrl(url), true);
    const options: unknown[] = [];
    const appendToStream: EventStoreDBClient['appendToStream'] = async (_, __, given) => {
      options.push(given);
      return { success: true, nextExpectedRevision: 0n, position: { commit: 1n, prepare: 1n } };
    };
    const client = Object.assign(Object.create(real.client) as EventStoreDBClient, { appendToStream });
    const connection = { ...real, client };
    await new Appender(connection, new Reader(connection, LIMITS), LIMITS).append('fact-1', 'none', [record('fact-1')]);
    expect(options).toEqual([
      { credentials, requiresLeader: true, expectedRevision: 'no_stream', deadline: LIMITS.deadlineMs },
    ]);
    await real.close();
  });
});

it('fails a call on a connection that was just closed, and does not leave it hanging', async () => {
  const double = await start();
  const connection = connect(parseUrl(double.url()), true);
  await connection.client.appendToStream('probe-1', bytes(Buffer.from('x')));
  await connection.close();
  const late = connection.client.appendToStream('probe-2', bytes(Buffer.from('x')));
  await expect(late).rejects.toMatchObject({ name: 'ChannelClosed', code: 14 });
});
