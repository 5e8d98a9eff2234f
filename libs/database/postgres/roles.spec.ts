import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '#testing/servers';
import type { StoreSchema } from '../src/index.ts';
import { grantRoles, migrateDatabase, openPostgresDatabase, StatementRefused } from './index.ts';

const store = (name: string): StoreSchema => ({
  name,
  tables: { thing: { columns: { id: { type: 'text', notNull: true } }, primaryKey: ['id'] } },
});
const stores = [store('keys'), store('receipts'), store('delivery')];
const names = stores.map(({ name }) => name);
/** Roles belong to the whole server: another run's must not be in the way. */
const suffix = String(process.pid);
const school = `school_${suffix}`;
const protocol = `protocol_${suffix}`;

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
  await migrateDatabase(database.url, stores);
  const grants = [
    { role: school, writes: ['keys'], reads: ['receipts'] },
    { role: protocol, writes: names, makesSchemas: true },
  ] as const;
  await grantRoles(database.url, grants, names);
  // The same again changes nothing.
  await grantRoles(database.url, grants, names);
});
afterAll(() => database.remove());

function as(role: string): string {
  const url = new URL(database.url);
  url.username = role;
  return url.href;
}
async function trying(role: string, schema: string, text: string): Promise<string> {
  const opened = await openPostgresDatabase({ url: as(role), store: store(schema) }).catch((error: unknown) => error);
  if (!(opened instanceof Object && 'run' in opened)) return 'closed';
  const database = opened as Awaited<ReturnType<typeof openPostgresDatabase>>;
  try {
    await database.run(text);
    return 'done';
  } catch (error) {
    return error instanceof StatementRefused ? error.code : 'failed';
  } finally {
    await database.close();
  }
}
const DENIED = '42501';

it('lets a role write its stores, read others, and see nothing of the rest', async () => {
  expect(await trying(school, 'keys', "insert into thing values ('a')")).toBe('done');
  expect(await trying(school, 'receipts', 'select * from thing')).toBe('done');
  expect(await trying(school, 'receipts', "insert into thing values ('a')")).toBe(DENIED);
  expect(await trying(school, 'delivery', 'select * from thing')).toBe('closed');
  expect(await trying(protocol, 'delivery', "insert into thing values ('a')")).toBe('done');
});

it('lets nobody but the owner change tables, their version or the place where everybody may write', async () => {
  for (const role of [school, protocol]) {
    expect(await trying(role, 'keys', 'alter table thing add column more text')).toBe(DENIED);
    expect(await trying(role, 'keys', 'drop table thing')).toBe(DENIED);
    expect(await trying(role, 'keys', 'update store_version set version = 9')).toBe(DENIED);
    expect(await trying(role, 'keys', 'create table public.mine (id text)')).toBe(DENIED);
  }
});

it('lets the one that projects make schemas of its own, and nobody else', async () => {
  expect(await trying(school, 'keys', 'create schema mine')).toBe(DENIED);
  expect(await trying(protocol, 'keys', 'create schema view_one')).toBe('done');
});

it('gives the same rights to tables of a later version', async () => {
  const later = { ...store('keys'), changes: [() => ['create table other (id text primary key)']] };
  await migrateDatabase(database.url, [later]);
  const opened = await openPostgresDatabase({ url: as(school), store: later });
  expect(await opened.run("insert into other values ('a')")).toBe(1);
  await opened.close();
});
