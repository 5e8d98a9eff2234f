import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import {
  POSITIONS_STORE,
  runProcess,
  storedCheckpoint,
  type Checkpoint,
  type EventLog,
  type LogToken,
  type ProcessManager,
  type ProcessOutput,
} from '#event-log';
import { openSqliteDatabase } from '#database/sqlite';
import { openSqliteLog } from '#event-log/sqlite';
import { namedUuid, toInstant, type Instant, type JsonObject, type OrganisationId } from '#kernel';

type Letter = { readonly to: string };
const by = 'hub' as OrganisationId;
const letters: ProcessManager<Letter> = {
  name: 'letters',
  families: ['equipment'],
  react: ({ type, data }) => (type === 'equipment.lost.v1' ? [{ to: data['owner'] as string }, { to: 'stores' }] : []),
};

let log: EventLog;
let place: LogToken | null;
let arrived: ProcessOutput<Letter>[];
const checkpoint: Checkpoint = {
  read: async () => place,
  write: async (token) => {
    place = token;
  },
};
beforeEach(async () => {
  log = await openSqliteLog({ path: ':memory:' });
  place = null;
  arrived = [];
});
afterEach(() => log.close());

async function happened(stream: string, type: string, data: JsonObject): Promise<string> {
  const recordedAt = '2026-01-01T00:00:00.000Z' as Instant;
  const event = encodeRecord({ format: 1, stream, revision: 0, type, recordedAt, by, correlationId: stream, data });
  await log.append(stream, 'none', [event]);
  return event.id;
}

let now = 0;
/** Runs until `done`, then stops, as a process that ends does. */
function run(
  stop: AbortController,
  send: (output: ProcessOutput<Letter>) => Promise<void>,
  over: { log?: EventLog; process?: ProcessManager<Letter>; checkpoint?: Checkpoint } = {},
): Promise<void> {
  return runProcess({
    log,
    process: letters,
    by,
    clock: { now: () => toInstant((now += 1000)) },
    checkpoint,
    signal: stop.signal,
    backOff: () => 0,
    sleep: () => Promise.resolve(),
    send,
    ...over,
  });
}
/** Receives, and stops the process once so many arrived. */
const receive = (stop: AbortController, most: number) => async (output: ProcessOutput<Letter>) => {
  arrived.push(output);
  if (arrived.length >= most) stop.abort();
};

it('stores its decision before it sends, and stores nothing about inputs that do not concern it', async () => {
  await happened('equipment-1', 'equipment.issued.v1', { owner: 'school' });
  const input = await happened('equipment-2', 'equipment.lost.v1', { owner: 'trust' });
  const stop = new AbortController();
  await run(stop, async (output) => {
    expect(await log.tail(`process-letters-${input}`)).toBe(0);
    await receive(stop, 2)(output);
  });
  expect(arrived).toEqual(
    [{ to: 'trust' }, { to: 'stores' }].map((output, n) => {
      const id = namedUuid('letters', input, n);
      return { id, output, correlationId: 'equipment-2', causationId: input };
    }),
  );
  const stored = [];
  for await (const batch of log.readAll({ families: ['process'] })) stored.push(...batch);
  expect(stored).toHaveLength(1);
});

it('after a crash between append and send, sends what was stored, not what a newer version would decide', async () => {
  const input = await happened('equipment-1', 'equipment.lost.v1', { owner: 'trust' });
  const crash = new AbortController();
  await run(crash, async () => {
    crash.abort();
    throw new Error('power cut');
  });
  expect(await log.tail(`process-letters-${input}`)).toBe(0);
  expect(place).toBeNull();
  const stop = new AbortController();
  await run(stop, receive(stop, 2), { process: { ...letters, react: () => [{ to: 'nobody' }] } });
  expect(arrived.map(({ output }) => output.to)).toEqual(['trust', 'stores']);
  expect(await log.tail(`process-letters-${input}`)).toBe(0);
});

it('after a crash between send and checkpoint, sends again under the same ids', async () => {
  await happened('equipment-1', 'equipment.lost.v1', { owner: 'trust' });
  const failing = () => {
    throw new Error('power cut');
  };
  const first = new AbortController();
  const sent = run(first, receive(first, 9), { checkpoint: { read: async () => null, write: failing } });
  await expect(sent).rejects.toThrow('power cut');
  const stop = new AbortController();
  await run(stop, receive(stop, 4));
  const ids = arrived.map(({ id }) => id);
  expect(ids.slice(2)).toEqual(ids.slice(0, 2));
});

it('sends until an output is there, in order', async () => {
  await happened('equipment-1', 'equipment.lost.v1', { owner: 'trust' });
  const stop = new AbortController();
  let refusals = 0;
  await run(stop, async (output) => {
    if (refusals++ < 3) throw new Error('not now');
    await receive(stop, 2)(output);
  });
  expect(arrived.map(({ output }) => output.to)).toEqual(['trust', 'stores']);
});

it('goes on after its checkpoint', async () => {
  const database = await openSqliteDatabase({ path: ':memory:', store: POSITIONS_STORE });
  const stored = storedCheckpoint(database, 'letters');
  await happened('equipment-1', 'equipment.lost.v1', { owner: 'trust' });
  const first = new AbortController();
  const write = async (token: LogToken) => {
    await stored.write(token);
    first.abort();
  };
  await run(first, receive(first, 9), { checkpoint: { read: stored.read, write } });
  expect(arrived).toHaveLength(2);
  await happened('equipment-2', 'equipment.lost.v1', { owner: 'school' });
  const stop = new AbortController();
  await run(stop, receive(stop, 4), { checkpoint: storedCheckpoint(database, 'letters') });
  expect(arrived.map(({ output }) => output.to)).toEqual(['trust', 'stores', 'school', 'stores']);
  await database.close();
});

it('stops at a record it cannot read instead of skipping it', async () => {
  const data = Buffer.from('not a record');
  await log.append('equipment-1', 'none', [{ id: namedUuid('x'), type: 'equipment.lost.v1', data }]);
  const stop = new AbortController();
  await expect(run(stop, receive(stop, 1))).rejects.toMatchObject({ name: 'UnreadableRecord' });
  expect(place).toBeNull();
});
