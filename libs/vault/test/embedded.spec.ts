import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { chmodSync, copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fakeChance, temporaryFolder } from '#testing';
import { grantMatch, loadKek, OwnerErased } from '../src/index.ts';
import { context, folderHolds, of, underSqlite, words, type Under } from './backends.ts';

let under: Under;
beforeEach(async () => {
  under = await underSqlite();
});
afterEach(() => under.remove());

describe('keys in a file', () => {
  it('leave no byte of a destroyed key in the folder', async () => {
    const vault = await under.open();
    const key = await vault.keyFor('record-1', 'voice');
    const [row] = await under.sql(`select wrapped from keys where id = '${key.id}'`);
    const wrapped = row?.['wrapped'] as Uint8Array;
    const [start, end] = [wrapped.subarray(0, 16), wrapped.subarray(-16)];
    expect(folderHolds(under.folder, start) && folderHolds(under.folder, end)).toBe(true);
    expect(await vault.destroy('record-1')).toBe(1);
    expect(folderHolds(under.folder, start) || folderHolds(under.folder, end)).toBe(false);
  });

  it('are destroyed again where an older copy brings them back', async () => {
    const [db, copy] = [join(under.folder, 'keys', 'keys.db'), join(under.folder, 'copy.db')];
    const first = await under.open();
    const whole = first.seal(await first.keyFor('record-1', 'voice'), context, words);
    const part = first.seal(await first.keyFor('record-2', 'voice'), of('record-2'), words);
    const kept = first.seal(await first.keyFor('record-3', 'voice'), of('record-3'), words);
    await first.close();
    copyFileSync(db, copy);
    const second = await under.open();
    await second.destroy('record-1');
    await second.destroy('record-2', 'voice');
    await second.suppress('trust-a', 'local-1', 'erasure-1');
    await second.close();
    copyFileSync(copy, db);
    const third = await under.open();
    expect(await third.open(grantMatch(), whole, context)).toEqual({ ok: false, error: 'erased' });
    expect(await third.open(grantMatch(), part, of('record-2'))).toEqual({ ok: false, error: 'erased' });
    expect((await third.open(grantMatch(), kept, of('record-3'))).ok).toBe(true);
    expect(await third.isSuppressed('trust-a', 'local-1')).toBe(true);
    await expect(third.keyFor('record-1', 'voice')).rejects.toBeInstanceOf(OwnerErased);
  });

  it('are those that the file held before stores had versions', async () => {
    const first = await under.open();
    const sealed = first.seal(await first.keyFor('record-1', 'voice'), context, words);
    await first.close();
    const path = join(under.folder, 'keys', 'keys.db');
    const old = new DatabaseSync(join(under.folder, 'old.db'));
    old.exec(`
      create table keys (
        id text primary key, owner text not null, slot text not null, version integer not null, wrapped blob not null
      ) strict, without rowid;
      create index keys_of_owner on keys (owner);
      create unique index keys_of_slot on keys (slot, version);
      create table meta (name text primary key, value blob not null) strict, without rowid;
      attach '${path}' as new;
      insert into keys select * from new.keys;
      insert into meta select * from new.meta;`);
    const before = old.prepare('select type, name, sql from sqlite_schema order by name').all();
    old.close();
    renameSync(join(under.folder, 'old.db'), path);
    const second = await under.open();
    expect((await second.open(grantMatch(), sealed, context)).ok).toBe(true);
    const after = await under.sql(
      `select type, name, sql from sqlite_schema where name <> 'store_version' order by name`,
    );
    expect(after).toEqual(before);
  });

  it('drop a torn last line of their ledger, and refuse a damaged one', async () => {
    const ledger = join(under.folder, 'erasures.ledger');
    const vault = await under.open();
    await vault.suppress('trust-a', 'local-1', 'erasure-1');
    await vault.close();
    writeFileSync(ledger, `${readFileSync(ledger, 'utf8')}{"kind":"supp`);
    const again = await under.open();
    expect(await again.isSuppressed('trust-a', 'local-1')).toBe(true);
    await again.suppress('trust-b', 'local-1', 'erasure-2');
    await again.close();
    const third = await under.open();
    expect(await third.isSuppressed('trust-b', 'local-1')).toBe(true);
    await third.close();
    writeFileSync(ledger, 'nonsense\n');
    await expect(under.open()).rejects.toMatchObject({ name: 'LedgerDamaged' });
  });
});

describe('the file of the key-encryption key', () => {
  const chance = fakeChance();

  it('is made once, for its owner alone, and read back', () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'kek');
    const made = loadKek(path, { create: true, chance });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadKek(path, { create: true, chance })).toEqual(made);
    expect(loadKek(path, { create: false, chance })).toEqual(made);
    folder.remove();
  });

  it('is refused when missing, too short or open to others', () => {
    const folder = temporaryFolder();
    const path = join(folder.path, 'kek');
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_MISSING');
    writeFileSync(path, Buffer.alloc(16).toString('base64'), { mode: 0o600 });
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_SIZE');
    writeFileSync(path, Buffer.alloc(32).toString('base64'));
    chmodSync(path, 0o640);
    expect(() => loadKek(path, { create: false, chance })).toThrow('KEK_PERMISSIONS');
    folder.remove();
  });
});
