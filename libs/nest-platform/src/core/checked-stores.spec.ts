import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { temporaryFolder } from '#testing';
import type { Database, StoreSchema } from '#database';
import { Readiness } from '../health/readiness.ts';
import { checkedStores } from './checked-stores.ts';
import { openStores, type Stores } from './stores.ts';

const THINGS: StoreSchema = {
  name: 'things',
  tables: { thing: { columns: { id: { type: 'integer' } }, primaryKey: ['id'] } },
};
const folder = temporaryFolder();
let stores: Stores;
let readiness: Readiness;
let database: Database;
beforeEach(async () => {
  const checked = checkedStores(openStores({ varDir: folder.path }));
  ({ stores } = checked);
  readiness = new Readiness(checked.checks);
  readiness.markStarted();
  database = await stores.open(THINGS, 'things.db');
});
afterEach(async () => {
  await stores.close();
  folder.remove();
});
const failing = async () => (await readiness.read()).checks.filter(({ ok }) => !ok).map(({ name }) => name);

it('are ready where each answers in the version of this program', async () => {
  expect(await readiness.read()).toEqual({
    ready: true,
    checks: ['database', 'migrations'].map((name) => ({ name, ok: true })),
  });
});

it('are not where one has tables of an earlier version; of a later one they are', async () => {
  await database.run('update store_version set version = 0');
  expect(await failing()).toEqual(['migrations']);
  await database.run('update store_version set version = 9');
  expect(await failing()).toEqual([]);
});

it('are not where one does not answer', async () => {
  await database.close();
  expect(await failing()).toEqual(['database', 'migrations']);
});
