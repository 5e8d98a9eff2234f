import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { streamNameFilter, type EventStoreDBClient } from '@eventstore/db-client';
import { all, append, arrivals, bytes, clientAt, Letters, observed, type Observed } from '../test/observed.ts';
import { describeRecorded, recorded } from '../test/recordings.ts';
import { binary, foreign } from '../test/seeding.ts';
import { EventStoreDouble } from './index.ts';

type Line = Observed & { readonly scenario: string };
const lines = recorded('observed.jsonl') as readonly Line[];

describeRecorded('the client meets at the double what it met at a real 23.10.8', () => {
  let double: EventStoreDouble;
  let client: EventStoreDBClient;
  const nowhere = clientAt(1);
  beforeAll(async () => {
    // 17 MB may take longer than the server's two seconds where many specs run at once.
    double = await EventStoreDouble.start({ writeTimeoutMs: 60_000 });
    client = clientAt(double.port);
  });
  afterAll(async () => {
    await Promise.all([client.dispose(), nowhere.dispose()]);
    double.stop();
  });

  const letters = new Letters();
  const { event: letter } = { event: letters.event.bind(letters) };
  const some = (): ReturnType<typeof letter> => letter(crypto.randomUUID());
  const revisionsOf = async (stream: string) =>
    (await all(client.readStream(stream))).map(({ event }) => Number(event?.revision));
  const basic = (expectedRevision: bigint | 'no_stream') => () =>
    append(client, 'probe-basic', [some()], { expectedRevision });
  const idem = (events: readonly string[], expectedRevision: bigint | 'no_stream', body?: string) => () =>
    append(
      client,
      'probe-idem',
      events.map((each) => letter(each, body)),
      { expectedRevision },
    );
  const large = (stream: string, count: number, size: number) => () =>
    append(
      client,
      stream,
      Array.from({ length: count }, () => bytes(Buffer.alloc(size))),
      { expectedRevision: 'no_stream' },
    );
  /** The server answers these twice; the second answer, two seconds later, ends the process unless the call is over by then. */
  const bad = (stream: string, event: Parameters<typeof append>[2][number]) => async () => {
    const doomed = clientAt(double.port);
    try {
      return await append(doomed, stream, [event], { expectedRevision: 'no_stream' });
    } finally {
      await doomed.dispose();
    }
  };
  const parallel = async (stream: string, event: () => ReturnType<typeof letter>) => {
    const appends = Array.from({ length: 32 }, () =>
      client.appendToStream(stream, event(), { expectedRevision: 'no_stream' }),
    );
    return Promise.allSettled(appends);
  };
  const gone = async (how: 'delete' | 'tombstone', stream: string): Promise<true> => {
    await client.appendToStream(stream, [some(), some()], { expectedRevision: 'no_stream' });
    if (how === 'delete') await client.deleteStream(stream, { expectedRevision: 1n });
    else await client.tombstoneStream(stream, { expectedRevision: 1n });
    return true;
  };

  const scenarios: Readonly<Record<string, () => Promise<unknown>>> = {
    'append two events to a new stream, expected none': () =>
      append(client, 'probe-basic', [some(), bytes(Buffer.from([0, 255, 128]))], { expectedRevision: 'no_stream' }),
    'append with the exact revision 1': basic(1n),
    'append expected none on an existing stream (other ids)': basic('no_stream'),
    'append with a stale exact revision': basic(0n),
    'append with a revision beyond the end': basic(99n),
    'append expected stream exists, stream missing': () =>
      append(client, 'probe-none', [some()], { expectedRevision: 'stream_exists' }),
    'append exact revision 0, stream missing': () => append(client, 'probe-none', [some()], { expectedRevision: 0n }),
    'wrong version with throwOnAppendFailure false': basic(0n),
    'append no events, expected none, new stream': () =>
      append(client, 'probe-empty', [], { expectedRevision: 'no_stream' }),
    'append no events with a wrong exact revision': () => append(client, 'probe-basic', [], { expectedRevision: 77n }),
    'idempotency: first append of [a,b], expected none': idem(['a', 'b'], 'no_stream'),
    'idempotency: the same [a,b] again, expected none': idem(['a', 'b'], 'no_stream'),
    'idempotency: prefix [a] again, expected none': idem(['a'], 'no_stream'),
    'idempotency: [b] again, expected 0': idem(['b'], 0n),
    'idempotency: [a,b,d] expected none (superset)': idem(['a', 'b', 'd'], 'no_stream'),
    'append d at 1': idem(['d'], 1n),
    'idempotency: [a,b] again after d was appended, expected none': idem(['a', 'b'], 'no_stream'),
    'idempotency: [b,d] expected 0': idem(['b', 'd'], 0n),
    'idempotency: [d,a] (wrong order) expected 1': idem(['d', 'a'], 1n),
    'idempotency: id of a with another body, expected none': idem(['a'], 'no_stream', 'another body'),
    'idempotency: id of a with another body, exact current revision 2': idem(['a'], 2n, 'another body'),
    'how many events has the stream now': async () =>
      (await all(client.readStream('probe-idem'))).map(({ event }) => [Number(event?.revision), letters.of(event?.id)]),
    'any: first': () => append(client, 'probe-any', [letter('any')], { expectedRevision: 'any' }),
    'any: same id again': () => append(client, 'probe-any', [letter('any')], { expectedRevision: 'any' }),
    'same event id in another stream, expected none': () =>
      append(client, 'probe-other', [letter('a')], { expectedRevision: 'no_stream' }),
    'two events with one id in one append': async () => {
      const answer = await append(client, 'probe-twice', [letter('twice'), letter('twice')], {
        expectedRevision: 'no_stream',
      });
      return { ...answer, stored: (await revisionsOf('probe-twice')).length };
    },
    'read forwards from start': async () =>
      (await all(client.readStream('probe-basic'))).map(({ event, link, commitPosition }) => ({
        rev: Number(event?.revision),
        type: event?.type,
        isJson: event?.isJson,
        dataKind: event?.data.constructor.name,
        metaKind: event?.metadata?.constructor.name,
        created: event?.created.constructor.name,
        link: link !== undefined,
        position: Object.keys(event?.position ?? {}),
        commitPosition: typeof commitPosition,
      })),
    'bytes of the binary event are the same': async () => {
      const [, second] = await all(client.readStream('probe-basic'));
      return Buffer.from((second?.event?.data ?? []) as Uint8Array).equals(Buffer.from([0, 255, 128]));
    },
    'read from a revision beyond the end': async () =>
      (await all(client.readStream('probe-basic', { fromRevision: 99n }))).length,
    'read maxCount 1 backwards from end': async () =>
      (await all(client.readStream('probe-basic', { maxCount: 1, direction: 'backwards', fromRevision: 'end' }))).map(
        ({ event }) => Number(event?.revision),
      ),
    'read maxCount 0': () => all(client.readStream('probe-basic', { maxCount: 0 })),
    'read a missing stream': () => all(client.readStream('probe-missing')),
    'soft delete with expected revision': () => gone('delete', 'probe-soft'),
    'read a soft-deleted stream': () => all(client.readStream('probe-soft')),
    'append expected none to a soft-deleted stream': () =>
      append(client, 'probe-soft', [some()], { expectedRevision: 'no_stream' }),
    'read it: first revision after re-creation': () => revisionsOf('probe-soft'),
    tombstone: () => gone('tombstone', 'probe-tomb'),
    'read a tombstoned stream': () => all(client.readStream('probe-tomb')),
    'append to a tombstoned stream': () => append(client, 'probe-tomb', [some()], { expectedRevision: 'any' }),
    'one event of 900 kB': large('probe-large', 1, 900_000),
    'one event of 1.1 MB': large('probe-larger', 1, 1_100_000),
    '64 events of 32 kB in one append': large('probe-many', 64, 32_768),
    'one event of 17 MB': large('probe-largest', 1, 17_000_000),
    'empty stream name': bad('', some()),
    'empty event type': bad('probe-bad', bytes(Buffer.from('x'), '')),
    'event id that is not a UUID': bad('probe-bad', { ...bytes(Buffer.from('x')), id: 'no uuid' }),
    'metadata limits: append to $$stream maxAge': () =>
      append(client, '$$probe-basic', [bytes(Buffer.from('{"$maxAge":3600}'), '$metadata')], {
        expectedRevision: 'no_stream',
      }),
    '32 concurrent appends of different ids, expected none: how many win': async () => {
      const answers = await parallel('probe-race', some);
      const errors = answers
        .filter((each) => each.status === 'rejected')
        .map(({ reason }) => (reason as { type: string }).type);
      return { won: answers.filter(({ status }) => status === 'fulfilled').length, errors: [...new Set(errors)] };
    },
    '32 concurrent appends of the same id, expected none: how many succeed, how many are stored': async () => {
      const answers = await parallel('probe-same', () => letter('same'));
      const won = answers.filter(({ status }) => status === 'fulfilled').length;
      return { won, stored: (await revisionsOf('probe-same')).length };
    },
    'subscribe to $all with stream prefix filter and checkpointInterval 1: what arrives': subscribeToAll,
    'subscribe to a missing stream: confirmation, later events': async () => {
      const subscription = client.subscribeToStream('probe-later');
      const arrived = arrivals(subscription, (seen) => seen.length === 4);
      subscription.once('confirmation', () => void client.appendToStream('probe-later', [some(), some()]));
      const seen = await arrived;
      await subscription.unsubscribe();
      return seen;
    },
    'subscribe to a tombstoned stream': () => arrivals(client.subscribeToStream('probe-tomb'), () => false),
    'readAll with maxCount 3: fields of an item': async () =>
      (await all(client.readAll({ maxCount: 3 }))).map((item) => Object.keys(item)),
    'readAll with a filter option (typed as none): is it applied?': async () => {
      await double.seed(foreign(50));
      const options = { maxCount: 50, filter: streamNameFilter({ prefixes: ['probe-any', 'probe-other'] }) };
      const items = await all(client.readAll(options));
      const matching = items.filter(({ event }) => /^probe-(any|other)/.test(event?.streamId ?? ''));
      return { total: items.length, matching: matching.length };
    },
    'server unreachable: append': () => append(nowhere, 'probe-basic', [some()], { expectedRevision: 'any' }),
    'server unreachable: read': () => all(nowhere.readStream('probe-basic')),
    'server unreachable: subscribe': () => arrivals(nowhere.subscribeToStream('probe-basic'), () => false),
  };

  /** On a server of its own, as how many checkpoints come depends on how much of others it has. */
  async function subscribeToAll(): Promise<unknown> {
    const server = await EventStoreDouble.start();
    await server.seed(foreign(70));
    await server.seed([1, 2, 3, 4, 5].map((n) => ({ stream: 'probe-all', event: binary(`${n}`) })));
    const reader = clientAt(server.port);
    const counts: Record<string, number> = { event: 0, checkpoint: 0, caughtUp: 0, confirmation: 0, end: 0 };
    const saw = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const checkpointReached = (): void => saw('checkpoint');
    const filter = streamNameFilter({ prefixes: ['probe-all'], checkpointInterval: 1, checkpointReached });
    const subscription = reader.subscribeToAll({ filter });
    let first: Record<string, unknown> | undefined;
    subscription.on('data', ({ event, commitPosition }) => {
      saw('event');
      first ??= {
        stream: event?.streamId === 'probe-all',
        commitIsBigint: typeof event?.position.commit,
        hasCommitPosition: typeof commitPosition,
      };
    });
    subscription.on('confirmation', () => saw('confirmation'));
    await new Promise<void>((resolve) => {
      subscription.on('caughtUp', () => {
        saw('caughtUp');
        resolve();
      });
    });
    const ended = new Promise<void>((resolve) => {
      subscription.on('end', () => {
        saw('end');
        resolve();
      });
    });
    await subscription.unsubscribe();
    await ended;
    await reader.dispose();
    server.stop();
    return { ...counts, first };
  }

  it.each(lines.map((line) => [line.scenario, line] as const))('%s', async (scenario, line) => {
    const run = scenarios[scenario];
    if (run === undefined) throw new Error('a recorded scenario that nobody runs');
    const is = await observed(run);
    expect({ scenario, ...is }).toEqual(line);
  });

  it('has every recorded scenario', () => {
    expect(lines.map(({ scenario }) => scenario).toSorted()).toEqual(Object.keys(scenarios).toSorted());
  });
});
