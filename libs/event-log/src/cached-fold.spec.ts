import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { encodeRecord } from '#contracts';
import { cachedFolds, type EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';

let log: EventLog;
let folded: string[];
beforeEach(async () => {
  log = await openSqliteLog({ path: ':memory:' });
  folded = [];
});
afterEach(() => log.close());

async function happen(stream: string, revision: number): Promise<void> {
  const record = {
    format: 1,
    stream,
    revision,
    type: 'tests.happened.v1',
    recordedAt: '2026-01-01T00:00:00.000Z' as Instant,
    by: 'hub' as OrganisationId,
    correlationId: 'one',
    data: {},
  } as const;
  await log.append(stream, revision === 0 ? 'none' : revision - 1, [encodeRecord(record)]);
}
const counting = (most: number) =>
  cachedFolds<number>({
    log,
    initial: () => 0,
    evolve: (count, _event, stream) => {
      folded.push(stream);
      return count + 1;
    },
    most,
  });

it('folds each event once, and only what is new', async () => {
  const count = counting(10);
  expect(await count('process-a')).toEqual({ state: 0, revision: -1 });
  await happen('process-a', 0);
  await happen('process-a', 1);
  expect(await count('process-a')).toEqual({ state: 2, revision: 1 });
  await count('process-a');
  await happen('process-a', 2);
  expect(await count('process-a')).toEqual({ state: 3, revision: 2 });
  expect(folded).toHaveLength(3);
});

it('lets the least recently asked stream go first', async () => {
  const count = counting(2);
  for (const stream of ['process-a', 'process-b', 'process-c']) await happen(stream, 0);
  for (const stream of ['process-a', 'process-b', 'process-a', 'process-c']) await count(stream);
  folded = [];
  await count('process-a');
  expect(folded).toEqual([]);
  await count('process-b');
  expect(folded).toEqual(['process-b']);
});

it('agrees when asked many times at once while the stream grows', async () => {
  const count = counting(2);
  const asked = [];
  for (let revision = 0; revision < 20; revision++) {
    await happen('process-a', revision);
    asked.push(count('process-a'), count('process-a'));
  }
  const answers = await Promise.all(asked);
  expect(answers.every(({ state, revision }) => state === revision + 1)).toBe(true);
  expect(await count('process-a')).toEqual({ state: 20, revision: 19 });
});
