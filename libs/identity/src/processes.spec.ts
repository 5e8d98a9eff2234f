import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildId, FactId, OrganisationId, RecordId } from '#kernel';
import { migrateDatabase } from '#database/postgres';
import type { EventLog, LoggedEvent } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock } from '#testing';
import { testDatabase, type TestDatabase } from '#testing/servers';
import { openVault, type Vault } from '#vault';
import { openOn, rowsOn } from '../test/backends.ts';
import { openIdentity, type Identity } from './identity.ts';
import type { ResolvedRecord, SubjectIdentity } from './port.ts';
import { IDENTITY_STORE } from './tables.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const TRUST = 'bridgewater-community-trust' as OrganisationId;
const ORGANISATIONS = [SCHOOL, TRUST, 'social-care' as OrganisationId, 'send-team' as OrganisationId];
const META = { correlationId: 'spec' };
const NUMBER = '9434765870';
const MAYA = { surname: 'Smith', givenName: 'Maya', birthDate: '2019-03-04' };

/** Numbers whose check digit holds. */
const NUMBERS = Array.from({ length: 400 }, (_, n) => withCheckDigit(String(943_000_000 + n * 7))).flatMap(
  (n) => n ?? [],
);

function withCheckDigit(nine: string): string | undefined {
  const sum = Array.from(nine).reduce((total, digit, place) => total + Number(digit) * (10 - place), 0);
  const check = (11 - (sum % 11)) % 11;
  return check === 10 ? undefined : `${nine}${String(check)}`;
}

interface Asked {
  readonly organisation: OrganisationId;
  readonly subject: SubjectIdentity;
}

