import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { alone } from '#database';
import { openSqliteLog } from '#event-log/sqlite';
import { postgresViews, startPostgres, testDatabase } from '#testing/servers';
import { CheckpointMoved, openView, runView } from '../src/index.ts';
import { killedOften, killing } from '../test/killing.ts';
import { folded, stories, tell } from '../test/stories.ts';

describe('a projector that is killed', () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const world = async (url: string) => {
    const made = await killing(url);
    closing.push(() => made.remove());
    return made;
  };

  it('at any moment, leaves the rows that a fold over the log has: nothing is lost, nothing stands twice', async () => {
    const database = await testDatabase();
    closing.push(() => database.remove());
    const killed = await world(database.url);
    await killedOften(killed, 4);
    const { rows, fold, events, told } = await killed.settled();
    expect(rows).toEqual(fold);
    expect(events).toBe(told);
  });

  it('in the middle of a transaction, leaves nothing of it, and the one that stood by goes on', async () => {
    const database = await testDatabase();
    closing.push(() => database.remove());
    const killed = await world(database.url);
    await killed.tell(50);
    const [first] = [await killed.start(), await killed.start()];
    await killed.settled();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    closing.push(() => client.end());
    // The checkpoint has moved and rows are written when the server is made to wait, and none of it is committed.
    await client.query(`create function wait_a_while() returns trigger language plpgsql as
      $$ begin perform pg_sleep(1); return null; end $$`);
    await client.query(
      'create trigger waiting after insert on view_stories_g1.told for each statement execute function wait_a_while()',
    );
    await killed.tell(70);
    await waiting(client);
    await first.kill();
    await client.query('drop trigger waiting on view_stories_g1.told');
    const { rows, fold, events, told } = await killed.settled();
    expect(rows).toEqual(fold);
    expect([events, told]).toEqual([120, 120]);
  });

  it('with its server, goes on when the server is there again', async () => {
    const server = await startPostgres();
    closing.push(() => server.remove());
    const killed = await world(server.url);
    await killed.start();
    await killed.tell(200);
    await killed.settled();
    const telling = killed.tell(500);
    await wait(30);
    await server.kill();
    await telling;
    // While there is nobody to write to.
    await killed.tell(100);
    await wait(300);
    await server.restart();
    const { rows, fold, events, told } = await killed.settled();
    expect(rows).toEqual(fold);
    expect(events).toBe(told);
  });
});

it('stops one of two projectors that do not take turns, and no event is read twice', async () => {
  const views = await postgresViews();
  const log = await openSqliteLog({ path: ':memory:' });
  const where = { kind: 'postgres', url: views.url, leadership: alone } as const;
  const both = [
    await openView({ definition: stories, log, where }),
    await openView({ definition: stories, log, where }),
  ];
  const stop = new AbortController();
  const moved: unknown[] = [];
  const running = both.map((view) =>
    runView(view, { signal: stop.signal }).catch((error: unknown) => void moved.push(error)),
  );
  let told = 0;
  for (let tries = 0; tries < 1_000 && moved.length === 0; tries++) {
    told = await tell(log, told, 5);
    await wait(20);
  }
  expect(moved).toHaveLength(1);
  expect(moved[0]).toBeInstanceOf(CheckpointMoved);
  const [view] = both;
  const head = await log.head();
  if (view === undefined || head === null) throw new Error('no view');
  expect(await view.waitUntil(head, 20_000)).toBe(true);
  const rows = await view.db.selectFrom('told').selectAll().execute();
  expect(rows).toHaveLength((await folded(log)).told.length);
  expect((await view.live()).events).toBe(told);
  stop.abort();
  await Promise.all(running);
  for (const each of both) await each.close();
  await log.close();
  await views.remove();
});

/** Until somebody's statement sleeps in the trigger. */
async function waiting(client: pg.Client): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { rowCount } = await client.query(
      "select 1 from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()",
    );
    if (rowCount !== 0) return;
    await wait(10);
  }
  throw new Error('nobody waits');
}
