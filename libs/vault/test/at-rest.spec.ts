import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { startPostgres, type TestPostgres } from '#testing/servers';
import { grantMatch } from '../src/index.ts';
import { chance, folderHolds, keysOnDisk, of, rowOfKey, underDatabase, words } from './backends.ts';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.remove());

/** Everything the server has written so far, its write-ahead log too. */
async function dataDirectory(): Promise<string> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  await client.query('checkpoint');
  const { rows } = await client.query<{ data_directory: string }>('show data_directory');
  await client.end();
  return rows[0]?.data_directory ?? '';
}

it('keeps cipher text and nothing else in the files of PostgreSQL, which has what was deleted still', async () => {
  const secrets: Buffer[] = [];
  const heard = {
    bytes: (count: number) => {
      const bytes = Buffer.from(chance.bytes(count));
      if (count === 32) secrets.push(Buffer.from(bytes));
      return bytes;
    },
  };
  const under = await underDatabase(server.url, () => Promise.resolve());
  const vault = await under.open({ chance: heard });
  const key = await vault.keyFor('record-canary', 'social.child-protection');
  const sealed = vault.seal(key, of('record-canary'), words);
  const row = await rowOfKey(under, key.id);
  await vault.destroy('record-canary');
  await vault.suppress('trust-a', 'local-canary', 'erasure-1');
  const data = await dataDirectory();
  for (const canary of ['record-canary', 'child-protection', 'local-canary', words.toString('utf8')])
    expect([canary, folderHolds(data, Buffer.from(canary))]).toEqual([canary, false]);
  // The key of the record, and those of its bucket before and after.
  expect(secrets).toHaveLength(3);
  for (const secret of secrets) {
    expect(folderHolds(data, secret)).toBe(false);
    expect(folderHolds(under.folder, secret)).toBe(false);
  }
  // That is why the bucket was rolled: the deleted row is there for whoever reads the files, and no key opens it any more.
  expect(folderHolds(data, row.wrapped)).toBe(true);
  expect(keysOnDisk(under.folder, row)).toBe(0);
  expect(await vault.open(grantMatch(), sealed, of('record-canary'))).toEqual({ ok: false, error: 'erased' });
  await under.remove();
});
