import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '#testing/servers';
import { migrateDatabase, openPostgresDatabase } from '../postgres/index.ts';
import { openSqliteDatabase } from '../sqlite/index.ts';
import { SchemaNotCurrent, type Database, type StoreSchema } from './index.ts';

const store: StoreSchema = {
  name: 'shop',
  tables: {
    thing: {
      columns: {
        id: { type: 'text', notNull: true },
        size: { type: 'integer', notNull: true },
        weight: { type: 'real' },
        bytes: { type: 'blob' },
      },
      primaryKey: ['id'],
      unique: [['size']],
      indexes: [['weight', 'id']],
    },
  },
};
const later: StoreSchema = { ...store, changes: [() => ['alter table thing add column colour text']] };

interface Under {
  open(schema?: StoreSchema): Promise<Database>;
  migrate(schema: StoreSchema): Promise<void>;
  remove(): Promise<void>;
}

const backends: readonly (readonly [string, () => Promise<Under>])[] = [
  [
    'SQLite',
    async () => {
      const dir = mkdtempSync(join(tmpdir(), 'database-'));
      const open = (schema = store) => openSqliteDatabase({ path: join(dir, 'shop.db'), store: schema });
      return {
        open,
        migrate: async (schema) => (await open(schema)).close(),
        remove: async () => rmSync(dir, { recursive: true }),
      };
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const { url, remove } = await testDatabase();
      await migrateDatabase(url, [store]);
      return {
        open: (schema = store) => openPostgresDatabase({ url, store: schema }),
        migrate: async (schema) => {
          await migrateDatabase(url, [schema]);
        },
        remove,
      };
    },
  ],
];

