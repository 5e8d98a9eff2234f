import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import type { Database } from '#database';
import { testDatabase } from '#testing/servers';
import { lazyCheckpoint, POSITIONS_STORE, storedCheckpoint } from './checkpoint.ts';
import type { LogToken } from './port.ts';

const token = (text: string) => text as LogToken;
const backends: readonly (readonly [string, () => Promise<{ database: Database; remove: () => Promise<void> }>])[] = [
  [
    'SQLite',
    async () => ({
      database: await openSqliteDatabase({ path: ':memory:', store: POSITIONS_STORE }),
      remove: async () => undefined,
    }),
  ],
  [
    'PostgreSQL',
    async () => {
      const { url, remove } = await testDatabase();
      await migrateDatabase(url, [POSITIONS_STORE]);
      return { database: await openPostgresDatabase({ url, store: POSITIONS_STORE }), remove };
    },
  ],
];

describe.each(backends)('a position on %s', (_kind, begin) => {
  let database: Database;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ database, remove } = await begin());
  });
  afterEach(async () => {
    await database.close();
    await remove();
  });

  it('is none at first, then the last one written, each reader its own', async () => {
    const [one, two] = [storedCheckpoint(database, 'one'), storedCheckpoint(database, 'two')];
    expect(await one.read()).toBeNull();
    await one.write(token('1'));
    await one.write(token('2'));
    await two.write(token('9'));
    expect([await one.read(), await two.read()]).toEqual(['2', '9']);
  });

  it('told often, is written seldom, and with the last token before the end', async () => {
    const stored = storedCheckpoint(database, 'lazy');
    let writes = 0;
    const counted = {
      read: stored.read,
      write: (at: LogToken) => {
        writes += 1;
        return stored.write(at);
      },
    };
    const lazy = lazyCheckpoint(counted, 60_000, () => undefined);
    for (let n = 1; n <= 100; n++) lazy.tell(token(String(n)));
    await lazy.flush();
    expect([await lazy.read(), writes]).toEqual(['100', 1]);
  });
});
