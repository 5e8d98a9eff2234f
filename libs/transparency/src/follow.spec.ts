import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeRecord, FAMILIES } from '#contracts';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';
import { openTree, RollbackDetected, type LeafEvent, type LeafSource, type LogTree } from './index.ts';

const record = (n: number, word: string) =>
  encodeRecord({
    format: 1,
    stream: `fact-${n}`,
    revision: 0,
    type: 'tests.happened.v1',
    recordedAt: '2026-09-01T09:00:00.000Z' as Instant,
    by: 'hub' as OrganisationId,
    correlationId: 'c',
    data: { n, word },
  });
const event = (n: number, word = 'said'): LeafEvent => ({
  ...record(n, word),
  stream: `fact-${n}`,
  revision: 0,
  token: String(n),
});
const events = (count: number) => Array.from({ length: count }, (_, n) => event(n));

/** A log of which a server hands out what it has at that moment; counts the events it was asked for. */
function server(rows: () => readonly LeafEvent[]): LeafSource & { read: number } {
  async function* from(after: string | null | undefined, batch = 500) {
    for (let at = after == null ? 0 : Number(after) + 1; at < rows().length; at += batch) {
      const page = rows().slice(at, at + batch);
      source.read += page.length;
      yield page;
    }
  }
  const source: LeafSource & { read: number } = {
    read: 0,
    readAll: ({ after, batch }) => from(after, batch),
    async *subscribe({ after, batch }) {
      for await (const found of from(after, batch)) yield { kind: 'events', events: found };
      throw new Error('dropped');
    },
  };
  return source;
}

const opened: LogTree[] = [];
afterEach(() => {
  for (const tree of opened.splice(0)) tree.close();
});
const treeOf = (log: LeafSource): LogTree => {
  const tree = openTree({ path: ':memory:', log, batch: 100 });
  opened.push(tree);
  return tree;
};
const follow = (tree: LogTree) => tree.follow(new AbortController().signal);

describe('a tree that follows a log again after a drop', () => {
  it('goes on after its last leaf where that still stands, and reads little for it', async () => {
    let rows = events(700);
    const log = server(() => rows);
    const tree = treeOf(log);
    await expect(follow(tree)).rejects.toThrow('dropped');
    rows = events(710);
    log.read = 0;
    await expect(follow(tree)).rejects.toThrow('dropped');
    expect(tree.tree.size).toBe(710);
    // 700 is 188 past a remembered place; then the ten that are new.
    expect(log.read).toBeLessThanOrEqual(188 + 20);
  });

  it.each([
    ['replaced', [...events(699), event(699, 'unsaid')], 'recent-leaves-differ', 699],
    ['moved', [...events(698), event(699), event(698), event(700)], 'recent-leaves-differ', 698],
    ['missing', events(699), 'log-shorter', 699],
    ['missing with all before it', [], 'log-shorter', 512],
    [
      'missing, with others in its place and after it',
      [...events(699), event(900), event(901)],
      'recent-leaves-differ',
      699,
    ],
  ] as const)('does not grow where the event of its last leaf is %s', async (_, later, reason, index) => {
    let rows: readonly LeafEvent[] = events(700);
    const tree = treeOf(server(() => rows));
    await expect(follow(tree)).rejects.toThrow('dropped');
    const root = tree.tree.root();
    rows = later;
    const again = follow(tree);
    await expect(again).rejects.toBeInstanceOf(RollbackDetected);
    await expect(again).rejects.toMatchObject({ reason, index });
    expect([tree.tree.size, tree.tree.root()]).toEqual([700, root]);
  });

  it('does so on the embedded log as well', async () => {
    const log = await openSqliteLog({ path: ':memory:' });
    const other = await openSqliteLog({ path: ':memory:' });
    for (let n = 0; n < 3; n++) await log.append(`fact-${n}`, 'none', [record(n, 'said')]);
    for (let n = 0; n < 3; n++) await other.append(`fact-${n}`, 'none', [record(n, n === 2 ? 'unsaid' : 'said')]);
    let now = log;
    const source: LeafSource = {
      readAll: (read) => now.readAll(read as never),
      subscribe: (read) => now.subscribe(read as never),
    };
    const tree = treeOf(source);
    await tree.catchUp();
    const stop = new AbortController();
    stop.abort();
    await tree.follow(stop.signal);
    now = other;
    await expect(tree.follow(stop.signal)).rejects.toMatchObject({ reason: 'recent-leaves-differ', index: 2 });
    expect(FAMILIES).toContain('fact');
    await Promise.all([log.close(), other.close()]);
  });
});

it('is caught up while it follows, each event a leaf once, whoever read it first', async () => {
  let rows = events(3);
  const waiting: (() => void)[] = [];
  const turns = (): Promise<void> => new Promise((resolve) => waiting.push(resolve));
  const log = server(() => rows);
  const slow: LeafSource = {
    ...log,
    // Tells of what there is in twos, each only when it is let.
    async *subscribe({ after }) {
      for (let at = after == null ? 0 : Number(after) + 1; ; at += 2) {
        await turns();
        yield { kind: 'events', events: rows.slice(at, at + 2) };
      }
    },
  };
  const tree = treeOf(slow);
  void tree.follow(new AbortController().signal);
  const next = async (): Promise<void> => {
    while (waiting.length === 0) await new Promise(setImmediate);
    waiting.shift()?.();
    while (waiting.length === 0) await new Promise(setImmediate);
  };
  await next();
  expect(tree.tree.size).toBe(2);
  rows = events(6);
  await tree.catchUp();
  expect(tree.tree.size).toBe(6);
  await next();
  await next();
  rows = events(8);
  await next();
  expect(tree.tree.size).toBe(8);
  const alone = treeOf(log);
  await alone.catchUp();
  expect(Buffer.from(tree.tree.root()).equals(Buffer.from(alone.tree.root()))).toBe(true);
});
