import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import type { Instant, OrganisationId } from '#kernel';
import { openView, rebuild, runView, type ViewDefinition } from '../src/index.ts';
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
    expect(await view.status()).toMatchObject({ generation: 1, behind: false, parked: 2 });
    stop.abort();
    await running;
    await view.close();
  });

  it('writes rows and checkpoint together or not at all, and says who moved it', async () => {
    const token = await append('a');
    const events = await log.readStream('registry');
    const [one, two] = [await openView({ definition, dir, log }), await openView({ definition, dir, log })];
    one.live.apply(log, events, token);
    one.live.apply(log, events, token);
    const later = await append('b');
    expect(() => two.live.apply(log, [], later)).toThrow(CheckpointMoved);
    expect(await rows(two)).toHaveLength(1);
    expect(one.live.events).toBe(1);
    await one.close();
    await two.close();
  });

  it('rebuilds beside the live generation, continues after an interruption, and swaps while serving', async () => {
    const token = await append(...Array.from({ length: 900 }, () => 'a'));
    const last = await log.readStream('registry');
    const view = await openView({ definition, dir, log });
    view.live.apply(log, last, token);
    view.beside().apply(log, last.slice(0, 400), last[399]?.token ?? token);
    await view.close();
    const raised = { ...definition, version: 2 };
    const again = await openView({ definition, dir, log });
    expect(again.beside().events).toBe(400);
    expect(await rows(again)).toHaveLength(900);
    const done = await rebuild(again, { elapsed: () => 1 });
    expect(done).toMatchObject({
      generation: 2,
      position: 900,
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
});
