import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { generateKeyPairSync, sign } from 'node:crypto';
import { namedUuid, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import { factStream, protectionStream, type PublicJwk } from '#contracts';
import { AppendInDoubt, type EventLog, type LoggedEvent } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { openIdentity, type Identity } from '#identity';
import { fakeChance, fakeClock } from '#testing';
import { openVault, type Vault } from '#vault';
import { decide } from '../decide/index.ts';
import type { Protection, Registry } from '../model.ts';
import {
  emptyProtection,
  evolveProtection,
  type ProtectionChange,
  type ProtectionCommand,
} from '../protection/index.ts';
import { emptyRegistry, evolveRegistry } from '../registry/index.ts';
import { FactStreams } from './fact-stream.ts';
import type { SubmissionResult } from './model.ts';
import { moveRelationships, restrictionsOnly } from './moves.ts';
import { openPublisher, type Publishing } from './open-publisher.ts';
import { relationshipsProcess } from './relationships-process.ts';
import { ensureRelationship } from './relationships.ts';

const SCHOOL = 'oakfield-primary' as OrganisationId;
const OTHER = 'hillside-primary' as OrganisationId;
const STARTED = 'education.enrolment-started.v1';
const ENDED = 'education.enrolment-ended.v1';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'Ed25519' } as PublicJwk;
const basis = JSON.stringify({
  lawful: 'public-task',
  condition: 'none',
  confidentiality: 'not-confidential',
  purposes: ['sen-support'],
});
const START = { setting: '100123', startDate: '2026-08-01' };
const CAUSE = { correlationId: 'spec', causationId: 'spec' };

interface Item {
  readonly id: string;
  readonly type?: string;
  readonly time?: string;
  readonly fact?: object;
  readonly by?: OrganisationId;
  readonly localId?: string;
  readonly basis?: string | undefined;
}
const corrected = (fact: object, over: Partial<Item> = {}): Item => ({
  id: 'c',
  type: 'any.fact-corrected.v1',
  time: '2026-08-02T08:00:00Z',
  fact: { corrects: 'start', type: STARTED, fact, reason: 'wrong' },
  ...over,
});
const withdrawn: Item = {
  id: 'w',
  type: 'any.fact-withdrawn.v1',
  time: '2026-08-03T08:00:00Z',
  fact: { withdraws: 'start', reason: 'entered-in-error' },
};

