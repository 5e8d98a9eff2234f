import { existsSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';

/** Copies of the keys and the ledger, made to be opened in a drill. */
export interface DrilledKeys {
  readonly file: string;
  readonly ledger: string;
  readonly keyFile: string;
}

/** How many keys are in a store, and how many of them the ledger says are destroyed. */
export interface KeyCount {
  readonly keys: number;
  readonly destroyed: number;
}

/** Copies a file of keys and the newest ledger into the scratch folder: what a drill destroys again, it destroys in the copy. */
export async function copyKeys(
  scratch: string,
  given: { readonly keys: string; readonly ledger: string; readonly keyFile: string },
): Promise<DrilledKeys> {
  if (!existsSync(given.keys)) throw new Error('--keys: there is no such file');
  const copied = { file: join(scratch, 'keys.db'), ledger: join(scratch, 'erasures.ledger'), keyFile: given.keyFile };
  const database = new DatabaseSync(given.keys, { readOnly: true });
  await backup(database, copied.file);
  database.close();
  if (existsSync(given.ledger)) copyFileSync(given.ledger, copied.ledger);
  else writeFileSync(copied.ledger, '', { mode: 0o600 });
  return copied;
}

/** Looks at the copy, before it was opened or after. */
export function countKeys({ file, ledger }: DrilledKeys): KeyCount {
  const owners = new Set<string>();
  const ids = new Set<string>();
  for (const line of readFileSync(ledger, 'utf8').split('\n')) {
    if (line === '') continue;
    const entry = JSON.parse(line) as { readonly owner?: string | null; readonly keys?: readonly string[] };
    if (typeof entry.owner === 'string') owners.add(entry.owner);
    for (const id of entry.keys ?? []) ids.add(id);
  }
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    let [keys, destroyed] = [0, 0];
    for (const { id, owner } of database.prepare('select id, owner from keys').iterate()) {
      keys += 1;
      if (owners.has(String(owner)) || ids.has(String(id))) destroyed += 1;
    }
    return { keys, destroyed };
  } finally {
    database.close();
  }
}
