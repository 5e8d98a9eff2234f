import { afterEach, expect, it } from '@jest/globals';
import { openTree, RollbackDetected, type LogTree } from '#transparency';
import { EventStoreDouble } from './double/index.ts';
import { doubles, record, until } from './test/on-double.ts';

const { open, start } = doubles();
const trees: LogTree[] = [];
afterEach(() => {
  for (const tree of trees.splice(0)) tree.close();
});

it('grows over drops of its subscription, and no further once the server came back with another last leaf', async () => {
  const double = await start();
  const log = await open(double, { quietMs: 20, idleMs: 40 });
  const other = await open(await start());
  const tree = openTree({ path: ':memory:', log });
  trees.push(tree);
  const ours = async (n: number) => log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
  for (let n = 0; n < 5; n++) await ours(n);
  const first = tree.follow(new AbortController().signal);
  await until(() => tree.tree.size === 5);
  double.drop('error');
  // Listening, or looking how far the log is.
  await expect(first).rejects.toMatchObject({
    name: expect.stringMatching(/^(SubscriptionDropped|LogUnavailable)$/) as unknown,
  });
  await ours(5);
  const second = tree.follow(new AbortController().signal);
  await until(() => tree.tree.size === 6);
  double.stop();
  await expect(second).rejects.toThrow();

  // A backup from before the last event, and then something else in its place.
  const restored = await EventStoreDouble.start({ port: double.port });
  for (let n = 0; n < 5; n++) await log.append(`fact-${n}`, 'none', [record(`fact-${n}`)]);
  await expect(tree.follow(new AbortController().signal)).rejects.toMatchObject({ reason: 'log-shorter', index: 5 });
  await log.append('fact-5', 'none', [record('fact-5', 0, 'something else')]);
  const third = tree.follow(new AbortController().signal);
  await expect(third).rejects.toBeInstanceOf(RollbackDetected);
  await expect(third).rejects.toMatchObject({ reason: 'recent-leaves-differ', index: 5 });
  expect([tree.tree.size, await other.head()]).toEqual([6, null]);
  restored.stop();
});
