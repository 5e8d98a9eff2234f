import { expect, it } from '@jest/globals';
import { cachedFolds, handleCommand, type Decider } from '#event-log';
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
