import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { ChildId, FactId, OrganisationId } from '#kernel';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { openVault, type Vault } from '#vault';
import { BACKENDS, type Backend } from '../test/backends.ts';
import { openIdentity, type Identity } from './identity.ts';
import type { ResolvedRecord } from './port.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const TRUST = 'bridgewater-community-trust' as OrganisationId;
const META = { correlationId: 'spec' };
const FACT = 'c6c6c4f0-1111-5000-8000-000000000001' as FactId;
const OTHER_FACT = 'c6c6c4f0-1111-5000-8000-000000000002' as FactId;

describe.each(BACKENDS)('records that move between children on %s', (_kind, begin) => {
  let backend: Backend;
  let folder: ReturnType<typeof temporaryFolder>;
  let log: EventLog;
  let vault: Vault;
  let identity: Identity;
  let opened = 0;

  const parts = () => ({ log, vault, chance: fakeChance(`moves ${String(opened++)}`), clock: fakeClock() });
  const open = (): Promise<Identity> => backend.open(parts());
  const openFresh = (): Promise<Identity> => openIdentity({ ...parts(), path: ':memory:' });
  const recordOf = async (organisation: OrganisationId, localId: string): Promise<ResolvedRecord> => {
    const subject = { localId, surname: 'Moved', birthDate: '2019-03-04', nhsNumber: '9434765870' };
    const outcome = await identity.resolve(organisation, subject, META);
    if (!outcome.ok) throw new Error(outcome.error.code);
    return outcome.value;
  };
  /** Lets the next append happen and refuses the one after it, as a process that dies between two appends does. */
  const crashAfterOne = (): (() => void) => {
    const append = log.append.bind(log);
    let left = 1;
    log.append = (...given) => (left-- > 0 ? append(...given) : Promise.reject(new Error('crash')));
    return () => {
      log.append = append;
    };
  };

  beforeEach(async () => {
    folder = temporaryFolder();
    backend = await begin();
    log = await openSqliteLog({ path: join(folder.path, 'log.db') });
    const kek = new Uint8Array(32).fill(7);
    vault = await openVault({ path: ':memory:', kek, chance: fakeChance('vault'), clock: fakeClock() });
    identity = await open();
  });
  afterEach(async () => {
    await identity.close();
    await vault.close();
    await log.close();
    folder.remove();
    await backend.remove();
  });

  it('keep the children they came from in the lineage of the one they are with, and of no other', async () => {
    const school = await recordOf(SCHOOL, '17');
    const trust = await recordOf(TRUST, 'X');
    expect(trust.child).toBe(school.child);
    const second = await identity.unlink(trust.recordId, 'wrong-match', META);
    const third = await identity.unlink(trust.recordId, 'review', META);
    expect(await identity.lineageOf(school.child)).toEqual([school.child]);
    expect(await identity.lineageOf(second)).toEqual([second]);
    expect(await identity.lineageOf(third)).toEqual([third, ...[school.child, second].toSorted()]);
    await identity.unlink(trust.recordId, 'review', META, school.child);
    expect(await identity.lineageOf(school.child)).toEqual([school.child, ...[second, third].toSorted()]);
    expect(await identity.lineageOf(third)).toEqual([third]);
  });

  it('give the lineage of a record to what is split off it, and its facts their own child', async () => {
    const { recordId, child } = await recordOf(SCHOOL, '17');
    const apart = await identity.unlink(recordId, 'wrong-match', META);
    expect(await identity.childOfFact(FACT, recordId)).toBe(apart);
    const { to } = await identity.split(recordId, [FACT], META);
    expect(await identity.childOfFact(FACT, recordId)).toBe(to);
    expect(await identity.childOfFact(OTHER_FACT, recordId)).toBe(apart);
    expect(await identity.lineageOf(to)).toEqual([to, ...[child, apart].toSorted()]);
  });

  it('are read back from the log alike', async () => {
    const { recordId } = await recordOf(SCHOOL, '17');
    await identity.unlink(recordId, 'wrong-match', META);
    const { to } = await identity.split(recordId, [FACT], META);
    const fresh = await openFresh();
    expect(await fresh.lineageOf(to)).toEqual(await identity.lineageOf(to));
    expect(await fresh.childOfFact(FACT, recordId)).toBe(to);
    await fresh.close();
  });

  it('arrive after a crash between unlinking and linking', async () => {
    const { recordId } = await recordOf(SCHOOL, '17');
    const mend = crashAfterOne();
    const to = '00000000-0000-4000-8000-00000000000a' as ChildId;
    await expect(identity.unlink(recordId, 'wrong-match', META, to)).rejects.toThrow('crash');
    mend();
    expect(await identity.childOf(recordId)).toBe(to);
    expect(await identity.recordsOf(to)).toEqual([]);
    await identity.close();
    identity = await open();
    expect(await identity.recordsOf(to)).toEqual([{ recordId, organisation: SCHOOL }]);
    const fresh = await openFresh();
    expect(await fresh.recordsOf(to)).toEqual([{ recordId, organisation: SCHOOL }]);
    await fresh.close();
  });

  it('arrive after a crash between splitting and linking, or before the next move without a restart', async () => {
    const { recordId } = await recordOf(SCHOOL, '17');
    for (const restart of [true, false]) {
      const mend = crashAfterOne();
      await expect(identity.split(recordId, [FACT], META)).rejects.toThrow('crash');
      mend();
      const to = (await identity.childOfFact(FACT, recordId)) as ChildId;
      expect(await identity.recordsOf(to)).toEqual([]);
      if (restart) {
        await identity.close();
        identity = await open();
      } else {
        await identity.unlink(recordId, 'review', META);
      }
      expect(await identity.recordsOf(to)).toEqual([{ recordId: expect.any(String), organisation: SCHOOL }]);
      expect(await identity.childOfFact(FACT, recordId)).toBe(to);
    }
  });

  it('leave nothing of an erased record behind', async () => {
    const { recordId } = await recordOf(SCHOOL, '17');
    const to = await identity.unlink(recordId, 'wrong-match', META);
    await identity.eraseRecord(recordId, { ground: 'article-17', keysDestroyed: 0, meta: META });
    expect(await identity.lineageOf(to)).toEqual([to]);
    expect(await identity.childOf(recordId)).toBeUndefined();
  });
});
