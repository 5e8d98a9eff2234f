import { describe, expect, it } from '@jest/globals';
import {
  AppendInDoubt,
  cachedFolds,
  encodeChanges,
  handleCommand,
  WrongExpectedRevision,
  type Decider,
  type EventLog,
} from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fail, ok, type Instant, type OrganisationId } from '#kernel';

interface Counted {
  readonly type: 'tests.counted.v1';
  readonly data: { readonly by: number };
}
const counter: Decider<number, number, Counted, Counted, 'negative'> = {
  initialState: 0,
  evolve: (state, { data }) => state + data.by,
  decide: (by) => (by < 0 ? fail('negative') : ok(by === 0 ? [] : [{ type: 'tests.counted.v1', data: { by } }])),
};
const meta = { at: '2026-01-01T00:00:00.000Z' as Instant, by: 'hub' as OrganisationId, correlationId: 'one' };

it('decides on what is there, stores what happened, and answers refusals and nothing as outcomes', async () => {
  const log = await openSqliteLog({ path: ':memory:' });
  const ask = (command: number) => handleCommand({ log, stream: 'process-c', decider: counter, command, meta });
  expect(await ask(2)).toMatchObject({ ok: true, value: { state: 2, revision: 0, changes: 1 } });
  expect(await ask(0)).toMatchObject({ ok: true, value: { state: 2, revision: 0, changes: 0 } });
  expect(await ask(-1)).toEqual({ ok: false, error: 'negative' });
  const both = await Promise.all([ask(3), ask(4)]);
  expect(both.every((each) => each.ok)).toBe(true);
  const folded = cachedFolds<number>({ log, initial: () => 0, evolve: counter.evolve, most: 2 });
  expect(await folded('process-c')).toEqual({ state: 9, revision: 2 });
  await ask(1);
  expect(await folded('process-c')).toEqual({ state: 10, revision: 3 });
  await log.close();
});

describe('a log that answers badly', () => {
  const answering = (log: EventLog, append: EventLog['append']): EventLog =>
    Object.assign(Object.create(log) as EventLog, {
      append,
      readStream: (...read: Parameters<EventLog['readStream']>) => log.readStream(...read),
    });
  const ask = (log: EventLog, command = 1) =>
    handleCommand({ log, stream: 'process-c', decider: counter, command, meta });

  it('is sent the same bytes again where it may have stored them', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    const sent: string[] = [];
    const doubtful = answering(log, async (stream, expected, events) => {
      const appended = await log.append(stream, expected, events);
      sent.push(events.map(({ id }) => id).join());
      if (sent.length < 3) throw new AppendInDoubt('time-out');
      return appended;
    });
    expect(await ask(doubtful)).toMatchObject({ ok: true, value: { state: 1, revision: 0 } });
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    expect(await log.tail('process-c')).toBe(0);
    await log.close();
  });

  it('is given up after five doubts', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    let tries = 0;
    const silent = answering(log, async () => {
      tries += 1;
      throw new AppendInDoubt('time-out');
    });
    await expect(ask(silent)).rejects.toBeInstanceOf(AppendInDoubt);
    expect(tries).toBe(5);
    await log.close();
  });

  it('is decided on anew where somebody was first, three times and no more', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    let tries = 0;
    const busy = answering(log, async (stream, expected, events) => {
      tries += 1;
      const others = encodeChanges(stream, tries - 2, [{ type: 'tests.counted.v1', data: { by: 100 } }], meta);
      await log.append(stream, tries === 1 ? 'none' : tries - 2, others);
      return log.append(stream, expected, events);
    });
    await expect(ask(busy)).rejects.toBeInstanceOf(WrongExpectedRevision);
    expect(tries).toBe(3);
    expect(await ask(log)).toMatchObject({ ok: true, value: { state: 301, revision: 3 } });
    await log.close();
  });
});
