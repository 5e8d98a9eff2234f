import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { ChildId, FactId, OrganisationId } from '#kernel';
import { decodeRecord, type LookContent, type NoticeEvent, type Obligation } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { grantProcess, openVault, type Vault } from '#vault';
import { abortLook, appendLook, type Caller, type Decided, type LookBook } from './look.ts';
import { openNotice } from './notice.ts';
import { obligationsProcess, owedBy } from './obligations.ts';

const SCHOOL = 'school' as OrganisationId;
const TRUST = 'trust' as OrganisationId;
const CARE = 'care' as OrganisationId;
const MAYA = '0b7c3b8e-7e0f-4d62-8f38-0c8f2b0f0001' as ChildId;
const ALL: readonly Obligation[] = ['redact-free-text', 'tell-family', 'tell-source', 'alert-dpo'];
const caller: Caller = {
  reader: { sub: 'p', organisation: SCHOOL, role: 'senco', acr: 'x', client: 'x' },
  purpose: 'sen-support',
  requestId: 'r',
  correlationId: 'c',
};
const look: Decided = {
  effect: 'permit',
  route: 'GET /v1/children/:childId/timeline',
  child: MAYA,
  slices: [
    { organisation: TRUST, category: 'health.screening', rule: 'agreement' },
    { organisation: TRUST, category: 'health.therapy', rule: 'agreement' },
    { organisation: SCHOOL, category: 'education.enrolment', rule: 'own-organisation' },
    { organisation: CARE, category: 'social.child-protection', rule: 'agreement', mode: 'existence' },
  ],
  reasons: [],
  facts: ['f1' as FactId],
  basis: { obligations: ALL },
  registry: undefined,
  protections: [],
};

describe('what a look owes', () => {
  const content = (changes: object) => ({ ...caller, ...look, obligations: ALL, ...changes }) as unknown as LookContent;
  const family = { to: 'family', organisation: null };
  const source = { to: 'organisation-dpo', organisation: TRUST };
  const area = { to: 'area-dpo', organisation: null };

  it.each([
    ['everything that is asked for', {}, [family, source, area]],
    ['one thing', { obligations: ['tell-source'] }, [source]],
    ['nothing that nobody asked for', { obligations: undefined }, []],
    ['nothing where only words were left out', { obligations: ['redact-free-text'] }, []],
    ['nothing where nothing was read', { facts: [] }, []],
    ['nothing where it was refused', { effect: 'deny' }, []],
    ['the family nothing for safeguarding', { purpose: 'safeguarding' }, [source, area]],
    [
      'the family nothing that was shared without consent, whatever else was read',
      {
        slices: [...look.slices, { organisation: TRUST, category: 'voice', rule: 'agreement', sharingDecision: 'd1' }],
      },
      [source, area],
    ],
    ['no family where there is no child', { child: null }, [source, area]],
  ])('is %s', (_what, changes, owed) => {
    expect(owedBy(content(changes))).toEqual(owed);
  });
});

describe('carried out', () => {
  const folder = temporaryFolder();
  let log: EventLog;
  let vault: Vault;
  let book: LookBook;
  let stands = Promise.resolve();
  let n = 0;

  beforeEach(async () => {
    const clock = fakeClock();
    const chance = fakeChance('obligations');
    log = await openSqliteLog({ path: ':memory:' });
    const options = { kek: new Uint8Array(32).fill(1), chance, clock, cached: 10 };
    const path = join(folder.path, `keys-${String(n++)}.db`);
    vault = await openVault({ ...options, path, ledgerPath: `${path}.erasures` });
    book = { log, vault, clock, chance };
    stands = Promise.resolve();
  });
  afterEach(async () => {
    await vault.close();
    await log.close();
  });

  const events = async (family: 'look' | 'notice'): Promise<readonly LoggedEvent[]> => {
    const all: LoggedEvent[] = [];
    for await (const batch of log.readAll({ families: [family] })) all.push(...batch);
    return all;
  };
  /** As a process that has just been started reads the log from wherever it remembers. */
  const run = async (from = 0): Promise<void> => {
    const handle = obligationsProcess({ log, vault, notices: book, settled: () => stands });
    for (const event of (await events('look')).slice(from)) await handle(event);
  };
  const told = async () => {
    const sent = (await events('notice')).map(async ({ data }) => {
      const notice = decodeRecord(data) as unknown as NoticeEvent;
      const { kind, to, organisation, reference, sealed, notice: id } = notice.data;
      return { kind, to, organisation, reference, ...(await openNotice(vault, grantProcess('notices'), id, sealed)) };
    });
    return Promise.all(sent);
  };

  it('each audience is told once, however often the process dies and reads again', async () => {
    const decision = await appendLook(book, caller, look);
    await run();
    await run();
    await run();
    const common = { kind: 'facts-read', reference: decision, child: MAYA, person: null };
    expect(await told()).toEqual([
      { ...common, to: 'family', organisation: null },
      { ...common, to: 'organisation-dpo', organisation: TRUST },
      { ...common, to: 'area-dpo', organisation: null },
    ]);
  });

  it('what died between two of its notices is told the rest', async () => {
    const decision = await appendLook(book, caller, look);
    let left = 1;
    const dying = {
      ...book,
      log: new Proxy(log, {
        get: (target, name) => {
          const member = Reflect.get(target, name) as unknown;
          if (name !== 'append') return typeof member === 'function' ? (member.bind(target) as unknown) : member;
          return async (...given: Parameters<EventLog['append']>) => {
            if (left-- === 0) throw new Error('died');
            return target.append(...given);
          };
        },
      }),
    };
    const [event] = await events('look');
    if (event === undefined) throw new Error('no look');
    const handle = obligationsProcess({ log, vault, notices: dying, settled: () => stands });
    await expect(handle(event)).rejects.toThrow('died');
    expect(await told()).toHaveLength(1);
    await run();
    expect((await told()).map(({ to, reference }) => [to, reference])).toEqual([
      ['family', decision],
      ['organisation-dpo', decision],
      ['area-dpo', decision],
    ]);
  });

  it('nobody is told of a look that was taken back, also while the process waits', async () => {
    const decision = await appendLook(book, caller, look);
    const waits = Promise.withResolvers<undefined>();
    stands = waits.promise.then(() => undefined);
    const running = run();
    await abortLook(book, caller, decision);
    waits.resolve(undefined);
    await running;
    await run();
    expect(await told()).toEqual([]);
  });

  it('two looks are two notices', async () => {
    await appendLook(book, caller, { ...look, basis: { obligations: ['alert-dpo'] } });
    await appendLook(book, caller, { ...look, basis: { obligations: ['alert-dpo'] } });
    await run();
    expect(await told()).toHaveLength(2);
  });
});
