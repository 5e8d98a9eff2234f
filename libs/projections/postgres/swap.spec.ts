import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { openPool, postgresLeadership } from '#database/postgres';
import { postgresViews, type TestViews } from '#testing/servers';
import { NewerGeneration, openView, rebuild, runView, type OpenView, type View } from '../src/index.ts';
import { append as appendTo, definition, types } from '../test/world.ts';

describe('a view that processes share', () => {
  let views: TestViews & { readonly url: string };
  let log: EventLog;
  let stop: AbortController;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    views = await postgresViews();
    log = await openSqliteLog({ path: ':memory:' });
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    for (const close of closing.splice(0).reverse()) await close();
    await log.close();
    await views.remove();
  });
  const append = (...names: string[]) => appendTo(log, ...names);
  /** A view as another process has it: with its own place in the line. */
  const another = async (options: Partial<OpenView> = {}): Promise<View> => {
    const leadership = postgresLeadership(views.url);
    const where = { kind: 'postgres', url: views.url, leadership } as const;
    const view = await openView({ definition, log, where, ...options });
    closing.push(
      () => leadership.close(),
      () => view.close(),
    );
    return view;
  };
  const project = (view: View, until = stop): Promise<void> => {
    const running = runView(view, { signal: until.signal });
    closing.push(() => {
      until.abort();
      return running.catch(() => undefined);
    });
    return running;
  };

  it('is read without an error and without a wrong row while generations are swapped, also of other tables', async () => {
    const whole = Array.from({ length: 300 }, (_, n) => `t${String(n)}`);
    const token = await append(...whole);
    const projector = await another({ grace: 100 });
    await projector.apply(await log.readStream('registry'), token);
    const readers = await Promise.all([another(), another(), another()]);
    let [reads, reading] = [0, true];
    const read = async (view: View): Promise<void> => {
      while (reading) {
        // The same text again and again, so that the server has it prepared; `*` shows what a generation has more.
        const rows = await view.db.selectFrom('seen').selectAll().orderBy('revision').execute();
        expect(rows.map((row) => row['type'])).toEqual(whole);
        reads += 1;
      }
    };
    const running = readers.flatMap((view) => [read(view), read(view)]);
    for (let version = 2; version < 8; version++) {
      const seen = definition.tables['seen'];
      if (seen === undefined) throw new Error('no table');
      const more = version % 2 === 0 ? { more: { type: 'text' } as const } : {};
      const tables = { seen: { ...seen, columns: { ...more, ...seen.columns } } };
      const next = await another({ definition: { ...definition, version, tables }, grace: 100 });
      await rebuild(next, { elapsed: () => 1 });
      await wait(150);
    }
    // The last old one is gone by now, and who has not looked since finds the new one.
    await wait(700);
    reading = false;
    await Promise.all(running);
    expect(reads).toBeGreaterThan(100);
    expect((await readers[0].status()).generation).toBe(7);
    const left = await schemas();
    expect(left).toEqual(['view_of_names_g7']);
  });

  it('asks again where a generation was removed since it looked', async () => {
    const token = await append('a');
    const [projector, reader] = [await another({ grace: 0 }), await another()];
    await projector.apply(await log.readStream('registry'), token);
    expect(await types(reader)).toEqual(['a']);
    await rebuild(projector, { elapsed: () => 1 });
    await until(async () => (await schemas()).length === 1);
    expect(await types(reader)).toEqual(['a']);
  });

  it('streams rows in chunks, of the generation it began on', async () => {
    const token = await append(...Array.from({ length: 250 }, () => 'a'));
    const view = await another();
    await view.apply(await log.readStream('registry'), token);
    const revisions: unknown[] = [];
    const stream = view.db.selectFrom('seen').selectAll().where('type', '=', 'a').orderBy('revision').stream(100);
    for await (const row of stream) {
      if (revisions.length === 0) await rebuild(view, { elapsed: () => 1 });
      revisions.push(row['revision']);
    }
    expect(revisions).toEqual(Array.from({ length: 250 }, (_, n) => n));
  });

  it('shows every process how far it is and how a rebuild stands, and takes requests for one from any', async () => {
    const [projector, other] = [await another(), await another()];
    void project(projector);
    const token = await append('a', 'bad');
    expect(await other.waitUntil(token, 10_000)).toBe(true);
    expect(await other.status()).toEqual({ name: 'of-names', generation: 1, behind: 0, parked: 1, rebuild: null });
    expect([await other.askRebuild(), await projector.askRebuild()]).toEqual([true, false]);
    await until(async () => (await other.status()).rebuild?.state === 'swapped' && !(await other.rebuildAsked()));
    expect(await other.status()).toEqual(await projector.status());
    expect(await other.status()).toMatchObject({ generation: 2, rebuild: { generation: 2, done: 2, parked: 1 } });
    expect(await types(other)).toEqual(['a']);
  });

  it('is projected by one at a time; another takes over, and goes on with the rebuild that was asked for', async () => {
    const [one, two] = [await another(), await another()];
    const first = new AbortController();
    const running = project(one, first);
    expect(await one.waitUntil(await append('a'), 10_000)).toBe(true);
    void project(two);
    first.abort();
    await running;
    await two.askRebuild();
    expect(await one.waitUntil(await append('b'), 10_000)).toBe(true);
    await until(async () => (await one.status()).rebuild?.state === 'swapped');
    expect(await types(one)).toEqual(['a', 'b']);
  });

  it('is not taken back by a program of yesterday, unless that is asked for', async () => {
    const token = await append('a');
    const newer = await another({ definition: { ...definition, version: 2 } });
    await newer.apply(await log.readStream('registry'), token);
    const older = await another();
    await expect(runView(older, { signal: stop.signal })).rejects.toBeInstanceOf(NewerGeneration);
    expect((await newer.status()).generation).toBe(1);
    await older.askRebuild();
    await expect(runView(older, { signal: stop.signal })).rejects.toBeInstanceOf(NewerGeneration);
    expect([(await older.live()).version, (await newer.status()).generation]).toEqual([1, 2]);
    void project(older);
    expect(await older.waitUntil(await append('b'), 10_000)).toBe(true);
  });

  it('lets those roles read that are named as its readers, of every generation, and write nothing', async () => {
    const owner = openPool({ url: views.url, schema: 'views' });
    const role = `reader_${views.url.slice(-12)}`;
    await owner.query(`create role ${role} login`);
    closing.push(async () => {
      await owner.query(`drop owned by ${role}; drop role ${role}`);
      await owner.end();
    });
    await owner.query(`grant usage on schema views to ${role}; grant select on all tables in schema views to ${role}`);
    await owner.query("insert into views.reader values ('of-names', $1)", [role]);
    const token = await append('a');
    const projector = await another();
    await projector.apply(await log.readStream('registry'), token);
    const url = new URL(views.url);
    url.username = role;
    const where = { kind: 'postgres', url: url.href, leadership: postgresLeadership(url.href) } as const;
    const reader = await openView({ definition, log, where });
    closing.push(
      () => where.leadership.close(),
      () => reader.close(),
    );
    expect([await types(reader), await reader.checkpoint()]).toEqual([['a'], token]);
    await rebuild(projector, { elapsed: () => 1 });
    expect([await types(reader), (await reader.status()).generation]).toEqual([['a'], 2]);
    await expect(reader.eraseRows('a')).rejects.toThrow('42501');
    await expect(reader.db.deleteFrom('seen').execute()).rejects.toThrow('25006');
    const other = await openView({ definition: { ...definition, name: 'not-theirs' }, log, where });
    closing.push(() => other.close());
    await expect(types(other)).rejects.toThrow('not-theirs');
  });

  async function schemas(): Promise<readonly string[]> {
    const client = new pg.Client({ connectionString: views.url });
    await client.connect();
    const { rows } = await client.query<{ name: string }>(
      "select nspname as name from pg_namespace where nspname like 'view\\_%' order by name",
    );
    await client.end();
    return rows.map(({ name }) => name);
  }
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 800 && !(await holds()); tries++) await wait(20);
}
