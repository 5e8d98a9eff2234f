import pg from 'pg';
import { DatabaseUnavailable } from '../src/port.ts';
import { StatementRefused } from './refused.ts';

/** How a pool speaks to the server. */
export interface PoolOptions {
  /** `postgres://…`; `sslmode` and the like as libpq reads them. */
  readonly url: string;
  /** Where unqualified names are looked for. */
  readonly schema: string;
  /** Most connections at once (default 4); idle ones close after ten seconds. */
  readonly most?: number;
  /** Further settings of the server for these connections, as `name=value`. */
  readonly settings?: readonly string[];
}

const INT8 = 20;
const NUMERIC = 1700;
/** Integers as numbers, as SQLite gives them: nothing here counts beyond 2^53. */
const types = new pg.TypeOverrides();
types.setTypeParser(INT8, Number);
types.setTypeParser(NUMERIC, Number);

/** What every connection of ours is told, whatever the server's defaults: a dead peer is noticed, a statement ends. */
export function connectionConfig({ url, schema, settings = [] }: Omit<PoolOptions, 'most'>): pg.ClientConfig {
  const further = settings.map((setting) => ` -c ${setting}`).join('');
  return {
    connectionString: url,
    application_name: 'tellonce',
    types,
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
    // Of the driver itself: a server that is gone without a word answers nothing.
    query_timeout: 65_000,
    options: `-c search_path=${schema} -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=3 -c tcp_keepalives_count=3 -c timezone=UTC -c client_min_messages=warning${further}`,
  };
}

/** A pool of connections to one schema. Schemas are named by us: letters, digits, underscores. */
export function openPool(options: PoolOptions): pg.Pool {
  if (!/^[a-z][a-z0-9_]*$/.test(options.schema)) throw new TypeError('a schema is named in small letters');
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.most ?? 4, idleTimeoutMillis: 10_000 });
  // An idle connection that breaks is replaced; whoever asks next hears of a server that is gone.
  pool.on('error', () => undefined);
  // One that breaks between two statements of a transaction has nobody else who listens, and would end the process; the next statement fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** All or nothing on a connection of the pool; `begin` may set what holds for the transaction. A connection that can't be rolled back is thrown away. */
export async function transactionOn<T>(
  pool: pg.Pool,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await told(() => pool.connect());
  let broken = true;
  try {
    await told(() => client.query(begin));
    const value = await work(client);
    await told(() => client.query('commit'));
    broken = false;
    return value;
  } catch (error) {
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Does something with the server and says what went wrong without the words of the server, which may quote values. */
export async function told<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw translated(error);
  }
}

/** The error as our stores know it; what is none of the server's stays. */
export function translated(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const { code, constraint, message } = error as { code?: unknown; constraint?: unknown; message?: unknown };
  if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) {
    if (isGone(code)) return new DatabaseUnavailable(code);
    return new StatementRefused(code, typeof constraint === 'string' ? constraint : undefined);
  }
  if (typeof code === 'string' && /^E[A-Z_]+$/.test(code)) return new DatabaseUnavailable(code);
  // The driver has no code for these.
  return typeof message === 'string' && /connection terminated|timeout|not queryable/i.test(message)
    ? new DatabaseUnavailable('CONNECTION')
    : error;
}

/** SQLSTATE classes 08 (connection), 53 (resources), 57P (operator intervention). */
function isGone(code: string): boolean {
  return code.startsWith('08') || code.startsWith('53') || code.startsWith('57');
}