function jwsOf({
  id,
  type = STARTED,
  time = '2026-08-01T08:00:00Z',
  fact = START,
  by = SCHOOL,
  ...rest
}: Item): string {
  const subject = { localId: rest.localId ?? '17', surname: 'Moved', birthDate: '2019-03-04', nhsNumber: '9434765870' };
  const stated = 'basis' in rest ? rest.basis : basis;
  const event = {
    specversion: '1.0',
    id,
    source: `/organisations/${by}`,
    type,
    time,
    datacontenttype: 'application/json',
    category: 'education.enrolment',
    ...(stated === undefined ? {} : { basis: stated }),
    data: { subject, fact },
  };
  const head = Buffer.from(JSON.stringify({ alg: 'Ed25519', kid: 'k' })).toString('base64url');
  const input = `${head}.${Buffer.from(JSON.stringify(event)).toString('base64url')}`;
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString('base64url')}`;
}

describe('relationships', () => {
  const clock = fakeClock();
  let log: EventLog;
  let vault: Vault;
  let identity: Identity;
  let registry: Registry;
  let publishing: Publishing;
  let streams: FactStreams;
  let append: EventLog['append'];
  let appended: string[];

  const protection = async (child: ChildId): Promise<Protection> =>
    (await log.readStream(protectionStream(child)))
      .map(({ data }) => JSON.parse(Buffer.from(data).toString()) as ProtectionChange)
      .reduce(evolveProtection, emptyProtection(child));
  const submit = (item: Item): Promise<SubmissionResult> =>
    publishing.submit(item.by ?? SCHOOL, { kind: 'signed', jws: jwsOf(item), row: 1 }, 'spec');
  const published = async (item: Item): Promise<FactId> => {
    const { outcome, factId, reasons } = await submit(item);
    if (outcome !== 'published' || factId === null) throw new Error(`${outcome} ${JSON.stringify(reasons)}`);
    return factId;
  };
  const record = async (organisation = SCHOOL, localId = '17'): Promise<RecordId> =>
    (await identity.recordOf(organisation, localId)) ?? ('' as RecordId);
  const childNow = async (): Promise<ChildId> => (await identity.childOf(await record())) as ChildId;
  const parts = () => ({ log, clock, protection, identity, streams, vault });
  const all = async (): Promise<readonly LoggedEvent[]> => {
    const found: LoggedEvent[] = [];
    for await (const batch of log.readAll({ families: ['fact', 'child'] })) found.push(...batch);
    return found;
  };
  const process = async (events?: readonly LoggedEvent[]): Promise<void> => {
    const handle = relationshipsProcess(parts());
    for (const event of events ?? (await all())) await handle(event);
  };
  const say = (child: ChildId, command: ProtectionCommand): Promise<void> =>
    ensureRelationship(parts(), child, command, { by: SCHOOL, ...CAUSE });
  /** Fails the next append to a family, as a crash before it would. */
  const failOnce = (family: string): void => {
    let failed = false;
    log.append = (stream, ...rest) => {
      if (failed || !stream.startsWith(family)) return append(stream, ...rest);
      failed = true;
      return Promise.reject(new Error('crash'));
    };
  };

  const openWorld = async (): Promise<void> => {
    log = await openSqliteLog({ path: ':memory:' });
    const original = log.append.bind(log);
    append = (stream, ...rest) => {
      appended.push(stream.slice(0, stream.indexOf('-')));
      return original(stream, ...rest);
    };
    appended = [];
    log.append = append;
    vault = await openVault({ path: ':memory:', kek: new Uint8Array(32).fill(7), chance: fakeChance('v'), clock });
    const chance = fakeChance('identity');
    identity = await openIdentity({ path: ':memory:', log, vault, chance, clock });
    streams = new FactStreams(log, vault, clock);
    registry = [SCHOOL, OTHER].reduce((before, organisation) => {
      const data = { organisation, name: 'N', sector: 'education', codes: {}, keys: [jwk], profile: {} } as const;
      return evolveRegistry(before, { type: 'organisation.registered.v1', data });
    }, emptyRegistry());
    publishing = openPublisher({
      ...parts(),
      chance,
      hubKey: { kid: 'hub', privateKey },
      registry: async () => registry,
    });
  };
  const closeWorld = async (): Promise<void> => {
    await identity.close();
    await vault.close();
    await log.close();
  };
  beforeEach(openWorld);
  afterEach(closeWorld);

  describe('after a crash between a fact and its protection', () => {
    it('are stated by the process', async () => {
      failOnce('protection');
      await expect(submit({ id: 'start' })).rejects.toThrow('crash');
      expect((await protection(await childNow())).starts.size).toBe(0);
      await process();
      expect([...(await protection(await childNow())).starts.values()]).toMatchObject([{ from: '2026-08-01' }]);
    });

    it('are corrected by the process', async () => {
      const fact = await published({ id: 'start' });
      failOnce('protection');
      await expect(submit(corrected({ ...START, startDate: '2026-08-05' }))).rejects.toThrow('crash');
      await process();
      expect((await protection(await childNow())).starts.get(fact)?.from).toBe('2026-08-05');
    });

    it('are retracted by the process where the fact was withdrawn', async () => {
      const fact = await published({ id: 'start' });
      const start = (await protection(await childNow())).starts.get(fact);
      await submit(withdrawn);
      if (start === undefined) throw new Error('no start');
      await say(await childNow(), { type: 'startRelationship', data: start });
      await process();
      expect((await protection(await childNow())).starts.size).toBe(0);
    });

    it('are the same whatever order events are handled in, and how often', async () => {
      const fact = await published({ id: 'start' });
      await published(corrected({ ...START, startDate: '2026-08-05' }));
      const events = await all();
      const before = await protection(await childNow());
      for (const order of [events, events.toReversed(), [...events, ...events]]) await process(order);
      expect(await protection(await childNow())).toEqual(before);
      expect(before.starts.get(fact)?.from).toBe('2026-08-05');
    });
  });

  it('end before the fact that says so, and start after it', async () => {
    await published({ id: 'start' });
    expect(appended).toEqual(['child', 'fact', 'protection']);
    appended.length = 0;
    failOnce('fact');
    const end: Item = { id: 'end', type: ENDED, fact: { setting: '100123', endDate: '2026-08-31' } };
    await expect(submit(end)).rejects.toThrow('crash');
    expect((await protection(await childNow())).ends.size).toBe(1);
    await published(end);
    expect(appended).toEqual(['protection', 'fact']);
  });

  it('are stated once where the log does not know whether it stored them', async () => {
    const doubted = new Set<string>();
    log.append = async (stream, ...rest) => {
      const stored = await append(stream, ...rest);
      if (doubted.has(stream)) return stored;
      doubted.add(stream);
      throw new AppendInDoubt('time-out');
    };
    const fact = await published({ id: 'start' });
    expect(await log.tail(factStream(fact))).toBe(0);
    expect(await log.tail(protectionStream(await childNow()))).toBe(0);
    expect(doubted.size).toBe(3);
  });

  describe('of a record that was matched wrongly', () => {
    const OTHERS: Item = { id: 'other', by: OTHER, localId: '99', fact: { ...START, setting: '100456' } };

    it.each(['the caller', 'the process'])('follow it to its own child: moved by %s', async (by) => {
      const fact = await published({ id: 'start' });
      const stays = await published(OTHERS);
      const from = await childNow();
      const to = await identity.unlink(await record(), 'wrong-match', CAUSE);
      const move = () => (by === 'the caller' ? moveRelationships(parts(), from, CAUSE) : process());
      await move();
      expect([...(await protection(from)).starts.keys()]).toEqual([stays]);
      expect([...(await protection(to)).starts.keys()]).toEqual([fact]);
      const before = appended.length;
      await move();
      await process();
      expect(appended).toHaveLength(before);
    });

    it('follow the facts that are split off, their corrections too', async () => {
      const fact = await published({ id: 'start' });
      const stays = await published({ id: 'second', fact: { ...START, setting: '100789' } });
      const { to } = await identity.split(await record(), [fact], CAUSE);
      await process();
      expect([...(await protection(await childNow())).starts.keys()]).toEqual([stays]);
      await published(corrected({ ...START, startDate: '2026-08-05' }));
      expect((await protection(to)).starts.get(fact)?.from).toBe('2026-08-05');
      expect((await protection(await childNow())).starts.has(fact)).toBe(false);
    });

    it('are not left with the old child by a record unlinked while its fact is being published', async () => {
      await published({ id: 'second', fact: { ...START, setting: '100789' } });
      const from = await childNow();
      log.append = async (stream, ...rest) => {
        log.append = append;
        const stored = await append(stream, ...rest);
        await identity.unlink(await record(), 'wrong-match', CAUSE);
        return stored;
      };
      const fact = await published({ id: 'start' });
      expect((await protection(from)).starts.has(fact)).toBe(false);
      expect((await protection(await childNow())).starts.has(fact)).toBe(true);
    });

    it('leave the old child with the next statement of the fact, before anybody has moved them', async () => {
      const fact = await published({ id: 'start' });
      const from = await childNow();
      await identity.unlink(await record(), 'wrong-match', CAUSE);
      await published(corrected({ ...START, startDate: '2026-08-05' }));
      expect((await protection(from)).starts.size).toBe(0);
      expect((await protection(await childNow())).starts.get(fact)?.from).toBe('2026-08-05');
    });

    it('follow a record that is unlinked between the fact and its relationship', async () => {
      await published({ id: 'second', fact: { ...START, setting: '100789' } });
      const from = await childNow();
      log.append = async (stream, ...rest) => {
        const stored = await append(stream, ...rest);
        if (!stream.startsWith('protection')) return stored;
        log.append = append;
        await identity.unlink(await record(), 'wrong-match', CAUSE);
        return stored;
      };
      const fact = await published({ id: 'start' });
      expect((await protection(from)).starts.has(fact)).toBe(false);
      expect((await protection(await childNow())).starts.has(fact)).toBe(true);
    });

    it('are retracted, not moved, where a withdrawn fact left them behind', async () => {
      const fact = await published({ id: 'start' });
      const from = await childNow();
      const start = (await protection(from)).starts.get(fact);
      await submit(withdrawn);
      if (start === undefined) throw new Error('no start');
      await say(from, { type: 'startRelationship', data: start });
      const to = await identity.unlink(await record(), 'wrong-match', CAUSE);
      await moveRelationships(parts(), from, CAUSE);
      for (const child of [from, to]) expect((await protection(child)).starts.size).toBe(0);
      expect(await log.tail(protectionStream(to))).toBe(-1);
    });

    it('are not brought back where the fact was withdrawn meanwhile', async () => {
      await published({ id: 'start' });
      const from = await childNow();
      const to = await identity.unlink(await record(), 'wrong-match', CAUSE);
      await submit(withdrawn);
      await process();
      for (const child of [from, to]) expect((await protection(child)).starts.size).toBe(0);
    });

    it('turn no refusal into a permission but for whom the moved record itself names', async () => {
      const coin = fc.boolean();
      const world = fc.record({ own: coin, others: coin, end: coin, refused: coin, consent: coin, byProcess: coin });
      await fc.assert(
        fc.asyncProperty(world, async (drawn) => {
          await closeWorld();
          await openWorld();
          await published({ id: 'about', type: ENDED, fact: { setting: '1', endDate: '2026-01-01' } });
          await published({ ...OTHERS, id: 'about', type: ENDED, fact: { setting: '2', endDate: '2026-01-01' } });
          const from = await childNow();
          if (drawn.own) await published({ id: 'start' });
          if (drawn.others) await published(OTHERS);
          if (drawn.end) {
            await published({ id: 'end', type: ENDED, fact: { setting: '100123', endDate: '2026-08-31' } });
            await published({ ...OTHERS, id: 'again', fact: { ...START, startDate: '2026-08-20' } });
          }
          const terms = { consent: 'x', categories: ['education.enrolment'], purposes: ['sen-support'] } as const;
          if (drawn.refused)
            await say(from, { type: 'refuseConsent', data: { ...terms, authority: 'young-person-16' } as never });
          if (drawn.consent) {
            const given = { ...terms, consent: 'y', authority: 'young-person-16', until: null } as never;
            await say(from, { type: 'giveConsent', data: given });
          }
          const may = async (reader: OrganisationId, child: ChildId, reliesOnConsent: boolean): Promise<boolean> => {
            const [own, ...earlier] = await Promise.all((await identity.lineageOf(child)).map(protection));
            const question = {
              reader: { sub: 'p', organisation: reader, role: 'senco', acr: 'x', client: 'x' },
              purpose: 'sen-support',
              at: clock.now(),
              registry,
              protections: [own, ...earlier.map(restrictionsOnly)],
            } as const;
            const slice = { organisation: reader, category: 'education.enrolment', reliesOnConsent } as const;
            return decide(question, slice).effect === 'permit';
          };
          const readers = [SCHOOL, OTHER].flatMap((reader) => [true, false].map((rests) => [reader, rests] as const));
          const before = await Promise.all(readers.map(([reader, rests]) => may(reader, from, rests)));
          const to = await identity.unlink(await record(), 'wrong-match', CAUSE);
          await (drawn.byProcess ? process() : moveRelationships(parts(), from, CAUSE));
          for (const [at, [reader, rests]] of readers.entries()) {
            if (before[at] === false) expect(await may(reader, from, rests)).toBe(false);
            const now = await may(reader, to, rests);
            if (now) expect([reader, before[at], rests]).toEqual([SCHOOL, true, false]);
          }
        }),
        { numRuns: 40 },
      );
    });
  });

  describe('and facts about somebody else', () => {
    it('set aside what corrects another subject’s fact, and change nobody’s protection', async () => {
      await published({ id: 'start' });
      const wrong = { setting: '100123', endDate: '2026-08-31' };
      const result = await submit(
        corrected({}, { localId: '18', fact: { corrects: 'start', type: ENDED, fact: wrong, reason: 'wrong' } }),
      );
      expect(result).toMatchObject({ outcome: 'quarantined', reasons: [{ code: 'SUBJECT_DIFFERS' }] });
      const { starts, ends } = await protection(await childNow());
      expect([starts.size, ends.size]).toEqual([1, 0]);
    });

    it('keep what can’t be published out of a stream that has statements', async () => {
      const fact = await published(corrected({ ...START, startDate: '2026-08-05' }));
      const aside = await submit({ id: 'start', basis: undefined });
      const id = namedUuid(fact, 'set-aside');
      expect(aside).toMatchObject({ outcome: 'quarantined', factId: id, repeated: false });
      expect(await submit({ id: 'start', basis: undefined })).toMatchObject({ factId: id, repeated: true });
      expect(await log.tail(factStream(fact))).toBe(0);
      expect((await protection(await childNow())).starts.get(fact)?.from).toBe('2026-08-05');
    });
  });
});