describe.each(backends)('a database on %s', (kind, begin) => {
  let under: Under;
  let database: Database;
  beforeEach(async () => {
    under = await begin();
    database = await under.open();
  });
  afterEach(async () => {
    await database.close();
    await under.remove();
  });
  const put = (id: string, size: number) => database.run('insert into thing (id, size) values (?, ?)', id, size);
  const ids = async () => (await database.all('select id from thing order by id')).map(({ id }) => id);

  it('gives back what it was given, integers as numbers, bytes as bytes', async () => {
    const bytes = Uint8Array.from([0, 255, 10]);
    await database.run('insert into thing values (?, ?, ?, ?)', 'Zoë 👩‍👧', 2 ** 40, 1.5, bytes);
    const row = await database.get('select * from thing where id = ?', 'Zoë 👩‍👧');
    expect(row).toMatchObject({ id: 'Zoë 👩‍👧', size: 2 ** 40, weight: 1.5 });
    expect(Buffer.compare(row?.['bytes'] as Uint8Array, bytes)).toBe(0);
    expect(await database.get('select count(*) as n, sum(size) as sum from thing')).toMatchObject({
      n: 1,
      sum: 2 ** 40,
    });
    expect(await database.get('select * from thing where id = ?', 'other')).toBeUndefined();
  });

  it('orders text byte by byte', async () => {
    for (const [size, id] of ['b', 'B', 'a', 'é', '-a'].entries()) await put(id, size);
    expect(await ids()).toEqual(['-a', 'B', 'a', 'b', 'é']);
  });

  it('says how many rows were changed', async () => {
    expect(await put('a', 1)).toBe(1);
    expect(await database.run('update thing set weight = 1 where size > ?', 5)).toBe(0);
    expect(await database.run('insert into thing (id, size) values (?, ?) on conflict do nothing', 'a', 9)).toBe(0);
  });

  it('keeps all of a transaction or none of it, and shows it to nobody before', async () => {
    const failing = database.transaction(async (session) => {
      await session.run('insert into thing (id, size) values (?, ?)', 'a', 1);
      expect(await session.get('select id from thing')).toEqual({ id: 'a' });
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await ids()).toEqual([]);
    const begun = Promise.withResolvers<undefined>();
    const goOn = Promise.withResolvers<undefined>();
    const working = database.transaction(async (session) => {
      await session.run('insert into thing (id, size) values (?, ?)', 'b', 2);
      begun.resolve(undefined);
      await goOn.promise;
    });
    await begun.promise;
    // SQLite has one connection: there the question waits for the end, and sees it.
    const seen = ids();
    if (kind === 'PostgreSQL') expect(await seen).toEqual([]);
    goOn.resolve(undefined);
    await working;
    if (kind === 'SQLite') expect(await seen).toEqual(['b']);
    expect(await ids()).toEqual(['b']);
  });

  it('lets one transaction at a time in under one lock', async () => {
    await put('n', 0);
    const add = () =>
      database.transaction(async (session) => {
        const row = await session.get('select size from thing where id = ?', 'n');
        await session.run('update thing set size = ? where id = ?', Number(row?.['size']) + 1, 'n');
      }, 'count');
    await Promise.all(Array.from({ length: 20 }, add));
    expect(await database.get('select size from thing')).toEqual({ size: 20 });
  });

  it('lets one at a time in under any of several locks, in whatever order they are named', async () => {
    await put('n', 0);
    const add = (locks: readonly string[]) =>
      database.transaction(async (session) => {
        const row = await session.get('select size from thing where id = ?', 'n');
        await session.run('update thing set size = ? where id = ?', Number(row?.['size']) + 1, 'n');
      }, locks);
    await Promise.all(Array.from({ length: 20 }, (_, n) => add(n % 2 === 0 ? ['a', 'b', 'b'] : ['b', 'c'])));
    expect(await database.get('select size from thing')).toEqual({ size: 20 });
  });

  it('keeps a relaxed transaction too, for whoever asks next', async () => {
    expect(await database.relaxed((session) => session.run('insert into thing (id, size) values (?, ?)', 'a', 1))).toBe(
      1,
    );
    expect(await ids()).toEqual(['a']);
    const failing = database.relaxed(async (session) => {
      await session.run('insert into thing (id, size) values (?, ?)', 'b', 2);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await ids()).toEqual(['a']);
    await database.close();
    database = await under.open();
    expect(await ids()).toEqual(['a']);
  });

  it('refuses alone what fails among others that are asked for at once', async () => {
    const asked = [1, 2, 3, 4].map((size) =>
      database.transaction(async (session) => {
        await session.run('insert into thing (id, size) values (?, ?)', `thing ${String(size)}`, size);
        if (size % 2 === 0) await session.run('insert into thing (id, size) values (?, ?)', 'again', 1);
        return size;
      }),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.status))).toEqual([
      1,
      'rejected',
      3,
      'rejected',
    ]);
    expect(await ids()).toEqual(['thing 1', 'thing 3']);
  });

  it('refuses with a code and none of the values', async () => {
    await put('canary-of-a-child', 1);
    const refused = await put('canary-of-a-child', 2).catch((error: unknown) => error);
    expect(refused).toHaveProperty('message');
    expect(JSON.stringify(refused, Object.getOwnPropertyNames(refused))).not.toContain('canary');
  });

  it('goes up by versions, keeps the rows, and is refused by whoever knows another version', async () => {
    await put('a', 1);
    await database.close();
    await under.migrate(later);
    await under.migrate(later);
    database = await under.open(later);
    expect(await database.get('select id, colour from thing')).toEqual({ id: 'a', colour: null });
    await expect(under.open(store)).rejects.toBeInstanceOf(SchemaNotCurrent);
  });
});

it('leaves no byte of a deleted row in the files of SQLite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'database-'));
  const path = join(dir, 'shop.db');
  const database = await openSqliteDatabase({ path, store });
  await database.run('insert into thing (id, size) values (?, ?)', 'canary-of-a-child', 1);
  await database.run('delete from thing');
  await database.forget();
  for (const file of [path, `${path}-wal`]) expect(readFileSync(file).includes('canary-of-a-child')).toBe(false);
  await database.close();
  rmSync(dir, { recursive: true });
});

it('commits what waits for the turn of the event loop before SQLite closes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'database-'));
  const open = () => openSqliteDatabase({ path: join(dir, 'shop.db'), store });
  const first = await open();
  const asked = first.transaction((session) => session.run('insert into thing (id, size) values (?, ?)', 'a', 1));
  await first.close();
  expect(await asked).toBe(1);
  const second = await open();
  expect(await second.all('select id from thing')).toEqual([{ id: 'a' }]);
  await second.close();
  rmSync(dir, { recursive: true });
});
