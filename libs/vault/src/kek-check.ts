import type { Database } from '#database';
import { KekUnusable, type KeyEncryption } from './kek.ts';

const CHECK = Buffer.from('tellonce keys');

/** Throws `KekUnusable` (KEK_WRONG) where the keys there were wrapped under another key-encryption key; marks keys that are new. */
export async function checkKek(database: Database, encryption: KeyEncryption): Promise<void> {
  const find = `select value from meta where name = 'check'`;
  if ((await database.get(find)) === undefined) {
    const value = encryption.wrap(CHECK, CHECK);
    await database.run(`insert into meta (name, value) values ('check', ?) on conflict do nothing`, value);
  }
  const found = (await database.get(find))?.['value'];
  try {
    encryption.unwrap(found as Uint8Array, CHECK);
  } catch {
    throw new KekUnusable('KEK_WRONG', 'these keys were wrapped under another key-encryption key');
  }
}
