import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openPool } from '#database/postgres';

/** A row as its database gives it: bytes, texts, numbers. */
export type Row = Readonly<Record<string, unknown>>;

/** A table of a store or a view, wherever it is kept; of a view that of all its generations. */
export interface StoredTable {
  /** As the store or the view is called: `keys`, `identity`, `timeline`. */
  readonly store: string;
  readonly table: string;
}

/** The rows of a table in the files of a hub in one process. */
export function rowsInFiles(varDir: string, { store, table }: StoredTable): readonly Row[] {
  const files = readdirSync(varDir, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name === `${store}.db` || (name.startsWith(join('views', store)) && name.endsWith('.db')),
  );
  return files.flatMap((name) => {
    const database = new DatabaseSync(join(varDir, name), { readOnly: true });
    try {
      return database.prepare(`select * from "${table}"`).all();
    } finally {
      database.close();
    }
  });
}

/** The same in a database that processes share. */
export function rowsOnServer(databaseUrl: string, { store, table }: StoredTable): Promise<readonly Row[]> {
  const view = `view_${store.replaceAll('-', '_')}_g`;
  return withTables(databaseUrl, async (tables, read) => {
    const found = tables.filter(({ schema, name }) => name === table && (schema === store || schema.startsWith(view)));
    return (await Promise.all(found.map(read))).flat();
  });
}

/** Writes the rows of every table of a database into files of a folder, one a table, bytes and texts as they are. */
export function dumpTables(databaseUrl: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  return withTables(databaseUrl, async (tables, read) => {
    for (const table of tables) {
      const cells = (await read(table)).flatMap((row) => Object.values(row).map(bytesOf));
      writeFileSync(join(folder, `${table.schema}.${table.name}`), Buffer.concat(cells));
    }
  });
}

interface Table {
  readonly schema: string;
  readonly name: string;
}
const TABLES = `select table_schema as schema, table_name as name from information_schema.tables
  where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`;

async function withTables<T>(
  databaseUrl: string,
  work: (tables: readonly Table[], read: (table: Table) => Promise<readonly Row[]>) => Promise<T>,
): Promise<T> {
  const pool = openPool({ url: databaseUrl, schema: 'public' });
  try {
    const { rows } = await pool.query<Table>(TABLES);
    return await work(
      rows,
      async ({ schema, name }) => (await pool.query<Row>(`select * from "${schema}"."${name}"`)).rows,
    );
  } finally {
    await pool.end();
  }
}

const LINE = Buffer.from('\n');

function bytesOf(cell: unknown): Buffer {
  if (cell instanceof Uint8Array) return Buffer.concat([cell, LINE]);
  return Buffer.concat([Buffer.from(typeof cell === 'string' ? cell : JSON.stringify(cell)), LINE]);
}
