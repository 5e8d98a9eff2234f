import { createHmac } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Database, SqlRow } from '#database';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { testDatabase } from '#testing/servers';
import { KEYS_STORE, localKeyEncryption, openVault, type DatabaseOptions, type Vault } from '../src/index.ts';
import { boundOf, rowOf, type KeyRow } from '../src/key-rows.ts';
import { BucketFiles } from '../src/shared/bucket-files.ts';
import { bucketsOf } from '../src/shared/bucket-of.ts';

import type { SealingContext } from '#contracts';

export const context: SealingContext = {
  stream: 'fact-1',
  revision: 0,
  type: 'fact.published.v1',
  schema: 'health.hearing-aid-fitted.v1',
  owner: 'record-1',
};
export const words = Buffer.from('canary-plaintext-4711');
/** The same context for another owner. */
export const of = (owner: string): SealingContext => ({ ...context, owner });
export const kek = fakeChance('kek').bytes(32);
export const chance = fakeChance();

/** What every vault may be opened with besides where its keys are. */
export type More = Partial<Pick<DatabaseOptions, 'kek' | 'cached' | 'onOpen' | 'chance' | 'stage' | 'ledgerPath'>>;

/** Keys on one of the databases, and a look behind the vault's back. */
export interface Under {
  /** Where files are kept: the ledger, the keys of SQLite, the bucket keys. */
  readonly folder: string;
  open(more?: More): Promise<Vault>;
  sql(text: string): Promise<readonly SqlRow[]>;
  remove(): Promise<void>;
}

/** Whether a file of the folder has the bytes. */
export function folderHolds(folder: string, bytes: Uint8Array): boolean {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .some((entry) => readFileSync(join(entry.parentPath, entry.name)).includes(Buffer.from(bytes)));
}

/** A vault under test on files of its own. */
export async function underSqlite(): Promise<Under> {
  const folder = temporaryFolder();
  mkdirSync(join(folder.path, 'keys'));
  const path = join(folder.path, 'keys', 'keys.db');
  const ledgerPath = join(folder.path, 'erasures.ledger');
  const opened: Vault[] = [];
  return {
    folder: folder.path,
    open: async (more = {}) => {
      const vault = await openVault({ path, ledgerPath, kek, chance, clock: fakeClock(), ...more });
      opened.push(vault);
      return vault;
    },
    sql: async (text) => {
      const db = new DatabaseSync(path);
      const rows = db.prepare(text).all() as SqlRow[];
      db.close();
      return rows;
    },
    remove: async () => {
      for (const vault of opened) await vault.close();
      folder.remove();
    },
  };
}

/** Keys on PostgreSQL. */
export interface Server extends Under {
  /** `asked` hears of every statement outside a transaction, once it is answered. */
  open(more?: More & { readonly asked?: (text: string) => Promise<void> }): Promise<Vault>;
  readonly place: { readonly database: Database; readonly buckets: string };
  /** Remembers all tables; the answer puts them back. */
  dump(): Promise<() => Promise<void>>;
}

/** A database of its own on the server of the run; each vault opened is a process of its own, with the folder of bucket keys shared. */
export async function underPostgres(): Promise<Server> {
  const { url, remove } = await testDatabase();
  return underDatabase(url, remove);
}

/** Vaults under test on one PostgreSQL database. */
export async function underDatabase(url: string, remove: () => Promise<void>): Promise<Server> {
  const folder = temporaryFolder();
  await migrateDatabase(url, [KEYS_STORE]);
  const behind = await openPostgresDatabase({ url, store: KEYS_STORE, most: 1 });
  const opened: { close(): Promise<void> }[] = [behind];
  const buckets = join(folder.path, 'buckets');
  return {
    folder: folder.path,
    place: { database: behind, buckets },
    open: async ({ asked, ...more } = {}) => {
      const database = await openPostgresDatabase({ url, store: KEYS_STORE });
      opened.push(database);
      const place = { database: asked === undefined ? database : heard(database, asked), buckets };
      const ledgerPath = join(folder.path, 'key.erasures');
      const vault = await openVault({ ...place, ledgerPath, kek, chance, clock: fakeClock(), ...more });
      opened.push(vault);
      return vault;
    },
    sql: (text) => behind.all(text),
    dump: async () => {
      const tables = ['keys', 'bucket', 'ledger', 'ledger_head'];
      for (const table of tables) await behind.run(`create table dump_of_${table} as table ${table}`);
      return async () => {
        for (const table of tables.toReversed()) if (table !== 'bucket') await behind.run(`delete from ${table}`);
        await behind.run('update bucket set key = d.key from dump_of_bucket d where d.id = bucket.id');
        for (const table of tables.filter((each) => each !== 'bucket'))
          await behind.run(`insert into ${table} select * from dump_of_${table}`);
      };
    },
    remove: async () => {
      for (const each of opened.reverse()) await each.close();
      await remove();
      folder.remove();
    },
  };
}

function heard(database: Database, asked: (text: string) => Promise<void>): Database {
  const told = async <T>(text: string, answering: Promise<T>): Promise<T> => {
    const answer = await answering;
    await asked(text);
    return answer;
  };
  return {
    kind: database.kind,
    get: (text, ...values) => told(text, database.get(text, ...values)),
    all: (text, ...values) => told(text, database.all(text, ...values)),
    run: (text, ...values) => told(text, database.run(text, ...values)),
    transaction: (work, lock) => database.transaction(work, lock),
    relaxed: (work, lock) => database.relaxed(work, lock),
    forget: () => database.forget(),
    close: () => database.close(),
  };
}

/** A row as it lies in the database. */
export async function rowOfKey({ sql }: Pick<Under, 'sql'>, id: string): Promise<KeyRow> {
  const [row] = await sql(`select * from keys where id = '${id}'`);
  if (row === undefined) throw new Error('no such key');
  return rowOf(row);
}

/** The bucket of what lasts of an owner. */
export function bucketOfOwner(owner: string): number {
  const find = localKeyEncryption(kek, chance).derive('find');
  return bucketsOf(createHmac('sha256', find).update(`owner:${owner}`).digest('base64url'))[0];
}

/** How many of the keys that are on disk now, the key-encryption key among them, open a row. */
export function keysOnDisk(folder: string, row: KeyRow): number {
  const encryption = localKeyEncryption(kek, chance);
  const files = new BucketFiles(join(folder, 'buckets'), encryption, chance);
  const wrappings = [encryption, ...files.list().map((key) => files.read(key))];
  return wrappings.filter((wrapping) => {
    try {
      return wrapping?.unwrap(row.wrapped, boundOf(row)) !== undefined;
    } catch {
      return false;
    }
  }).length;
}

export const backends: readonly (readonly [string, () => Promise<Under>])[] = [
  ['SQLite', underSqlite],
  ['PostgreSQL', underPostgres],
];
