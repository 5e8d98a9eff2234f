import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ViewDefinition } from '#projections';

/** What one table holds. */
export interface TableRows {
  readonly table: string;
  readonly rows: number;
  /** SHA-256 (base64) over the rows in the order of their primary key. */
  readonly checksum: string;
}

/** Positions are the log's own way of counting: another copy of the same events may count otherwise. */
const PLACES: readonly string[] = ['token'];

/** Counts the rows of each table of a view in this folder, and sums them up, in constant memory. */
export function rowsOf(folder: string, { name, tables }: ViewDefinition): readonly TableRows[] {
  const file = readdirSync(folder).find((each) => each.startsWith(`${name}.g`) && each.endsWith('.db'));
  if (file === undefined) throw new Error(`the view ${name} has no file`);
  const database = new DatabaseSync(join(folder, file), { readOnly: true });
  try {
    return Object.entries(tables).map(([table, { columns, primaryKey }]) => {
      const compared = Object.keys(columns).filter((column) => !PLACES.includes(column));
      const text = `select ${quoted(compared)} from ${quoted([table])} order by ${quoted(primaryKey)}`;
      const hash = createHash('sha256');
      let rows = 0;
      for (const row of database.prepare(text).iterate()) {
        hash.update(`${JSON.stringify(Object.values(row).map(cell))}\n`);
        rows += 1;
      }
      return { table, rows, checksum: hash.digest('base64') };
    });
  } finally {
    database.close();
  }
}

function quoted(names: readonly string[]): string {
  return names.map((each) => `"${each}"`).join(', ');
}

function cell(value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString('base64') } : value;
}
