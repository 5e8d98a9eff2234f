import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqlRow } from '#database';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { openVault, type Vault, type VaultOptions } from '../src/index.ts';

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
export type More = Partial<Pick<VaultOptions, 'kek' | 'cached' | 'onOpen' | 'chance'>>;

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

export const backends: readonly (readonly [string, () => Promise<Under>])[] = [['SQLite', underSqlite]];
