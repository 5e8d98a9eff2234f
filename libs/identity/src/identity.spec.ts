import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import { encodeRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { openVault, type Vault } from '#vault';
import { BACKENDS, type Backend } from '../test/backends.ts';
import { openIdentity, type Identity } from './identity.ts';
import type { SubjectIdentity } from './port.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const TRUST = 'bridgewater-community-trust' as OrganisationId;
const META = { correlationId: 'spec' };
const NUMBER = '9434765870';
const OTHER_NUMBER = '9000000009';
const MAYA = { surname: "O'Brien-Łukasz", givenName: 'Maya', birthDate: '2019-03-04' };

describe.each(BACKENDS)('identity on %s', (_kind, begin) => {
  let backend: Backend;
  let folder: ReturnType<typeof temporaryFolder>;
  let log: EventLog;
  let vault: Vault;
  let identity: Identity;
  let opened = 0;

  const open = (): Promise<Identity> =>
    backend.open({
      log,
      vault,
      chance: fakeChance(`identity ${String(opened++)}`),
      clock: fakeClock(),
    });
  const resolved = async (organisation: OrganisationId, subject: SubjectIdentity) => {
    const outcome = await identity.resolve(organisation, subject, META);
    if (!outcome.ok) throw new Error(outcome.error.code);
    return outcome.value;
  };
  const childEvents = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const batch of log.readAll({ families: ['child'] })) found.push(...batch.map(({ type }) => type));
    return found;
  };

  beforeEach(async () => {
    folder = temporaryFolder();
    backend = await begin();
    log = await openSqliteLog({ path: join(folder.path, 'log.db') });
    const kek = new Uint8Array(32).fill(7);
    vault = await openVault({
      path: join(folder.path, 'keys.db'),
      kek,
      chance: fakeChance('vault'),
      clock: fakeClock(),
    });
    identity = await open();
  });
  afterEach(async () => {
    await identity.close();
    await vault.close();
    await log.close();
    folder.remove();
    await backend.remove();
  });

  it('knows a record again by organisation and own id, whatever else is said', async () => {
    const first = await resolved(SCHOOL, { localId: '17', ...MAYA });
    const again = await resolved(SCHOOL, { localId: '17', ...MAYA, surname: 'Smith', nhsNumber: NUMBER });
    expect(first.created).toBe(true);
    expect(again).toEqual({ ...first, created: false });
    expect(await identity.recordsOf(first.child)).toEqual([{ recordId: first.recordId, organisation: SCHOOL }]);
  });

  it('links records of two organisations on number, birth date and surname, and says why', async () => {
    const school = await resolved(SCHOOL, { localId: '17', ...MAYA, nhsNumber: NUMBER });
    const trust = await resolved(TRUST, {
      localId: 'X',
      ...MAYA,
      surname: 'o’brien łukasz',
      nhsNumber: '943 476 5870',
    });
    expect(trust.child).toBe(school.child);
    expect(trust.recordId).not.toBe(school.recordId);
    const stored = await log.readStream(`child-${school.child}`);
    const reasons = stored.map(({ data }) => (JSON.parse(Buffer.from(data).toString()) as { data: object }).data);
    expect(reasons).toEqual([
      { recordId: school.recordId, organisation: SCHOOL, because: 'new-record' },
      { recordId: trust.recordId, organisation: TRUST, because: 'nhs-number-birth-date-surname' },
    ]);
  });

  it.each([
    ['another birth date', { ...MAYA, birthDate: '2019-03-05', nhsNumber: NUMBER }],
    ['another surname', { ...MAYA, surname: 'Jones', nhsNumber: NUMBER }],
    ['another number', { ...MAYA, nhsNumber: OTHER_NUMBER }],
    ['no number', MAYA],
    ['no birth date', { surname: MAYA.surname, nhsNumber: NUMBER }],
  ])('makes a child of its own for %s', async (_, subject) => {
    const first = await resolved(SCHOOL, { localId: '17', ...MAYA, nhsNumber: NUMBER });
    const second = await resolved(TRUST, { localId: 'X', ...subject });
    expect(second.child).not.toBe(first.child);
  });

  it.each([
    ['NHS_NUMBER_CHECK_DIGIT', { nhsNumber: '9434765871' }],
    ['BIRTH_DATE_INVALID', { birthDate: '2019-02-30' }],
    ['UPN_CHECK_LETTER', { upn: 'nonsense' }],
  ])('refuses with %s and stores nothing', async (code, wrong) => {
    const outcome = await identity.resolve(SCHOOL, { localId: '17', ...MAYA, ...wrong }, META);
    expect(outcome).toMatchObject({ ok: false, error: { code } });
    expect(await identity.recordOf(SCHOOL, '17')).toBeUndefined();
  });

  it('refuses one number on two children instead of merging them', async () => {
    await resolved(SCHOOL, { localId: '17', ...MAYA, nhsNumber: NUMBER });
    const contradicting = { localId: '17', ...MAYA, birthDate: '2018-01-01', nhsNumber: OTHER_NUMBER };
    const twin = { localId: '18', ...MAYA, givenName: 'Leo', nhsNumber: NUMBER };
    for (const subject of [contradicting, twin]) {
      const outcome = await identity.resolve(SCHOOL, subject, META);
      expect(outcome).toMatchObject({ ok: false, error: { code: 'NUMBER_ON_TWO_CHILDREN' } });
    }
  });

  it('refuses a person whose erasure left a suppression hash', async () => {
    const { recordId } = await resolved(SCHOOL, { localId: '17', ...MAYA });
    await vault.suppress(SCHOOL, (await identity.suppressionOf(recordId)) ?? '', 'erasure-1');
    await identity.eraseRecord(recordId);
    const outcome = await identity.resolve(SCHOOL, { localId: '17', ...MAYA }, META);
    expect(outcome).toEqual({ ok: false, error: { code: 'RECORD_ERASED', pointer: '/localId' } });
  });

  it('makes one record of many facts at once, and one child of two organisations at once', async () => {
    const asked = Array.from({ length: 20 }, (_, index) =>
      resolved(index % 2 === 0 ? SCHOOL : TRUST, { localId: '17', ...MAYA, nhsNumber: NUMBER }),
    );
    const answers = await Promise.all(asked);
    expect(new Set(answers.map(({ recordId }) => recordId)).size).toBe(2);
    expect(new Set(answers.map(({ child }) => child)).size).toBe(1);
    expect(await childEvents()).toHaveLength(2);
  });

  it('matches for looking up without making anything', async () => {
    expect(await identity.match({ ...MAYA, nhsNumber: NUMBER })).toEqual({ outcome: 'NoMatch', children: [] });
    const { child } = await resolved(SCHOOL, { localId: '17', ...MAYA, nhsNumber: NUMBER });
    expect(await identity.match({ ...MAYA, nhsNumber: NUMBER })).toEqual({ outcome: 'Match', children: [child] });
    expect((await identity.match({ ...MAYA, nhsNumber: '9434765871' })).outcome).toBe('Error');
    const record = await resolved(TRUST, { localId: 'X', ...MAYA, nhsNumber: NUMBER });
    const apart = await identity.unlink(record.recordId, 'wrong-match', META);
    expect((await identity.match({ ...MAYA, nhsNumber: NUMBER })).outcome).toBe('ManyMatch');
    expect(await identity.childOf(record.recordId)).toBe(apart);
    expect(await identity.recordsOf(child)).toHaveLength(1);
  });

  it('can link, unlink and link the same record again', async () => {
    const { recordId, child } = await resolved(SCHOOL, { localId: '17', ...MAYA });
    const apart = await identity.unlink(recordId, 'wrong-match', META);
    await identity.unlink(recordId, 'review', META, child);
    expect(await identity.childOf(recordId)).toBe(child);
    await identity.unlink(recordId, 'wrong-match', META, apart);
    expect(await identity.childOf(recordId)).toBe(apart);
  });

  it('splits facts off to a record of their own', async () => {
    const { recordId, child } = await resolved(SCHOOL, { localId: '17', ...MAYA });
    const { to, toRecord } = await identity.split(recordId, ['a' as FactId], META);
    expect(await identity.childOf(recordId)).toBe(child);
    expect(await identity.childOf(toRecord)).toBe(to);
  });

  it('finds all links again in the log after its file is lost', async () => {
    const { recordId, child } = await resolved(SCHOOL, { localId: '17', ...MAYA });
    await identity.unlink(recordId, 'review', META);
    const expected = await identity.childOf(recordId);
    await identity.close();
    const other = await openIdentity({ path: ':memory:', log, vault, chance: fakeChance(), clock: fakeClock() });
    expect(await other.childOf(recordId)).toBe(expected);
    expect(await other.recordsOf(child)).toEqual([]);
    await other.close();
    identity = await open();
  });

  it('reads on from where the log ended, not from the last link: facts between them are many', async () => {
    await resolved(SCHOOL, { localId: '17', ...MAYA });
    const stream = 'process-other-1';
    const record = { format: 1, stream, revision: 0, type: 'process.reacted.v1', data: {} } as const;
    const rest = { recordedAt: fakeClock().now(), by: SCHOOL, correlationId: 'c' };
    await log.append(stream, 'none', [encodeRecord({ ...record, ...rest })]);
    await identity.close();
    identity = await open();
    await identity.close();
    const from: unknown[] = [];
    const readAll = log.readAll.bind(log);
    log.readAll = (read) => (from.push(read.after), readAll(read));
    identity = await open();
    expect(from).toEqual([await log.head()]);
  });

  it('finishes on reopening what a crash between its table and the log left half made', async () => {
    const append = log.append.bind(log);
    log.append = () => Promise.reject(new Error('crash'));
    await expect(identity.resolve(SCHOOL, { localId: '17', ...MAYA }, META)).rejects.toThrow('crash');
    log.append = append;
    const recordId = (await identity.recordOf(SCHOOL, '17')) as RecordId;
    expect(await identity.childOf(recordId)).toBeUndefined();
    await identity.close();
    identity = await open();
    const child = (await identity.childOf(recordId)) as ChildId;
    expect(await identity.recordsOf(child)).toEqual([{ recordId, organisation: SCHOOL }]);
    expect(await resolved(SCHOOL, { localId: '17', ...MAYA })).toEqual({ recordId, child, created: false });
    expect(await childEvents()).toEqual(['record.linked.v1']);
  });

  it('keeps no name or number in its file, and after erasure no hash either there or in any row', async () => {
    const { recordId } = await resolved(SCHOOL, { localId: 'canary-17', ...MAYA, nhsNumber: NUMBER });
    await identity.submissions.keep({
      submissionId: 's',
      recordId,
      factId: 'f' as FactId,
      bodyMac: 'canary-mac',
      outcome: 'published',
    });
    const hash = vault.lookupHash('nhs-number', NUMBER);
    const bytes = (): string =>
      backend.files
        .filter((path) => existsSync(path))
        .map((path) => readFileSync(path, 'latin1'))
        .join('');
    await identity.eraseRecord(recordId, { ground: 'article-17', keysDestroyed: 1, meta: META });
    expect(await backend.rows()).not.toMatch(new RegExp([recordId, hash, 'canary'].join('|')));
    expect(bytes()).not.toContain(hash);
    for (const canary of [NUMBER, 'Maya', 'canary-17', 'canary-mac', recordId]) expect(bytes()).not.toContain(canary);
    expect(await identity.childOf(recordId)).toBeUndefined();
    expect(await childEvents()).toEqual(['record.linked.v1', 'record.erased.v1']);
  });

  it('deletes on reopening what an erasure that died after its event had not deleted', async () => {
    const { recordId, child } = await resolved(SCHOOL, { localId: '17', ...MAYA, nhsNumber: NUMBER });
    await identity.submissions.keep({
      submissionId: 's',
      recordId,
      factId: 'f' as FactId,
      bodyMac: 'm',
      outcome: 'published',
    });
    const stream = `child-${child}`;
    const data = { recordId, organisation: SCHOOL, ground: 'article-17', keysDestroyed: 1 };
    const record = { format: 1, stream, revision: 1, type: 'record.erased.v1', data } as const;
    const rest = { recordedAt: fakeClock().now(), by: SCHOOL, correlationId: 'c' };
    await log.append(stream, 0, [encodeRecord({ ...record, ...rest })]);
    await identity.close();
    identity = await open();
    expect(await identity.recordOf(SCHOOL, '17')).toBeUndefined();
    expect(await identity.submissions.find('s')).toBeUndefined();
    await identity.close();
    const [file] = backend.files;
    const bytes = file === undefined ? '' : readFileSync(file, 'latin1');
    for (const left of [recordId, vault.lookupHash('nhs-number', NUMBER)]) expect(bytes).not.toContain(left);
    identity = await open();
  });

  it('ends in the same links whichever an organisation said first: the wrong birth date or the right one', async () => {
    const { child } = await resolved(SCHOOL, { localId: 'a', nhsNumber: NUMBER, ...MAYA });
    const wrong = await resolved(TRUST, { localId: 'b', nhsNumber: NUMBER, ...MAYA, birthDate: '2017-10-02' });
    expect(wrong.child).not.toBe(child);
    const right = await resolved(TRUST, { localId: 'b', nhsNumber: NUMBER, ...MAYA });
    expect(right).toEqual({ recordId: wrong.recordId, child, created: false });
    await resolved(TRUST, { localId: 'b', nhsNumber: NUMBER, ...MAYA, birthDate: '2017-10-02' });
    expect(await identity.childOf(wrong.recordId)).toBe(child);
  });

  it('does not link again by itself what a reviewer has unlinked', async () => {
    const { child } = await resolved(SCHOOL, { localId: 'a', nhsNumber: NUMBER, ...MAYA });
    const { recordId } = await resolved(TRUST, { localId: 'b', nhsNumber: NUMBER, ...MAYA });
    const alone = await identity.unlink(recordId, 'wrong-match', META);
    await resolved(TRUST, { localId: 'b', nhsNumber: NUMBER, ...MAYA, givenName: 'Maia' });
    expect([await identity.childOf(recordId), alone === child]).toEqual([alone, false]);
  });
});
