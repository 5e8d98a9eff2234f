import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import type { ChildId, OrganisationId } from '#kernel';
import { decodeRecord, type NoticeEvent } from '#contracts';
import type { EventLog, LoggedEvent } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { fakeChance, fakeClock, temporaryFolder, type FakeClock } from '#testing';
import { grantProcess, openVault, type Vault } from '#vault';
import { openNotice } from '../disclose/notice.ts';
import { HUB } from '../disclose/rules.ts';
import type { Registry } from '../model.ts';
import type { ProtectionCommand } from '../protection/commands.ts';
import { emptyRegistry } from '../registry/index.ts';
import { access, at, SOCIAL_CARE } from './fixture.spec-help.ts';
import {
  breakGlassBooks,
  breakGlassProcess,
  breakGlassStream,
  openEmergencyWords,
  sealEmergencyWords,
  type BreakGlassBooks,
  type BreakGlassCommand,
} from './index.ts';

const SCHOOL = 'school' as OrganisationId;
const FAMILY = 'family' as OrganisationId;
const stream = breakGlassStream(SOCIAL_CARE, 'person-90aa');
const registry: Registry = {
  ...emptyRegistry(),
  organisations: new Map(
    (
      [
        [SCHOOL, 'education'],
        [FAMILY, 'family'],
        [SOCIAL_CARE, 'social-care'],
      ] as const
    ).map(([organisation, sector]) => [
      organisation,
      { organisation, name: organisation, sector, codes: {}, keys: [], profile: {}, revokedKeys: new Set<string>() },
    ]),
  ),
};
const folder = temporaryFolder();
let clock: FakeClock;
let log: EventLog;
let vault: Vault;
let books: BreakGlassBooks;
let protectedBy: { readonly child: ChildId; readonly command: ProtectionCommand }[] = [];
let n = 0;

beforeEach(async () => {
  clock = fakeClock(at(0));
  protectedBy = [];
  log = await openSqliteLog({ path: ':memory:' });
  const path = join(folder.path, `keys-${String(n++)}.db`);
  const chance = fakeChance('emergencies');
  vault = await openVault({
    kek: new Uint8Array(32).fill(1),
    chance,
    clock,
    cached: 10,
    path,
    ledgerPath: `${path}.e`,
  });
  books = breakGlassBooks(log);
});
afterEach(async () => {
  await vault.close();
  await log.close();
});

async function written(command: BreakGlassCommand): Promise<void> {
  const handled = await books.handle(stream, command, { at: clock.now(), by: SOCIAL_CARE, correlationId: 'c' });
  if (!handled.ok) throw new Error(handled.error.code);
}

async function read(family: 'breakGlass' | 'notice'): Promise<readonly LoggedEvent[]> {
  const all: LoggedEvent[] = [];
  for await (const batch of log.readAll({ families: [family] })) all.push(...batch);
  return all;
}

/** As a process that has just been started follows all the log has. */
async function follow(): Promise<void> {
  const handle = breakGlassProcess({
    books,
    notices: { log, vault, clock },
    registry: async () => registry,
    tellersOf: async () => [SCHOOL, FAMILY, SCHOOL],
    protect: async (child, command) => void protectedBy.push({ child, command }),
  });
  for (const event of await read('breakGlass')) await handle(event);
}

async function told() {
  const sent = (await read('notice')).map(async ({ data }) => {
    const { kind, to, organisation, reference, sealed, notice } = (decodeRecord(data) as unknown as NoticeEvent).data;
    const about = await openNotice(vault, grantProcess('notices'), notice, sealed);
    return [kind, to, organisation, reference, about?.person];
  });
  return Promise.all(sent);
}

describe('what follows the emergency books', () => {
  it('grants what is in force, and nothing of the words', async () => {
    await written({ type: 'start', data: access('g1', 0) });
    await follow();
    const data = {
      grant: 'g1',
      organisation: SOCIAL_CARE,
      person: 'person-90aa',
      role: 'social-worker',
      purpose: 'safeguarding',
      reason: 'risk-of-serious-harm',
      from: at(0),
      until: at(30),
    };
    expect(protectedBy).toEqual([{ child: 'maya', command: { type: 'grantBreakGlass', data } }]);
  });

  it('ends what was ended before it came to it, and grants nothing that ran out', async () => {
    await written({ type: 'start', data: access('g1', 0) });
    await written({ type: 'end', data: { grant: 'g1', at: at(5) } });
    clock.set(at(60));
    await written({ type: 'start', data: access('g2', 60) });
    clock.set(at(90));
    await follow();
    const [first] = protectedBy;
    expect(first).toEqual({ child: 'maya', command: { type: 'endBreakGlass', data: { grant: 'g1' } } });
    expect(protectedBy.every(({ command }) => command.type === 'endBreakGlass')).toBe(true);
  });

  it('tells the area, the home organisations, the user’s own and the user, once however often it reads', async () => {
    await written({ type: 'start', data: access('g1', 0) });
    await follow();
    await follow();
    expect(await told()).toEqual([
      ['break-glass-started', 'area-dpo', null, 'g1', null],
      ['break-glass-started', 'organisation-dpo', SOCIAL_CARE, 'g1', null],
      ['break-glass-started', 'organisation-dpo', SCHOOL, 'g1', null],
      ['break-glass-to-explain', 'person', SOCIAL_CARE, 'g1', 'person-90aa'],
    ]);
  });

  it('tells the user of each review, and what is owed again', async () => {
    const review = (outcome: 'ask-user' | 'appropriate', minute: number): BreakGlassCommand => ({
      type: 'review',
      data: { grant: 'g1', at: at(minute), by: 'person-d0d0', outcome },
      officerOf: HUB,
    });
    await written({ type: 'start', data: access('g1', 0) });
    await written(review('ask-user', 50));
    await written(review('appropriate', 60));
    await follow();
    await follow();
    expect((await told()).slice(4).map(([kind]) => kind)).toEqual([
      'break-glass-reviewed',
      'break-glass-to-explain',
      'break-glass-reviewed',
    ]);
  });

  it('does nothing for a child that was not found', async () => {
    const { role, purpose, reason } = access('g1', 0);
    await written({ type: 'noteNotFound', data: { attempt: 'a1', at: at(0), role, purpose, reason } });
    await follow();
    expect([protectedBy, await told()]).toEqual([[], []]);
  });
});

describe('the words of an access', () => {
  it('open in their order, and only as the words they were sealed as', async () => {
    const sealed = (nth: number, words: string) =>
      sealEmergencyWords(vault, { stream, grant: 'g1', organisation: SOCIAL_CARE, nth }, '2026', words);
    const words = await sealed(0, 'why');
    const one = { ...access('g1', 0), words };
    await written({ type: 'start', data: one });
    await written({ type: 'explain', data: { grant: 'g1', at: at(40), words: await sealed(1, 'afterwards') } });
    const opened = (await books.read(stream)).accesses.get('g1');
    if (opened === undefined) throw new Error('no access');
    expect(await openEmergencyWords(vault, grantProcess('x'), stream, opened)).toEqual(['why', 'afterwards']);
    // Another's words, and the same words in another place, do not open.
    const moved = { ...opened, explanations: [{ at: at(40), words }] };
    expect(await openEmergencyWords(vault, grantProcess('x'), stream, moved)).toEqual(['why']);
    expect(await openEmergencyWords(vault, grantProcess('x'), stream, { ...opened, grant: 'g2' })).toEqual([]);
  });
});
