import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { FactId, Instant, OrganisationId } from '#kernel';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import type { EventLog, LoggedEvent, LogToken } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock } from '#testing';
import { testDatabase, type TestDatabase } from '#testing/servers';
import { openVault, type Vault } from '#vault';
import { copyIdentity } from './copy.ts';
import { openIdentity } from './identity.ts';
import { IDENTITY_STORE } from './tables.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const META = { correlationId: 'spec' };
const PEOPLE = Array.from({ length: 700 }, (_, n) => ({
  localId: String(n),
  surname: 'Smith',
  birthDate: '2019-03-04',
}));

let server: TestDatabase;
let log: EventLog;
let vault: Vault;

const parts = () => ({ log, vault, chance: fakeChance('copy'), clock: fakeClock() });

beforeEach(async () => {
  server = await testDatabase();
  await migrateDatabase(server.url, [IDENTITY_STORE]);
  log = await openSqliteLog({ path: ':memory:' });
  const kek = new Uint8Array(32).fill(7);
  vault = await openVault({ path: ':memory:', kek, chance: fakeChance('vault'), clock: fakeClock() });
});
afterEach(async () => {
  await vault.close();
  await log.close();
  await server.remove();
});

it('knows the same people on a server as in the file they were copied from', async () => {
  const [file, there] = [
    await openSqliteDatabase({ path: ':memory:', store: IDENTITY_STORE }),
    await openPostgresDatabase({ url: server.url, store: IDENTITY_STORE }),
  ];
  const before = await openIdentity({ ...parts(), database: file });
  const known = await Promise.all(PEOPLE.map((subject) => before.resolve(SCHOOL, subject, META)));
  const [first] = known;
  if (first?.ok !== true) throw new Error('not resolved');
  const { recordId } = first.value;
  const moved = await before.unlink(recordId, 'wrong-match', META);
  const row = { submissionId: 's', recordId, factId: 'f' as FactId, bodyMac: 'm', outcome: 'quarantined' };
  await before.submissions.keep(row);
  await before.shelf.add('f' as FactId, '2026-09-01T00:00:00Z' as Instant);
  await before.close();
  expect([await copyIdentity(file, there), await copyIdentity(file, there)]).toEqual([PEOPLE.length + 2, 0]);
  const after = await openIdentity({ ...parts(), database: there });
  const again = await Promise.all(PEOPLE.map((subject) => after.resolve(SCHOOL, subject, META)));
  const ids = (outcomes: typeof known) =>
    outcomes.map((outcome) => (outcome.ok ? outcome.value.recordId : outcome.error));
  expect(ids(again)).toEqual(ids(known));
  expect(again.some((outcome) => outcome.ok && outcome.value.created)).toBe(false);
  expect(await after.childOf(recordId)).toBe(moved);
  expect(await after.submissions.find('s')).toEqual(row);
  expect(await after.shelf.due('2026-09-02T00:00:00Z' as Instant)).toEqual(['f']);
  await after.close();
  await Promise.all([file.close(), there.close()]);
});

it('goes on with the same tables on a copy of the log, whose places are others', async () => {
  const database = await openSqliteDatabase({ path: ':memory:', store: IDENTITY_STORE });
  const before = await openIdentity({ ...parts(), database });
  const outcome = await before.resolve(SCHOOL, PEOPLE[0] ?? { localId: '' }, META);
  if (!outcome.ok) throw new Error(outcome.error.code);
  const { recordId, child } = outcome.value;
  const moved = await before.unlink(recordId, 'wrong-match', META);
  await before.close();
  // Nobody opened the tables since the last of these: the place they know is one of the log from before.
  await openIdentity({ ...parts(), database });
  const after = await openIdentity({ ...parts(), log: elsewhere(log), database });
  expect(await after.lineageOf(moved)).toEqual([moved, child]);
  expect(await after.unlink(recordId, 'review', META, child)).toBe(child);
  const again = await openIdentity({ ...parts(), log: elsewhere(log), database });
  expect(await again.childOf(recordId)).toBe(child);
  await again.close();
  await database.close();
});

/** The same events under tokens of another form, and refusing those of the first. */
function elsewhere(of: EventLog): EventLog {
  const out = (token: LogToken): LogToken => `elsewhere/${token}` as LogToken;
  const back = (token: LogToken): LogToken => {
    if (!token.startsWith('elsewhere/')) throw new TypeError('not a token of this log');
    return token.slice('elsewhere/'.length) as LogToken;
  };
  const event = (each: LoggedEvent): LoggedEvent => ({ ...each, token: out(each.token) });
  return {
    append: async (...given) => {
      const { revision, token } = await of.append(...given);
      return { revision, token: out(token) };
    },
    readStream: async (...given) => (await of.readStream(...given)).map(event),
    tail: (stream) => of.tail(stream),
    readAll: async function* (read) {
      const after = read.after == null ? null : back(read.after);
      for await (const batch of of.readAll({ ...read, after })) yield batch.map(event);
    },
    subscribe: () => {
      throw new Error('not asked for here');
    },
    head: async () => {
      const head = await of.head();
      return head === null ? null : out(head);
    },
    compare: (a, b) => of.compare(back(a), back(b)),
    close: () => of.close(),
  };
}
