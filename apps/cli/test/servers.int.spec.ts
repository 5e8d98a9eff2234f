import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openPostgresDatabase } from '#database/postgres';
import { openSqliteLog } from '#event-log/sqlite';
import { IDENTITY_STORE } from '#identity';
import { namedUuid } from '#kernel';
import {
  hubSecret,
  onceStore,
  openStores,
  RECEIPTS_STORE,
  systemChance,
  systemClock,
  USED_IDS_STORE,
} from '#nest-platform';
import { openMerkleTree } from '#transparency';
import { KEYS_STORE, loadKek, openVault } from '#vault';
import { testDatabase } from '#testing/servers';
import { EventStoreDouble } from '../../../libs/event-log/eventstoredb/double/index.ts';
import { migrateLog } from '../src/commands/migrate-log.ts';
import { program } from '../src/program.ts';

const event = (name: string) => ({ id: namedUuid('moved', name), type: 'tested.v1', data: Buffer.from(name) });

async function run(env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<readonly string[]> {
  const said: string[] = [];
  await program(env, (line) => said.push(line))
    .exitOverride()
    .parseAsync(['node', 'tellonce', ...args]);
  return said;
}

it('makes the tables and the roles once', async () => {
  const { url, remove } = await testDatabase();
  const first = await run({}, 'migrate', '--database', url);
  expect(first).toContain('receipts went up 2 versions');
  expect(first.at(-1)).toMatch(/tellonce_education.*tellonce_sharing_protocol/);
  const again = await run({ DATABASE_URL: url }, 'migrate');
  expect(again.slice(0, -1).every((line) => line.endsWith('is current'))).toBe(true);
  const folder = mkdtempSync(join(tmpdir(), 'secret-'));
  writeFileSync(join(folder, 'url'), `${url}\n`);
  const env = { DATABASE_URL_FILE: join(folder, 'url') };
  expect(await run(env, 'migrate')).toEqual(again);
  await expect(run({ ...env, DATABASE_URL: url }, 'migrate')).rejects.toThrow('not both');
  await expect(run({}, 'migrate')).rejects.toThrow('name the database');
  rmSync(folder, { recursive: true });
  await remove();
});

describe('a log that moves to a server', () => {
  let folder: string;
  let double: EventStoreDouble;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'moving-'));
    double = await EventStoreDouble.start();
  });
  afterEach(() => {
    double.stop();
    rmSync(folder, { recursive: true });
  });

  it('is copied beside its writer, and at the cut-over compared to the last byte and the root of the tree', async () => {
    const path = join(folder, 'log.db');
    const from = `sqlite:${path}`;
    const to = double.url();
    const log = await openSqliteLog({ path });
    for (let n = 0; n < 120; n++)
      await log.append(`fact-${String(n % 9)}`, n < 9 ? 'none' : Math.floor(n / 9) - 1, [event(String(n))]);
    expect(await run({}, 'migrate-log', '--from', from, '--to', to)).toEqual([
      'copied 120 events',
      'stop the hub, then run the same with --cut-over',
    ]);
    await log.append('registry', 'none', [event('later')]);
    // The hub still writes: what it wrote after the last look would be lost.
    await expect(run({}, 'migrate-log', '--from', from, '--to', to, '--cut-over')).rejects.toMatchObject({
      name: 'LogInUse',
    });
    await log.close();

    const tree = openMerkleTree(':memory:');
    const old = await openSqliteLog({ path });
    for await (const batch of old.readAll({ families: ['fact', 'registry'] })) tree.append(batch);
    await old.close();
    const root = Buffer.from(tree.root()).toString('base64');
    const moved = await migrateLog({ from, to, cutOver: true }, () => undefined);
    expect(moved).toEqual({ copied: 1, verified: { size: 121, root } });
    tree.close();
  });
});

it('moves keys, identity, receipts and used ids of one machine, and nothing twice', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'stores-'));
  const [varDir, keyFile] = [join(folder, 'var'), join(folder, 'tellonce.key')];
  const { url, remove } = await testDatabase();
  await run({}, 'migrate', '--database', url);
  const stores = openStores({ varDir });
  const vault = await openVault({
    database: await stores.open(KEYS_STORE, 'keys.db'),
    kek: hubSecret(loadKek(keyFile, { create: true, chance: systemChance }), 'key-encryption'),
    chance: systemChance,
    clock: systemClock,
    ledgerPath: `${keyFile}.erasures`,
    buckets: `${keyFile}.buckets`,
  });
  await vault.keyFor('record-1', 'health.screening');
  await vault.close();
  const used = onceStore(await stores.open(USED_IDS_STORE, 'jti.db'));
  expect(await used.use('issuer', 'jti', 4_000_000_000, 1_000)).toBe(true);
  for (const [store, file] of [[IDENTITY_STORE, 'identity.db'] as const, [RECEIPTS_STORE, 'receipts.db'] as const])
    await stores.open(store, file);
  await stores.close();
  const move = ['migrate-stores', '--database', url, '--var', varDir, '--key-file', keyFile] as const;
  expect(await run({}, ...move)).toEqual([
    'keys: 1 moved, 0 unreadable before too',
    'identity: 0 rows',
    'receipts: 0 rows',
    'used ids: 1 rows',
  ]);
  expect((await run({}, ...move))[3]).toBe('used ids: 0 rows');
  const moved = onceStore(await openPostgresDatabase({ url, store: USED_IDS_STORE }));
  expect(await moved.use('issuer', 'jti', 4_000_000_000, 1_000)).toBe(false);
  await remove();
  rmSync(folder, { recursive: true });
});

it('gives up the keys whose bucket key is gone, so that a vault opens again; none is given up where all are there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lost-'));
  const keyFile = join(folder, 'tellonce.key');
  const { url, remove } = await testDatabase();
  await run({}, 'migrate', '--database', url);
  const kek = hubSecret(loadKek(keyFile, { create: true, chance: systemChance }), 'key-encryption');
  const buckets = `${keyFile}.buckets`;
  mkdirSync(buckets, { mode: 0o700 });
  const opened = async () =>
    openVault({
      database: await openPostgresDatabase({ url, store: KEYS_STORE }),
      kek,
      chance: systemChance,
      clock: systemClock,
      ledgerPath: join(buckets, 'erasures.ledger'),
      buckets,
    });
  const vault = await opened();
  await vault.keyFor('record-1', 'health.screening');
  await vault.close();
  const command = ['give-up-lost-keys', '--database', url, '--key-file', keyFile] as const;
  expect(await run({}, ...command)).toEqual(['no key is lost']);
  for (const name of readdirSync(buckets).filter((each) => each.endsWith('.key'))) rmSync(join(buckets, name));
  await expect(opened()).rejects.toMatchObject({ code: 'KEK_BUCKETS' });
  expect(await run({}, ...command)).toEqual(['1 keys given up']);
  await (await opened()).close();
  await remove();
  rmSync(folder, { recursive: true });
});
