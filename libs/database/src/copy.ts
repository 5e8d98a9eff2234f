import type { Database, SqlRow, SqlValue } from './port.ts';
import type { Table } from './tables.ts';

const ROWS = 500;

/**
 * Copies the rows of a table to another database, in the order of their key and a page at a time; those whose key is there stay as they are,
 * so that it may be broken off and done again. How many were copied. `columns`: of both; those that later versions added included.
 */
export async function copyTable(
  from: Database,
  to: Database,
  name: string,
  { columns, primaryKey }: Pick<Table, 'columns' | 'primaryKey'>,
): Promise<number> {
  const [names, keys] = [Object.keys(columns), [...primaryKey]];
  const order = `order by ${keys.join(', ')} limit ${String(ROWS)}`;
  const first = `select ${names.join(', ')} from ${name} ${order}`;
  const next = `select ${names.join(', ')} from ${name} where (${keys.join(', ')}) > (${marks(keys)}) ${order}`;
  const put = `insert into ${name} (${names.join(', ')}) values (${marks(names)}) on conflict do nothing`;
  let copied = 0;
  for (let rows = await from.all(first); rows.length > 0;) {
    const page = rows;
    copied += await to.transaction(async (session) => {
      let written = 0;
      for (const row of page) written += await session.run(put, ...valuesOf(row, names));
      return written;
    });
    const last = page.at(-1);
    if (last === undefined || page.length < ROWS) return copied;
    rows = await from.all(next, ...valuesOf(last, keys));
  }
  return copied;
}

function valuesOf(row: SqlRow, names: readonly string[]): readonly SqlValue[] {
  return names.map((name) => row[name] ?? null);
}

function marks(names: readonly string[]): string {
  return names.map(() => '?').join(', ');
}
