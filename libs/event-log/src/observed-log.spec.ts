import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  encodeChanges,
  handleCommand,
  LogFailed,
  observed,
  WrongExpectedRevision,
  type Decider,
  type EventLog,
} from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fail, ok, type Instant, type OrganisationId } from '#kernel';

const meta = { at: '2026-01-01T00:00:00.000Z' as Instant, by: 'hub' as OrganisationId, correlationId: 'one' };
type Asked = { readonly type: 'count'; readonly by: number } | number;
interface Counted {
  readonly type: 'tests.counted.v1';
  readonly data: { readonly by: number };
}
const counter: Decider<Asked, number, Counted, Counted, 'negative'> = {
  initialState: 0,
  evolve: (state, { data }) => state + data.by,
  decide: (asked) => {
    const by = typeof asked === 'number' ? asked : asked.by;
    return by < 0 ? fail('negative') : ok(by === 0 ? [] : [{ type: 'tests.counted.v1', data: { by } }]);
  },
};

describe('an observed log', () => {
  let heard: string[];
  let inner: EventLog;
  let log: EventLog;
  beforeEach(async () => {
    heard = [];
    inner = await openSqliteLog({ path: ':memory:' });
    log = observed(inner, {
      appended: (type) => heard.push(`appended ${type}`),
      appendFailed: (family) => heard.push(`failed ${family}`),
      command: (name, result) => heard.push(`${name} ${result}`),
    });
  });
  afterEach(() => log.close());
  const ask = (command: Asked) =>
    handleCommand({ log, stream: 'process-a-private-id', decider: counter, command, meta });
  const event = (stream: string, revision: number) =>
    encodeChanges(stream, revision - 1, [{ type: 'tests.counted.v1', data: { by: revision } }], meta);

  it('tells of each event by its type, and of each command by family, type and result: never of a stream', async () => {
    await ask({ type: 'count', by: 1 });
    await ask({ type: 'count', by: 0 });
    await ask({ type: 'count', by: -1 });
    await ask(2);
    expect(heard).toEqual([
      'appended tests.counted.v1',
      'process.count changed',
      'process.count unchanged',
      'process.count refused',
      'appended tests.counted.v1',
      'process changed',
    ]);
  });

  it('tells of an append that failed by its family, and of a command that could not be carried out', async () => {
    inner.append = () => Promise.reject(new LogFailed('disk'));
    await expect(ask({ type: 'count', by: 1 })).rejects.toThrow(LogFailed);
    expect(heard).toEqual(['failed process', 'process.count failed']);
  });

  it('does not call it a failure that somebody was first', async () => {
    await log.append('look-1', 'none', event('look-1', 0));
    heard.length = 0;
    await expect(log.append('look-1', 'none', event('look-1', 1))).rejects.toThrow(WrongExpectedRevision);
    expect(heard).toEqual([]);
  });

  it('is the same log for everything else', async () => {
    await log.append('look-1', 'none', event('look-1', 0));
    const [first] = await log.readStream('look-1');
    const head = await log.head();
    expect([await log.tail('look-1'), first?.token, log.distance?.(null, head)]).toEqual([0, head, 1]);
    expect(head !== null && log.compare(head, head)).toBe(0);
    for await (const batch of log.readAll({ families: ['look'] })) expect(batch).toHaveLength(1);
    const signal = AbortSignal.timeout(5_000);
    for await (const batch of log.subscribe({ families: ['look'], signal })) if (batch.kind === 'caught-up') break;
  });
});