describe('two processes on one database and one log', () => {
  let database: TestDatabase;
  let log: EventLog;
  let vault: Vault;
  let [one, two]: Identity[] = [];
  let opened = 0;

  const parts = (over: Partial<EventLog> = {}) => ({
    log: { ...bound(log), ...over },
    vault,
    chance: fakeChance(`process ${String(opened++)}`),
    clock: fakeClock(),
  });
  const open = (over: Partial<EventLog> = {}): Promise<Identity> => openOn(database.url, parts(over));
  const both = (): readonly [Identity, Identity] => {
    if (one === undefined || two === undefined) throw new Error('not open');
    return [one, two];
  };
  const resolved = async (identity: Identity, { organisation, subject }: Asked): Promise<ResolvedRecord> => {
    const outcome = await identity.resolve(organisation, subject, META);
    if (!outcome.ok) throw new Error(outcome.error.code);
    return outcome.value;
  };
  const maya = (organisation: OrganisationId, over: Partial<SubjectIdentity> = {}): Asked => ({
    organisation,
    subject: { localId: '17', ...MAYA, nhsNumber: NUMBER, ...over },
  });
  const childEvents = async (): Promise<readonly LoggedEvent[]> => {
    const found: LoggedEvent[] = [];
    for await (const batch of log.readAll({ families: ['child'] })) found.push(...batch);
    return found;
  };
  /** A process that dies right after its next append to a child's stream, before it has told its tables. */
  const dying = (): Promise<Identity> =>
    open({
      append: async (...given) => {
        await log.append(...given);
        throw new Error('crash');
      },
    });

  beforeEach(async () => {
    database = await testDatabase();
    await migrateDatabase(database.url, [IDENTITY_STORE]);
    log = await openSqliteLog({ path: ':memory:' });
    const kek = new Uint8Array(32).fill(7);
    vault = await openVault({ path: ':memory:', kek, chance: fakeChance('vault'), clock: fakeClock() });
    [one, two] = [await open(), await open()];
  });
  afterEach(async () => {
    for (const identity of both()) await identity.close();
    await vault.close();
    await log.close();
    await database.remove();
  });

  it('make the records and children of 200 resolves at once that one process would', async () => {
    // Every person of several organisations, several times; some have a number, some a pupil number is not known of either.
    const asked: readonly Asked[] = Array.from({ length: 200 }, (_, n) => {
      const person = n % 13;
      const number = person % 4 === 3 ? {} : { nhsNumber: NUMBERS[person] ?? '' };
      const subject = {
        localId: `p${String(person)}`,
        ...MAYA,
        surname: `Child ${'abcdefghijklm'[person] ?? ''}`,
        ...number,
      };
      return { organisation: ORGANISATIONS[Math.floor(n / 13) % 4] ?? SCHOOL, subject };
    });
    const answers = await Promise.all(asked.map((each, n) => resolved(both()[n % 2 === 0 ? 0 : 1], each)));
    const other = await openSqliteLog({ path: ':memory:' });
    const alone = await openIdentity({ ...parts(), log: other, path: ':memory:' });
    const expected: ResolvedRecord[] = [];
    for (const each of asked) expected.push(await resolved(alone, each));
    expect(groups(answers, ({ recordId }) => recordId)).toEqual(groups(expected, ({ recordId }) => recordId));
    expect(groups(answers, ({ child }) => child)).toEqual(groups(expected, ({ child }) => child));
    expect(answers.filter(({ created }) => created)).toHaveLength(
      new Set(answers.map(({ recordId }) => recordId)).size,
    );
    const events = await childEvents();
    expect(events).toHaveLength(new Set(answers.map(({ recordId }) => recordId)).size);
    // A child begins with whoever it was made for.
    for (const { revision, data } of events) {
      const { because } = (JSON.parse(Buffer.from(data).toString()) as { data: { because: string } }).data;
      expect(because === 'new-record').toBe(revision === 0);
    }
    for (const { recordId, child } of answers) {
      expect([await both()[0].childOf(recordId), await both()[1].childOf(recordId)]).toEqual([child, child]);
    }
    await alone.close();
    await other.close();
  });

  it('bring two records to one child, not past each other, when both are told at once who they are', async () => {
    const people = Array.from({ length: 12 }, (_, n) => ({
      localId: `p${String(n)}`,
      ...MAYA,
      nhsNumber: NUMBERS[n] ?? '',
    }));
    for (const { localId } of people) {
      const unknown = { localId, ...MAYA };
      await resolved(both()[0], { organisation: SCHOOL, subject: unknown });
      await resolved(both()[1], { organisation: TRUST, subject: unknown });
    }
    const answers = await Promise.all(
      people.map((subject) =>
        Promise.all([
          resolved(both()[0], { organisation: SCHOOL, subject }),
          resolved(both()[1], { organisation: TRUST, subject }),
        ]),
      ),
    );
    for (const [school, trust] of answers) {
      const children = await both()[0].childrenOf([school.recordId, trust.recordId]);
      expect(children.size).toBe(2);
      expect(new Set(children.values()).size).toBe(1);
      const [child] = children.values();
      expect(await both()[1].recordsOf(child ?? ('' as ChildId))).toHaveLength(2);
    }
  });

  it('end what one of them decided and could not say', async () => {
    const crashing = await open({ append: () => Promise.reject(new Error('crash')) });
    await expect(crashing.resolve(SCHOOL, maya(SCHOOL).subject, META)).rejects.toThrow('crash');
    const recordId = (await both()[1].recordOf(SCHOOL, '17')) as RecordId;
    expect(await both()[1].childOf(recordId)).toBeUndefined();
    // Whoever belongs to the same child waits for it to begin.
    const trust = await resolved(both()[1], maya(TRUST));
    expect(await both()[0].recordsOf(trust.child)).toHaveLength(2);
    await expect(
      crashing.resolve(SCHOOL, maya(SCHOOL, { localId: '18', nhsNumber: NUMBERS[0] ?? '' }).subject, META),
    ).rejects.toThrow('crash');
    await both()[1].catchUp();
    const second = (await both()[1].recordOf(SCHOOL, '18')) as RecordId;
    const child = (await both()[0].childOf(second)) as ChildId;
    expect(await both()[0].recordsOf(child)).toEqual([{ recordId: second, organisation: SCHOOL }]);
    expect(await childEvents()).toHaveLength(3);
    await crashing.close();
  });

  it.each(['catching up', 'following the log', 'deciding on it'] as const)(
    'take in by %s what one of them said and died',
    async (by) => {
      const { recordId, child } = await resolved(both()[0], maya(SCHOOL));
      const died = await dying();
      const to = '00000000-0000-4000-8000-00000000000a' as ChildId;
      await expect(died.unlink(recordId, 'wrong-match', META, to)).rejects.toThrow('crash');
      await died.close();
      expect(await both()[1].childOf(recordId)).toBe(child);
      if (by === 'catching up') await both()[1].catchUp();
      if (by === 'following the log') await both()[1].learn(await childEvents());
      if (by === 'deciding on it') await both()[1].split(recordId, ['f' as FactId], META);
      for (const identity of both()) {
        expect(await identity.recordsOf(to)).toEqual([{ recordId, organisation: SCHOOL }]);
        expect(await identity.lineageOf(to)).toEqual([to, child]);
      }
    },
  );

  it('give a record the new link that one of them died before', async () => {
    const { recordId } = await resolved(both()[0], maya(SCHOOL));
    let left = 1;
    const crash = (): Promise<never> => Promise.reject(new Error('crash'));
    const died = await open({ append: (...given) => (left-- > 0 ? log.append(...given) : crash()) });
    const to = '00000000-0000-4000-8000-00000000000a' as ChildId;
    await expect(died.unlink(recordId, 'wrong-match', META, to)).rejects.toThrow('crash');
    await died.close();
    expect([await both()[1].childOf(recordId), await both()[1].recordsOf(to)]).toEqual([to, []]);
    await both()[1].learn(await childEvents());
    expect(await both()[0].recordsOf(to)).toEqual([{ recordId, organisation: SCHOOL }]);
  });

  it('see at once what the other moved, and what it says of it now', async () => {
    const { recordId, child } = await resolved(both()[0], maya(SCHOOL));
    for (const identity of both()) {
      expect((await resolved(identity, maya(SCHOOL))).child).toBe(child);
      expect(await identity.childOf(recordId)).toBe(child);
    }
    const to = await both()[1].unlink(recordId, 'wrong-match', META);
    expect(await both()[0].childOf(recordId)).toBe(to);
    expect(await resolved(both()[0], maya(SCHOOL))).toEqual({ recordId, child: to, created: false });
    const { to: apart } = await both()[0].split(recordId, ['f' as FactId], META);
    expect(await both()[1].childOfFact('f' as FactId, recordId)).toBe(apart);
    expect(await both()[1].lineageOf(apart)).toEqual([apart, ...[child, to].toSorted()]);
  });

  it('remember nothing that the other was told otherwise since', async () => {
    await resolved(both()[0], maya(SCHOOL));
    await resolved(both()[0], maya(SCHOOL));
    await resolved(both()[1], maya(SCHOOL, { birthDate: '2018-01-01' }));
    const { child } = await resolved(both()[0], maya(SCHOOL));
    expect((await resolved(both()[1], maya(TRUST))).child).toBe(child);
  });

  it('know at the next word that the other erased a record, and write nothing of it any more', async () => {
    const { recordId } = await resolved(both()[0], maya(SCHOOL));
    await resolved(both()[1], maya(SCHOOL));
    expect(await resolved(both()[1], maya(SCHOOL))).toMatchObject({ recordId });
    const row = { submissionId: 's', recordId, factId: 'f' as FactId, bodyMac: 'canary-mac', outcome: 'published' };
    await both()[1].submissions.keep(row);
    await vault.suppress(SCHOOL, (await both()[0].suppressionOf(recordId)) ?? '', 'erasure-1');
    await both()[0].eraseRecord(recordId, { ground: 'article-17', keysDestroyed: 1, meta: META });
    const refused = { ok: false, error: { code: 'RECORD_ERASED', pointer: '/localId' } };
    expect(await both()[1].resolve(SCHOOL, maya(SCHOOL).subject, META)).toEqual(refused);
    expect(await both()[1].childOf(recordId)).toBeUndefined();
    await both()[1].submissions.quarantinedOf(recordId);
    expect(await rowsOn(database.url)).not.toMatch(new RegExp(`${recordId}|canary`));
  });

  it('erase a record once, and move one to one place, when asked at the same time', async () => {
    const records = await Promise.all(
      NUMBERS.slice(0, 6).map((nhsNumber) => resolved(both()[0], maya(SCHOOL, { localId: nhsNumber, nhsNumber }))),
    );
    const moved = await Promise.all(
      records.map(({ recordId }) => Promise.all(both().map((each) => each.unlink(recordId, 'wrong-match', META)))),
    );
    for (const [index, { recordId }] of records.entries()) {
      const now = await both()[0].childOf(recordId);
      expect(moved[index]).toContain(now);
      expect(await both()[1].recordsOf(now ?? ('' as ChildId))).toHaveLength(1);
    }
    const erasing = { ground: 'article-17', keysDestroyed: 1, meta: META } as const;
    await Promise.all(records.flatMap(({ recordId }) => both().map((each) => each.eraseRecord(recordId, erasing))));
    const erased = (await childEvents()).filter(({ type }) => type === 'record.erased.v1');
    expect(erased).toHaveLength(records.length);
    const fresh = await openIdentity({ ...parts(), path: ':memory:' });
    for (const { recordId } of records) expect(await fresh.childOf(recordId)).toBeUndefined();
    await fresh.close();
  });

  it('read the log into empty tables together, and again without setting anything back', async () => {
    const asked = NUMBERS.slice(0, 30).flatMap((nhsNumber) =>
      ORGANISATIONS.slice(0, 2).map((each) => maya(each, { localId: nhsNumber, nhsNumber })),
    );
    const answers: ResolvedRecord[] = [];
    for (const each of asked) answers.push(await resolved(both()[0], each));
    for (const { recordId } of answers.slice(0, 20)) await both()[0].unlink(recordId, 'review', META);
    const places = async (identity: Identity) =>
      [...(await identity.childrenOf(answers.map(({ recordId }) => recordId)))].toSorted();
    const expected = await places(both()[0]);
    await both()[1].catchUp();
    expect(await places(both()[1])).toEqual(expected);
    const empty = await testDatabase();
    await migrateDatabase(empty.url, [IDENTITY_STORE]);
    const readers = await Promise.all([openOn(empty.url, parts()), openOn(empty.url, parts())]);
    for (const reader of readers) expect(await places(reader)).toEqual(expected);
    for (const reader of readers) await reader.close();
    await empty.remove();
  });
});

/** Which of them are the same, by place. */
function groups(answers: readonly ResolvedRecord[], by: (answer: ResolvedRecord) => string): readonly number[] {
  const first = new Map<string, number>();
  return answers.map((answer, place) => {
    const known = first.get(by(answer)) ?? place;
    first.set(by(answer), known);
    return known;
  });
}

function bound(log: EventLog): EventLog {
  return {
    append: log.append.bind(log),
    readStream: log.readStream.bind(log),
    tail: log.tail.bind(log),
    readAll: log.readAll.bind(log),
    subscribe: log.subscribe.bind(log),
    head: log.head.bind(log),
    compare: log.compare.bind(log),
    close: log.close.bind(log),
  };
}
