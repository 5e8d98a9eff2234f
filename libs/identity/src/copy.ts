import { copyTable, type Database } from '#database';
import { FOUND_NOWHERE_ELSE, IDENTITY_STORE } from './tables.ts';

/**
 * Copies what only these tables know to others, where an area outgrows one machine: which record each organisation's own id is, what identifies
 * it, what was submitted and what waits. What the log says they read from it when they are opened. Nobody may use either meanwhile; may be
 * broken off and done again. How many rows were copied.
 */
export async function copyIdentity(from: Database, to: Database): Promise<number> {
  let copied = 0;
  for (const name of FOUND_NOWHERE_ELSE) {
    const table = IDENTITY_STORE.tables[name];
    if (table !== undefined) copied += await copyTable(from, to, name, table);
  }
  return copied;
}
