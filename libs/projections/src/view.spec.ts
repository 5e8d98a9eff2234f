import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventLog, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { viewBackends, type TestViews } from '#testing/servers';
import { append as appendTo, definition, types } from '../test/world.ts';
import {
  CheckpointMoved,
  openView,
  rebuild,
  RebuildRunning,
  ROW_REFUSED,
  runView,
  UnexplainedLoss,
  type OpenView,
  type View,
  type ViewDefinition,
} from './index.ts';

describe.each(viewBackends)('a view on %s', (_name, begin) => {
  let views: TestViews;
  let log: EventLog;
  const opened: View[] = [];
  beforeEach(async () => {
    views = await begin();
    log = await openSqliteLog({ path: ':memory:' });
  });
  afterEach(async () => {
    for (const view of opened.splice(0)) await view.close();
    await log.close();
    await views.remove();
  });

  const append = (...names: string[]) => appendTo(log, ...names);
  const open = async (differs: Partial<ViewDefinition> = {}, options: Partial<OpenView> = {}): Promise<View> => {
    const view = await openView({ definition: { ...definition, ...differs }, log, where: views.where, ...options });
    opened.push(view);
    return view;
  };
  const everything = () => log.readStream('registry');
  const elapsed = () => 1;

  it('follows the log, parks what it cannot understand or store, and reads your writes', async () => {
    const view = await open();
    const stop = new AbortController();
    const running = runView(view, { signal: stop.signal });
    expect(await view.waitUntil(await append('a', 'bad', 'null', 'b'), 10_000)).toBe(true);
    expect(await types(view)).toEqual(['a', 'b']);
    expect(await view.db.selectFrom('parked').select(['revision', 'reason']).orderBy('revision').execute()).toEqual([
      { revision: 1, reason: 'SyntaxError' },
      { revision: 2, reason: ROW_REFUSED },
    ]);
    expect(await view.status()).toMatchObject({ name: 'of-names', generation: 1, behind: 0, parked: 2, rebuild: null });
    const later = String(Number(await append('c')) + 1_000) as LogToken;
    expect(await view.waitUntil(later, 20)).toBe(false);
    stop.abort();
    await running;
  });

  it('writes rows and checkpoint together or not at all, passes over what it has read, and says who moved it', async () => {
    const token = await append('a');
    const [one, two] = [await open(), await open()];
    await two.begin();
    await one.apply(await everything(), token);
    await one.apply(await everything(), token);
    const later = await append('b');
    await expect(two.apply([], later)).rejects.toBeInstanceOf(CheckpointMoved);
    expect([await types(two), await one.checkpoint()]).toEqual([['a'], token]);
    expect((await one.live()).events).toBe(1);
    // Whoever takes the next turn goes on from what is stored.
    await two.begin();
    await two.apply(await everything(), later);
    expect(await types(one)).toEqual(['a', 'b']);
  });

  it('rebuilds beside the live generation, continues after an interruption, and swaps while serving', async () => {
    const token = await append(...Array.from({ length: 900 }, () => 'a'));
    const last = await everything();
    const view = await open();
    await view.apply(last, token);
    await view.load(await view.beside(), last.slice(0, 400), last[399]?.token ?? token);
    await view.close();
    const again = await open();
    expect((await again.beside()).events).toBe(400);
    expect(await types(again)).toHaveLength(900);
    expect(await rebuild(again, { elapsed })).toMatchObject({
      generation: 2,
      done: 900,
      of: 900,
      state: 'swapped',
      counts: { before: { seen: 900 }, after: { seen: 900 } },
    });
    expect(await types(again)).toHaveLength(900);
    expect(await again.status()).toMatchObject({ generation: 2, behind: 0, rebuild: { state: 'swapped' } });
    await again.close();
    const newer = await open({ version: 2 });
    expect((await newer.live()).version).toBe(1);
    const stop = new AbortController();
    const running = runView(newer, { signal: stop.signal });
    await newer.waitUntil(await append('b'), 10_000);
    expect([(await newer.live()).version, (await newer.status()).generation]).toEqual([2, 3]);
    stop.abort();
    await running;
  });

  it('throws away what another version had begun to build', async () => {
    const token = await append('a', 'b');
    const view = await open();
    await view.apply(await everything(), token);
    await view.load(await view.beside(), await everything(), token);
    await view.close();
    const newer = await open({ version: 2 });
    expect((await newer.beside()).events).toBe(0);
    await rebuild(newer, { elapsed });
    expect([await types(newer), (await newer.live()).version]).toEqual([['a', 'b'], 2]);
  });

  it('parks what a table refuses while it loads, and keeps the rest', async () => {
    const token = await append('a', 'bad', 'null', 'b');
    const view = await open();
    await view.apply(await everything(), token);
    const done = await rebuild(view, { elapsed });
    expect(done).toMatchObject({ state: 'swapped', parked: 2, counts: { after: { seen: 2 } } });
    expect(await types(view)).toEqual(['a', 'b']);
  });

  it('keeps the old generation where rows are missing and nothing says why', async () => {
    const token = await append('a', 'b', 'c');
    const view = await open();
    await view.apply(await everything(), token);
    await view.close();
    const losing = await open({
      version: 2,
      project: (event, context) => (event.type === 'c' ? [] : definition.project(event, context)),
    });
    await expect(rebuild(losing, { elapsed })).rejects.toBeInstanceOf(UnexplainedLoss);
    expect(await losing.status()).toMatchObject({
      generation: 1,
      rebuild: { state: 'failed', reason: 'UNEXPLAINED_LOSS' },
    });
    expect(await types(losing)).toHaveLength(3);
    await rebuild(losing, { elapsed, evenIfFewer: true });
    expect(await types(losing)).toHaveLength(2);
  });

  it('answers a query begun before the swap, and lets one rebuild run at a time', async () => {
    const token = await append('a');
    const view = await open({}, { grace: 50 });
    await view.apply(await everything(), token);
    const before = view.db;
    const first = rebuild(view, { elapsed });
    await expect(rebuild(view, { elapsed })).rejects.toBeInstanceOf(RebuildRunning);
    await first;
    expect(await before.selectFrom('seen').selectAll().execute()).toHaveLength(1);
  });

  it('carries out the rebuild that is asked for once, however often it is asked, and goes on following', async () => {
    const view = await open();
    await append('a', 'b');
    expect([await view.askRebuild(), await view.askRebuild()]).toEqual([true, false]);
    const stop = new AbortController();
    const running = runView(view, { signal: stop.signal });
    await until(async () => (await view.status()).rebuild?.state === 'swapped' && !(await view.rebuildAsked()));
    expect(await view.waitUntil(await append('c'), 10_000)).toBe(true);
    expect([(await view.status()).generation, await types(view)]).toEqual([2, ['a', 'b', 'c']]);
    stop.abort();
    await running;
  });

  it('tells of a rebuild that was asked for and failed, and goes on following', async () => {
    const failed: unknown[] = [];
    const token = await append('a', 'c');
    await (await open()).apply(await everything(), token);
    const view = await open({ project: () => [] });
    await view.askRebuild();
    const stop = new AbortController();
    const running = runView(view, { signal: stop.signal, onRebuildFailed: (error) => failed.push(error) });
    await until(async () => failed.length > 0 && !(await view.rebuildAsked()));
    expect(failed[0]).toBeInstanceOf(UnexplainedLoss);
    expect(await view.waitUntil(await append('d'), 10_000)).toBe(true);
    expect((await view.status()).generation).toBe(1);
    stop.abort();
    await running;
  });

  it('erases from the live generation, from one being built, and from one that a killed process left half-built', async () => {
    const token = await append('secret', 'a', 'secret');
    const killed = await open();
    await killed.apply(await everything(), token);
    await killed.load(await killed.beside(), await everything(), token);
    await killed.close();
    const view = await open();
    expect(await view.eraseRows('secret')).toBe(4);
    expect(await types(view)).toEqual(['a']);
    expect(await (await view.beside()).counts()).toEqual({ seen: 1 });
    expect([await (await view.live()).gone(), await (await view.beside()).gone()]).toEqual([2, 2]);
    expect(await rebuild(view, { elapsed })).toMatchObject({ state: 'swapped', counts: { after: { seen: 1 } } });
  });

  it('erases from a generation that was replaced and still answers', async () => {
    const token = await append('secret', 'a');
    const view = await open();
    await view.apply(await everything(), token);
    await rebuild(view, { elapsed });
    expect(await view.eraseRows('secret')).toBe(2);
  });

  it('writes nothing of a record that was erased after its events were projected', async () => {
    const [asked, answer] = [Promise.withResolvers<undefined>(), Promise.withResolvers<boolean>()];
    let alive: boolean | Promise<boolean> = answer.promise;
    const view = await open(
      {
        project: (event, { keyAlive }) => {
          const known = keyAlive(event.type);
          const rows = (is: boolean) => (is ? definition.project(event, { keyAlive }) : []);
          return typeof known === 'boolean' ? rows(known) : known.then(rows);
        },
      },
      {
        context: {
          keyAlive: (key) => {
            asked.resolve(undefined);
            return key === 'secret' ? alive : true;
          },
        },
      },
    );
    const token = await append('secret', 'a');
    const applying = view.apply(await everything(), token);
    await asked.promise;
    // The key was alive when it was asked for; then it is destroyed, and the rows of its record with it.
    alive = Promise.resolve(false);
    expect(await view.eraseRows('secret')).toBe(0);
    answer.resolve(true);
    await applying;
    expect(await types(view)).toEqual(['a']);
    expect(await (await view.live()).gone()).toBe(1);
  });

  it('parks no event of which nobody can say whether its key lives, and reads it again', async () => {
    let reachable = false;
    const view = await open(
      { project: async (event, context) => ((await context.keyAlive('k')) ? definition.project(event, context) : []) },
      { context: { keyAlive: () => (reachable ? true : Promise.reject(new Error('no answer'))) } },
    );
    const token = await append('a', 'bad');
    await expect(view.apply(await everything(), token)).rejects.toThrow('no answer');
    expect([await view.checkpoint(), (await view.status()).parked]).toEqual([null, 0]);
    reachable = true;
    await view.apply(await everything(), token);
    expect([await types(view), (await view.status()).parked]).toEqual([['a'], 1]);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 800 && !(await holds()); tries++) await wait(10);
}
