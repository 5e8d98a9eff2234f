import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '#database';
import { storeBackends, type TestStore } from '#testing/servers';
import { lazyCheckpoint, POSITIONS_STORE, storedCheckpoint } from './checkpoint.ts';
import type { LogToken } from './port.ts';

const token = (text: string) => text as LogToken;
describe.each(storeBackends(POSITIONS_STORE))('a position on %s', (_kind, begin) => {
  let database: Database;
  let under: TestStore;
  beforeEach(async () => {
    under = await begin();
    database = await under.open();
  });
  afterEach(async () => {
    await database.close();
    await under.remove();
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
