import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ChildId, FactId, OrganisationId } from '#kernel';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { openVault, type Vault } from '#vault';
import { openIdentity, type Identity } from './identity.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const META = { correlationId: 'spec' };
const MAYA = { localId: '17', surname: 'Smith', birthDate: '2019-03-04', nhsNumber: '9434765870' };

/** As files were made before the tables had versions. */
const EARLIER = `
create table source_record (
  record_id text primary key, organisation text not null, local_hash text not null, child_id text not null, because text not null,
  linked integer not null default 0, said_hash text not null, person_hash text, birth_hash text, given_hash text,
  unique (organisation, local_hash)
) without rowid;
create index half_made on source_record (linked) where linked = 0;
create table identifier (kind text not null, hash text not null, record_id text not null, primary key (kind, hash, record_id)) without rowid;
create index identifier_of_record on identifier (record_id);
create table link (record_id text primary key, organisation text not null, child_id text not null) without rowid;
create index link_of_child on link (child_id);
create table moved (record_id text not null, from_child text not null, primary key (record_id, from_child)) without rowid;
create table moving (record_id text primary key, organisation text not null, to_child text not null) without rowid;
create table split_fact (fact_id text primary key, record_id text not null) without rowid;
create index split_fact_of_record on split_fact (record_id);
create table progress (one integer primary key check (one = 1), token text not null);
create table submission (
  submission_id text primary key, record_id text, fact_id text not null, body_mac text not null, outcome text not null
) without rowid;
create table shelf (item text primary key, expires_at text not null) without rowid;
create index submission_of_record on submission (record_id);
`;
const KEPT = [
  'source_record',
  'identifier',
  'link',
  'moved',
  'moving',
  'split_fact',
  'progress',
  'submission',
  'shelf',
];

let folder: ReturnType<typeof temporaryFolder>;
let log: EventLog;
let vault: Vault;

const open = (name: string): Promise<Identity> =>
  openIdentity({ path: join(folder.path, name), log, vault, chance: fakeChance(name), clock: fakeClock() });

beforeEach(async () => {
  folder = temporaryFolder();
  log = await openSqliteLog({ path: join(folder.path, 'log.db') });
  const kek = new Uint8Array(32).fill(7);
  vault = await openVault({ path: ':memory:', kek, chance: fakeChance('vault'), clock: fakeClock() });
});
afterEach(async () => {
  await vault.close();
  await log.close();
  folder.remove();
});

it('goes on with a file that was made before', async () => {
  const now = await open('now.db');
  const resolved = await now.resolve(SCHOOL, MAYA, META);
  if (!resolved.ok) throw new Error(resolved.error.code);
  const { recordId, child } = resolved.value;
  const moved = await now.unlink(recordId, 'wrong-match', META);
  const { to } = await now.split(recordId, ['f' as FactId], META);
  await now.submissions.keep({ submissionId: 's', recordId, factId: 'f' as FactId, bodyMac: 'm', outcome: 'withheld' });
  await now.close();
  // The same rows, as the earlier program kept them.
  const file = new DatabaseSync(join(folder.path, 'then.db'));
  file.exec(EARLIER);
  file.exec(`attach '${join(folder.path, 'now.db')}' as now`);
  for (const table of KEPT) file.exec(`insert into main.${table} select * from now.${table}`);
  file.close();
  const then = await open('then.db');
  const other = { ...MAYA, nhsNumber: '943 476 5870', surname: 'SMITH' };
  expect(await then.resolve(SCHOOL, other, META)).toEqual({
    ok: true,
    value: { recordId, child: moved, created: false },
  });
  expect(await then.lineageOf(moved)).toEqual([moved, child]);
  expect(await then.childOfFact('f' as FactId, recordId)).toBe(to);
  expect(await then.submissions.find('s')).toMatchObject({ recordId, bodyMac: 'm' });
  expect(await then.unlink(recordId, 'review', META, child)).toBe(child);
  await then.close();
  const again = await open('then.db');
  expect(await again.childOf(recordId)).toBe(child);
  expect(await again.recordsOf('nobody' as ChildId)).toEqual([]);
  await again.close();
});
