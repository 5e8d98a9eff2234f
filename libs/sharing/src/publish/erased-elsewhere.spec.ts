import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import type { ChildId, OrganisationId, RecordId } from '#kernel';
import type { TranslatedItem } from '#contracts';
import type { Database } from '#database';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { openIdentity, type Identity } from '#identity';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { testDatabase, type TestDatabase } from '#testing/servers';
import { KEYS_STORE, openVault, type Vault } from '#vault';
import { emptyProtection, evolveProtection, type ProtectionChange } from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import { openPublisher } from './open-publisher.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const TYPE = 'education.enrolment-started.v1';
const CATEGORY = 'education.enrolment';
const BASIS = {
  lawful: 'public-task',
  condition: 'none',
  confidentiality: 'not-confidential',
  purposes: ['sen-support'],
};
const clock = fakeClock('2026-09-03T09:00:00.000Z');
const chance = fakeChance('processes');

let folder: ReturnType<typeof temporaryFolder>;
let server: TestDatabase;
let log: EventLog;
let identity: Identity;
let [ours, theirs]: Vault[] = [];
const databases: Database[] = [];

async function anotherProcess(): Promise<Vault> {
  const database = await openPostgresDatabase({ url: server.url, store: KEYS_STORE });
  databases.push(database);
  const place = { ledgerPath: join(folder.path, 'key.erasures'), buckets: join(folder.path, 'buckets') };
  return openVault({ database, ...place, kek: new Uint8Array(32), chance, clock });
}

beforeEach(async () => {
  folder = temporaryFolder();
  server = await testDatabase();
  await migrateDatabase(server.url, [KEYS_STORE]);
  [ours, theirs] = [await anotherProcess(), await anotherProcess()];
  log = await openSqliteLog({ path: ':memory:' });
  identity = await openIdentity({ path: ':memory:', log, vault: ours, chance, clock });
});
afterEach(async () => {
  await identity.close();
  await log.close();
  for (const vault of [ours, theirs]) await vault?.close();
  for (const database of databases.splice(0)) await database.close();
  await server.remove();
  folder.remove();
});

it('refuses a late fact of somebody whom another process has erased, though the key is in memory here', async () => {
  if (ours === undefined || theirs === undefined) throw new Error('not open');
  const { privateKey } = generateKeyPairSync('ed25519');
  const data = {
    organisation: SCHOOL,
    name: 'N',
    sector: 'education',
    codes: {},
    keys: [],
    profile: { [TYPE]: BASIS },
  };
  const registry = evolveRegistry(emptyRegistry(), { type: 'organisation.registered.v1', data: data as never });
  const protection = async (child: ChildId) =>
    (await log.readStream(`protection-${child}`))
      .map(({ data: bytes }) => JSON.parse(Buffer.from(bytes).toString()) as ProtectionChange)
      .reduce(evolveProtection, emptyProtection(child));
  const hubKey = { kid: 'hub-1', privateKey };
  const parts = { log, vault: ours, identity, clock, chance, hubKey, registry: async () => registry, protection };
  const publisher = openPublisher(parts);
  const submit = (id: string) => {
    const event = {
      specversion: '1.0',
      id,
      source: `/organisations/${SCHOOL}`,
      type: TYPE,
      time: '2026-09-01T08:00:00Z',
      datacontenttype: 'application/json',
      category: CATEGORY,
      data: {
        subject: { localId: '17', surname: 'Canary', birthDate: '2019-03-04' },
        fact: { setting: '100123', startDate: '2026-09-01' },
      },
    };
    const item = { ok: true, row: 1, operation: 'state', key: { kind: 'source-id', id }, event } as unknown;
    const submission = { kind: 'translated', item: item as TranslatedItem, translator: 't/1', fileHash: 'f' } as const;
    return publisher.submit(SCHOOL, submission, 'spec');
  };
  // Twice, so that who the person is is remembered too, and nothing else would ask.
  expect(await submit('first')).toMatchObject({ outcome: 'published' });
  expect(await submit('second')).toMatchObject({ outcome: 'published' });
  const record = (await identity.recordOf(SCHOOL, '17')) as RecordId;
  expect(await theirs.keyFor(record, CATEGORY)).toEqual(await ours.keyFor(record, CATEGORY));
  await theirs.destroy(record);
  expect(await submit('late')).toMatchObject({ outcome: 'rejected', reasons: [{ code: 'RECORD_ERASED' }] });
});
