import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { openView, rebuild, type OpenView, type ViewPlace } from '../src/index.ts';
import { append as appendTo, definition, types } from '../test/world.ts';

describe('a view in a file', () => {
  let dir: string;
  let where: ViewPlace;
  let log: EventLog;
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'views-'));
    where = { kind: 'sqlite', dir };
    log = await openSqliteLog({ path: ':memory:' });
  });
  afterEach(async () => {
    await log.close();
    rmSync(dir, { recursive: true });
  });
  const append = (...names: string[]) => appendTo(log, ...names);
  const open = (options: Partial<OpenView> = {}) => openView({ definition, where, log, ...options });
  const live = () => join(dir, 'of-names.g1.db');

  it('writes no row where the checkpoint cannot be written', async () => {
    const token = await append('a');
    const view = await open();
    const other = new DatabaseSync(live());
    other.exec("create trigger stop before update on checkpoint begin select raise(abort, 'stopped'); end");
    const events = await log.readStream('registry');
    await expect(view.apply(events, token)).rejects.toThrow('stopped');
    expect([await types(view), await view.checkpoint()]).toEqual([[], null]);
    other.exec('drop trigger stop');
    other.close();
    await view.apply(events, token);
    expect(await types(view)).toHaveLength(1);
    await view.close();
  });

  it('clears the old file away after a swap', async () => {
    const token = await append('a');
    const view = await open({ grace: 50 });
    await view.apply(await log.readStream('registry'), token);
    await rebuild(view, { elapsed: () => 1 });
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(readdirSync(dir).filter((file) => file.endsWith('.db'))).toEqual(['of-names.g2.db']);
    await view.close();
  });

  it('erases the bytes from the live file, one being built, and one that a killed process left half-built', async () => {
    const secret = 'canary-of-this-view';
    const token = await append(secret, 'a');
    const events = await log.readStream('registry');
    const killed = await open();
    await killed.apply(events, token);
    await killed.load(await killed.beside(), events, token);
    await killed.close();
    expect(filesWith(secret)).toHaveLength(2);
    const view = await open();
    await view.eraseRows(secret);
    expect(filesWith(secret)).toEqual([]);
    expect(await types(view)).toHaveLength(1);
    await view.close();
  });

  it('waits for a reader of another process to let the write-ahead log go', async () => {
    const secret = 'canary-of-this-view';
    const token = await append(secret);
    const view = await open();
    await view.apply(await log.readStream('registry'), token);
    const reader = new DatabaseSync(live());
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
