import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { openSqliteDatabase } from '#database/sqlite';
import { fakeClock } from '#testing';
import { grantMatch, KEYS_STORE, KeysClash, moveKeys, OwnerErased } from '../src/index.ts';
import { chance, kek, of, underPostgres, underSqlite, words, type Server, type Under } from './backends.ts';

let old: Under;
let server: Server;
beforeEach(async () => {
  [old, server] = [await underSqlite(), await underPostgres()];
});
afterEach(async () => {
  await old.remove();
  await server.remove();
});

async function move() {
  const database = await openSqliteDatabase({ path: join(old.folder, 'keys', 'keys.db'), store: KEYS_STORE });
  const from = { database, ledgerPath: join(old.folder, 'erasures.ledger') };
  const to = { ...server.place, ledgerPath: join(server.folder, 'key.erasures') };
  const moved = await moveKeys({ from, to, kek, chance, clock: fakeClock() }).finally(() => database.close());
  return moved;
}

it('moves the keys of one machine to a server, and what it erased', async () => {
  const before = await old.open();
  const owners = Array.from({ length: 300 }, (_, n) => `record-${n}`);
  const keys = await Promise.all(owners.map((owner) => before.keyFor(owner, 'voice')));
  const sealed = keys.map((key) => before.seal(key, of(key.owner), words));
  await before.destroy('record-0');
  await before.destroy('record-1', 'voice');
  await before.suppress('trust-a', 'local-1', 'erasure-1');
  await before.close();
  expect(await move()).toEqual({ moved: 298, unreadable: 0 });
  expect(await move()).toEqual({ moved: 298, unreadable: 0 });
  const after = await server.open();
  const opened = await Promise.all(sealed.map((text, n) => after.open(grantMatch(), text, of(`record-${n}`))));
  expect(opened.slice(0, 2)).toEqual([
    { ok: false, error: 'erased' },
    { ok: false, error: 'erased' },
  ]);
  expect(opened.slice(2).every(({ ok }) => ok)).toBe(true);
  expect(await after.keyFor('record-2', 'voice')).toEqual(keys[2]);
  await expect(after.keyFor('record-0', 'voice')).rejects.toBeInstanceOf(OwnerErased);
  expect(await after.isSuppressed('trust-a', 'local-1')).toBe(true);
  expect(await server.sql('select count(*) as n from keys')).toEqual([{ n: 298 }]);
});

it('moves nothing over a key that the server has made for the same', async () => {
  const before = await old.open();
  await before.keyFor('record-1', 'voice');
  await before.close();
  const there = await server.open();
  const key = await there.keyFor('record-1', 'voice');
  await expect(move()).rejects.toBeInstanceOf(KeysClash);
  expect(await there.describe(key.id)).toEqual(key);
});
