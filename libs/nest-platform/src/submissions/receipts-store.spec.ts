import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { toInstant, type FactId, type OrganisationId } from '#kernel';
import type { SubmissionResult } from '#sharing';
import { testDatabase } from '#testing/servers';
import type { Receipts } from './receipt.ts';
import { openReceipts, RECEIPTS_STORE } from './receipts-store.ts';

const organisation = 'oakfield-school' as OrganisationId;
const beginning = { id: 'r', organisation, format: 'f', bodyHash: 'h', key: 'k', at: toInstant(0) };
const rejected: SubmissionResult = {
  row: 1,
  outcome: 'rejected',
  factId: null,
  reasons: [{ code: 'X', column: 'C' }],
  repeated: false,
  token: null,
};

interface Under {
  /** As a process that starts; the one before may still run. */
  open(): Promise<Receipts>;
  remove(): Promise<void>;
}

let now = 0;
const clock = { now: () => toInstant(now) };
const backends: readonly (readonly [string, () => Promise<Under>])[] = [
  [
    'SQLite',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'receipts-'));
      const database = () => openSqliteDatabase({ path: join(folder, 'receipts.db'), store: RECEIPTS_STORE });
      return {
        open: async () => openReceipts(await database(), { clock, alone: true }),
        remove: async () => rmSync(folder, { recursive: true }),
      };
    },
  ],
  [
    'PostgreSQL',
    async () => {
      const { url, remove } = await testDatabase();
      await migrateDatabase(url, [RECEIPTS_STORE]);
      const database = () => openPostgresDatabase({ url, store: RECEIPTS_STORE });
      return { open: async () => openReceipts(await database(), { clock, alone: false }), remove };
    },
  ],
];

describe.each(backends)('receipts on %s', (kind, begin) => {
  let under: Under;
  beforeEach(async () => {
    now = 0;
    under = await begin();
  });
  afterEach(() => under.remove());

  it('outlive the process, and what was running is interrupted then and can begin again', async () => {
    const before = await under.open();
    await before.begin(beginning);
    await before.add('r', [rejected]);
    expect(await before.begin({ ...beginning, id: 's' })).toMatchObject({
      kind: 'repeated',
      receipt: { id: 'r', state: 'running' },
    });
    expect(await before.begin({ ...beginning, id: 's', bodyHash: 'other' })).toEqual({ kind: 'other-body' });
    await before.close();

    // Of several processes nobody knows at once that one is dead: it has to be silent for a while.
    if (kind === 'PostgreSQL') now = 61_000;
    const after = await under.open();
    expect(await after.find(organisation, 'r')).toMatchObject({ state: 'interrupted', counts: { rejected: 1 } });
    expect(await after.items('r', 0, 10)).toEqual({
      items: [{ row: 1, outcome: 'rejected', factId: null, reasons: rejected.reasons, repeated: false }],
    });
    expect(await after.begin({ ...beginning, id: 's' })).toMatchObject({
      kind: 'begun',
      receipt: { id: 'r', counts: { rejected: 0 } },
    });
    expect((await after.items('r', 0, 10)).items).toEqual([]);
    await after.end('r', 'finished', toInstant(1));
    await after.close();

    const last = await under.open();
    expect((await last.find(organisation, 'r'))?.state).toBe('finished');
    await last.close();
  });

  it('page through items in order and know their facts', async () => {
    const receipts = await under.open();
    await receipts.begin(beginning);
    const told = Array.from({ length: 5 }, (_, at) => ({ ...rejected, row: at + 1, factId: `f${at}` as FactId }));
    await receipts.add('r', told.slice(0, 3));
    await receipts.add('r', told.slice(3));
    const first = await receipts.items('r', 0, 3);
    expect([first.items.map(({ row }) => row), first.next]).toEqual([[1, 2, 3], 3]);
    expect((await receipts.items('r', 3, 3)).items.map(({ row }) => row)).toEqual([4, 5]);
    expect([await receipts.holds('r', 'f4'), await receipts.holds('r', 'f5')]).toEqual([true, false]);
    expect(await receipts.find('elmwood-school' as OrganisationId, 'r')).toBeUndefined();
    await receipts.close();
  });

  it('let one of two requests with one key begin', async () => {
    const receipts = await under.open();
    const begun = await Promise.all(['a', 'b', 'c'].map((id) => receipts.begin({ ...beginning, id })));
    expect(begun.map(({ kind: outcome }) => outcome).toSorted()).toEqual(['begun', 'repeated', 'repeated']);
    await receipts.close();
  });
});

it('take a submission that another living process works on for running', async () => {
  const { url, remove } = await testDatabase();
  await migrateDatabase(url, [RECEIPTS_STORE]);
  now = 0;
  const open = async (everyMs: number) =>
    openReceipts(await openPostgresDatabase({ url, store: RECEIPTS_STORE }), { clock, alone: false, everyMs });
  const working = await open(10);
  const other = await open(60_000);
  await working.begin(beginning);
  now = 61_000;
  for (let tries = 0; tries < 200 && (await other.find(organisation, 'r'))?.state !== 'running'; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect((await other.find(organisation, 'r'))?.state).toBe('running');
  await working.close();
  now = 200_000;
  expect((await other.find(organisation, 'r'))?.state).toBe('interrupted');
  await other.close();
  await remove();
});

it('are interrupted after a while where the database was away when their work ended', async () => {
  now = 0;
  let away = false;
  const database = await openSqliteDatabase({ path: ':memory:', store: RECEIPTS_STORE });
  const run: typeof database.run = (...given) =>
    away ? Promise.reject(new Error('database away')) : database.run(...given);
  const receipts = await openReceipts(
    {
      kind: database.kind,
      run,
      get: (...given) => database.get(...given),
      all: (...given) => database.all(...given),
      transaction: (...given) => database.transaction(...given),
      relaxed: (...given) => database.relaxed(...given),
      forget: () => database.forget(),
      close: () => database.close(),
    },
    { clock, alone: false, everyMs: 5 },
  );
  await receipts.begin(beginning);
  away = true;
  await expect(receipts.end('r', 'interrupted', toInstant(1))).rejects.toThrow('database away');
  away = false;
  now = 61_000;
  // Time to say that somebody still works on it, which nobody does.
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect((await receipts.find(organisation, 'r'))?.state).toBe('interrupted');
  await receipts.close();
});
