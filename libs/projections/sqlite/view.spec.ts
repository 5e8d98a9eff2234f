import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild, RebuildRunning, runView, UnexplainedLoss, type ViewDefinition } from '../src/index.ts';
import { CheckpointMoved } from './generation.ts';

const definition: ViewDefinition = {
  name: 'names',
  version: 1,
  families: ['registry'],
  tables: {
    seen: {
      columns: { revision: { type: 'integer' }, type: { type: 'text', notNull: true } },
      primaryKey: ['revision'],
    },
  },
  project: ({ revision, type }) => {
    if (type === 'bad') throw new SyntaxError('a secret');
    return [{ op: 'put', table: 'seen', row: { revision, type: type === 'null' ? null : type } }];
  },
};

describe('a view in a file', () => {
  let dir: string;
  let log: EventLog;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'views-'));
    log = await openSqliteLog({ path: ':memory:' });
  });
  afterEach(async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  });

  async function append(...types: string[]) {
    const tail = await log.tail('registry');
    const events = types.map((type, at) =>
      encodeRecord({
        format: 1,
        stream: 'registry',
        revision: tail + 1 + at,
        type,
        recordedAt: '2026-01-01T00:00:00.000Z' as Instant,
        by: 'hub' as OrganisationId,
        correlationId: 'c',
        data: {},
      }),
    );
    return (await log.append('registry', tail < 0 ? 'none' : tail, events)).token;
  }
  const rows = (view: Awaited<ReturnType<typeof openView>>) =>
    view.db.selectFrom('seen').selectAll().orderBy('revision').execute();

  it('follows the log, parks what it cannot understand or store, and reads your writes', async () => {
    const view = await openView({ definition, dir, log });
    const stop = new AbortController();
    const running = runView(view, { signal: stop.signal });
    expect(await view.waitUntil(await append('a', 'bad', 'null', 'b'), 2000)).toBe(true);
    expect((await rows(view)).map((row) => row['type'])).toEqual(['a', 'b']);
    expect(await view.db.selectFrom('parked').select(['revision', 'reason']).execute()).toEqual([
      { revision: 1, reason: 'SyntaxError' },
      { revision: 2, reason: 'ERR_SQLITE_ERROR' },
    ]);
    expect(await view.status()).toMatchObject({ generation: 1, behind: 0, parked: 2 });
    stop.abort();
    await running;
    await view.close();
  });

  it('writes rows and checkpoint together or not at all, and says who moved it', async () => {
    const token = await append('a');
    const events = await log.readStream('registry');
    const [one, two] = [await openView({ definition, dir, log }), await openView({ definition, dir, log })];
    await one.live.apply(log, events, token);
    await one.live.apply(log, events, token);
    const later = await append('b');
    await expect(two.live.apply(log, [], later)).rejects.toThrow(CheckpointMoved);
    expect(await rows(two)).toHaveLength(1);
    expect(one.live.events).toBe(1);
    await one.close();
    await two.close();
  });

  it('rebuilds beside the live generation, continues after an interruption, and swaps while serving', async () => {
    const token = await append(...Array.from({ length: 900 }, () => 'a'));
    const last = await log.readStream('registry');
    const view = await openView({ definition, dir, log });
    await view.live.apply(log, last, token);
    await view.beside().apply(log, last.slice(0, 400), last[399]?.token ?? token);
    await view.close();
    const raised = { ...definition, version: 2 };
    const again = await openView({ definition, dir, log });
    expect(again.beside().events).toBe(400);
    expect(await rows(again)).toHaveLength(900);
    const done = await rebuild(again, { elapsed: () => 1 });
    expect(done).toMatchObject({
      generation: 2,
      done: 900,
      of: 900,
      state: 'swapped',
      counts: { before: { seen: 900 }, after: { seen: 900 } },
    });
    expect(await rows(again)).toHaveLength(900);
    await again.close();
    const newer = await openView({ definition: raised, dir, log });
    expect([newer.generation, newer.stale]).toEqual([2, true]);
    await rebuild(newer, { elapsed: () => 1 });
    expect([newer.generation, newer.stale]).toEqual([3, false]);
    await newer.close();
  });

  it('writes no row where the checkpoint cannot be written', async () => {
    const token = await append('a');
    const view = await openView({ definition, dir, log });
    const other = new DatabaseSync(view.live.path);
    other.exec("create trigger stop before update on checkpoint begin select raise(abort, 'stopped'); end");
    const events = await log.readStream('registry');
    await expect(view.live.apply(log, events, token)).rejects.toThrow('stopped');
    expect([await rows(view), view.checkpoint()]).toEqual([[], null]);
    other.exec('drop trigger stop');
    other.close();
    await view.live.apply(log, events, token);
    expect(await rows(view)).toHaveLength(1);
    await view.close();
  });

  it('parks what a table refuses while it loads, and keeps the rest', async () => {
    const token = await append('a', 'bad', 'null', 'b');
    const view = await openView({ definition, dir, log });
    await view.live.apply(log, await log.readStream('registry'), token);
    const done = await rebuild(view, { elapsed: () => 1 });
    expect(done).toMatchObject({ state: 'swapped', parked: 2, counts: { after: { seen: 2 } } });
    await view.close();
  });

  it('keeps the old generation where rows are missing and nothing says why', async () => {
    const token = await append('a', 'b', 'c');
    const view = await openView({ definition, dir, log });
    await view.live.apply(log, await log.readStream('registry'), token);
    await view.close();
    const losing = await openView({
      definition: {
        ...definition,
        version: 2,
        project: (event, context) => (event.type === 'c' ? [] : definition.project(event, context)),
      },
      dir,
      log,
    });
    await expect(rebuild(losing, { elapsed: () => 1 })).rejects.toBeInstanceOf(UnexplainedLoss);
    expect(await losing.status()).toMatchObject({
      generation: 1,
      rebuild: { state: 'failed', reason: 'UNEXPLAINED_LOSS' },
    });
    expect(await rows(losing)).toHaveLength(3);
    await rebuild(losing, { elapsed: () => 1, evenIfFewer: true });
    expect(await rows(losing)).toHaveLength(2);
    await losing.close();
  });

  it('answers a query begun before the swap, and clears the old file away', async () => {
    const token = await append('a');
    const view = await openView({ definition, dir, log, grace: 50 });
    await view.live.apply(log, await log.readStream('registry'), token);
    const before = view.db;
    const first = rebuild(view, { elapsed: () => 1 });
    await expect(rebuild(view, { elapsed: () => 1 })).rejects.toBeInstanceOf(RebuildRunning);
    await first;
    expect(await before.selectFrom('seen').selectAll().execute()).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(readdirSync(dir).filter((file) => file.endsWith('.db'))).toEqual(['names.g2.db']);
    await view.close();
  });

  it('erases rows and their bytes from the live file, one being built, and one that a killed process left half-built', async () => {
    const secret = 'canary-of-this-view';
    const token = await append(secret, 'a');
    const erasing: ViewDefinition = {
      ...definition,
      erase: (type) => [{ op: 'remove', table: 'seen', where: { type }, final: true }],
    };
    const events = await log.readStream('registry');
    const killed = await openView({ definition: erasing, dir, log });
    await killed.live.apply(log, events, token);
    await killed.beside().apply(log, events, token);
    await killed.close();
    expect(filesWith(secret)).toHaveLength(2);
    const view = await openView({ definition: erasing, dir, log });
    await view.eraseRows(secret);
    expect(filesWith(secret)).toEqual([]);
    expect(await rows(view)).toHaveLength(1);
    await view.close();
  });

  it('waits for a reader of another process to let the write-ahead log go', async () => {
    const secret = 'canary-of-this-view';
    const token = await append(secret);
    const view = await openView({
      definition: { ...definition, erase: (type) => [{ op: 'remove', table: 'seen', where: { type } }] },
      dir,
      log,
    });
    await view.live.apply(log, await log.readStream('registry'), token);
    const reader = new DatabaseSync(view.live.path);
    reader.exec('begin; select * from seen');
    reader.prepare('select * from seen').all();
    let erased = false;
    const erasing = view.eraseRows(secret).then(() => (erased = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(erased).toBe(false);
    reader.exec('commit');
    reader.close();
    await erasing;
    expect(filesWith(secret)).toEqual([]);
    await view.close();
  });

  function filesWith(bytes: string): readonly string[] {
    return readdirSync(dir).filter((file) => readFileSync(join(dir, file)).includes(bytes));
  }
});
