import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPostgres, type TestPostgres } from '#testing/servers';
import { DatabaseUnavailable, SchemaNotCurrent, type StoreSchema } from '../src/index.ts';
import { migrateDatabase, openPostgresDatabase, postgresLeadership } from './index.ts';

const store: StoreSchema = {
  name: 'shop',
  tables: { thing: { columns: { id: { type: 'text', notNull: true } }, primaryKey: ['id'] } },
};

describe('a PostgreSQL server that is killed', () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.remove());

  it('is not worked with before its migration', async () => {
    await expect(openPostgresDatabase({ url: server.url, store })).rejects.toBeInstanceOf(SchemaNotCurrent);
    expect(await migrateDatabase(server.url, [store])).toEqual([{ store: 'shop', steps: 1 }]);
    expect(await migrateDatabase(server.url, [store])).toEqual([{ store: 'shop', steps: 0 }]);
  });

  it('fails what is asked meanwhile by name, and answers again without a new start of ours', async () => {
    const database = await openPostgresDatabase({ url: server.url, store });
    await database.run('insert into thing values (?)', 'a');
    await server.kill();
    await expect(database.get('select * from thing')).rejects.toBeInstanceOf(DatabaseUnavailable);
    await expect(database.transaction(async () => undefined)).rejects.toBeInstanceOf(DatabaseUnavailable);
    await server.restart();
    expect(await database.all('select * from thing')).toEqual([{ id: 'a' }]);
    await database.close();
  });

  it('fails by the same name between two statements of a transaction', async () => {
    await migrateDatabase(server.url, [store]);
    const database = await openPostgresDatabase({ url: server.url, store });
    const work = database.transaction(async (session) => {
      await session.get('select id from thing');
      await server.kill();
      await wait(200);
      await session.get('select id from thing');
    });
    await expect(work).rejects.toBeInstanceOf(DatabaseUnavailable);
    await server.restart();
    await database.close();
  });

  it('gives one of two the turn, the other at its end, and both stand in line again after a crash', async () => {
    const [one, two] = [postgresLeadership(server.url), postgresLeadership(server.url)];
    const stop = new AbortController();
    const told: string[] = [];
    const working = (name: string) => async (turn: AbortSignal) => {
      told.push(`${name} begins`);
      await wait(60_000, undefined, { signal: turn }).catch(() => undefined);
      told.push(`${name} ends`);
    };
    const firstStop = new AbortController();
    const first = one.lead('view', firstStop.signal, working('one'));
    await until(() => told.length === 1);
    const second = two.lead('view', stop.signal, working('two'));
    await wait(700);
    expect(told).toEqual(['one begins']);
    firstStop.abort();
    await first;
    await until(() => told.length === 3);
    expect(told).toEqual(['one begins', 'one ends', 'two begins']);
    await server.kill();
    await until(() => told.length === 4);
    await server.restart();
    await until(() => told.length === 5);
    expect(told.slice(3)).toEqual(['two ends', 'two begins']);
    stop.abort();
    await second;
    await Promise.all([one.close(), two.close()]);
  });

  it('tells what its work failed with', async () => {
    const leadership = postgresLeadership(server.url);
    const failing = leadership.lead('view', new AbortController().signal, () => Promise.reject(new Error('poison')));
    await expect(failing).rejects.toThrow('poison');
    await leadership.close();
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600 && !holds(); tries++) await wait(25);
}
