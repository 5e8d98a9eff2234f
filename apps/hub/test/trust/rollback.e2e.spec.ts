import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { temporaryFolder } from '#testing';
import { verifyFolder } from '../../../cli/src/commands/log.ts';
import { CONSENT, runningHub } from '../running-hub.ts';
import { changeLog, flip, forgeEvent, logOf, startRefusal, swapped } from './damage.ts';
import { MAYA, tellWorld } from './world.ts';
import { inOneProcess } from '../one-process.ts';

const { describe, it } = inOneProcess('it changes the file of the log');

/** `yesterday`: the folder after the world was told. `today`: after more was. Each test works on a copy of today. */
const made = temporaryFolder();
const [yesterday, today, here] = ['yesterday', 'today', 'here'].map((name) => join(made.path, name)) as [
  string,
  string,
  string,
];
let vkey: string;

beforeAll(async () => {
  const first = await runningHub({ folder: yesterday, witness: true });
  const world = await tellWorld(first);
  vkey = first.composed.opened.core.proof.vkey;
  await first.stop();
  cpSync(yesterday, today, { recursive: true });
  const second = await runningHub({ folder: today, witness: true, port: Number(new URL(first.url).port) });
  for (let n = 2; n < 8; n++) {
    await world.family.tell({
      id: `profile-${String(n)}`,
      type: 'voice.one-page-profile-written.v1',
      category: 'voice',
      basis: CONSENT,
      subject: { ...MAYA, localId: 'fam-1' },
      fact: { writtenOn: '2026-09-02', whatMattersToMe: 'a', howBestToSupportMe: 'b', whatPeopleLikeAboutMe: 'c' },
    });
  }
  await second.stop();
});
beforeEach(() => {
  rmSync(here, { recursive: true, force: true });
  cpSync(today, here, { recursive: true });
});
afterAll(() => made.remove());

/** What the operator reads where the hub does not start; undefined where it does (it is stopped again). */
const refusal = (witness = true) => startRefusal(here, witness ? { TELLONCE_WITNESS_DIR: join(here, 'witness') } : {});

const change = (sql: string) => changeLog(here, sql);
const swap = (one: string, other: string) => changeLog(here, swapped(one, other));

async function verdict() {
  return verifyFolder({ varDir: join(here, 'var'), vkey, witness: join(here, 'witness') });
}

it('starts on what it wrote, and every event verifies', async () => {
  expect(await refusal()).toBeUndefined();
  expect(await verdict()).toMatchObject({ ok: true });
});

describe('refuses to start, in one message', () => {
  it.each([
    ['var restored from yesterday', () => restore('var')],
    ['only the log restored from yesterday', () => restoreLog()],
    ['the log and its tree restored from yesterday', () => restoreLog('var/tree.db')],
    ['the tail cut', () => change('delete from event where position > (select max(position) - 3 from event)')],
    ['one of the last events changed', () => change(flip('(select max(position) - 2 from event)'))],
    [
      'two of the last events swapped',
      () => swap('(select max(position) from event)', '(select max(position) - 1 from event)'),
    ],
  ])('%s', async (_what, damage) => {
    damage();
    const refused = await refusal();
    expect(refused?.code).toBe(65);
    expect(refused?.text).toMatch(/^The log in .* is not the one that was signed: .*tellonce log verify/);
    expect(refused?.text.split('\n')).toHaveLength(1);
    // Nothing was changed by trying: the very same again.
    expect(await refusal()).toEqual(refused);
    expect(await verdict()).toMatchObject({ ok: false });
  });

  it('without a witness a whole var of yesterday is not noticed: what the witness is for', async () => {
    restore('var');
    expect(await refusal(false)).toBeUndefined();
  });

  it('a checkpoint of somebody else in the witness folder', async () => {
    writeFileSync(join(here, 'witness', 'latest'), 'tellonce\n1\nAAAA\n\n— tellonce AAAA\n');
    expect(await refusal()).toMatchObject({ code: 65 });
  });

  it('another key file', async () => {
    writeFileSync(join(here, 'tellonce.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
    const refused = await refusal();
    expect([refused?.code, refused?.text]).toEqual([
      78,
      expect.stringContaining('is not the one this data was written with'),
    ]);
  });

  it('a key file that others may read, or that holds something else', async () => {
    chmodSync(join(here, 'tellonce.key'), 0o644);
    expect(await refusal()).toMatchObject({ code: 78, text: expect.stringContaining('chmod 600') as unknown });
    chmodSync(join(here, 'tellonce.key'), 0o600);
    writeFileSync(join(here, 'tellonce.key'), 'secret\n');
    expect(await refusal()).toMatchObject({ code: 78, text: expect.stringContaining('32 bytes') as unknown });
  });

  it('a folder that another hub works on', async () => {
    const running = await runningHub({ folder: here, witness: true });
    expect(await refusal()).toEqual({ code: 69, text: expect.stringContaining('Another hub is running') as unknown });
    await running.stop();
    expect(await refusal()).toBeUndefined();
  });
});

describe('log verify names the place', () => {
  it.each([
    ['an old event changed', () => change(flip('5')), 'id-is-not-of-the-bytes', 4],
    ['an old event changed with its id', () => forgeEvent(here, 5), 'not-what-was-signed', 4],
    ['two old events swapped', () => swap('5', '6'), 'not-what-was-signed', 4],
    ['an old event removed', () => change('delete from event where position = 5'), 'not-what-was-signed', 4],
    [
      'a stream renamed',
      () => change("update event set stream = 'fact-x' where position = 5"),
      'record-stands-elsewhere',
      4,
    ],
  ] as const)('%s', async (_what, damage, fault, index) => {
    damage();
    expect(await verdict()).toMatchObject({ ok: false, difference: { fault, index } });
  });
});

it('of 200 flipped bits each is refused or named, or every event reads back identical', async () => {
  const original = readFileSync(logOf(today));
  const bits = Array.from({ length: 200 }, (_, n) => (n * 2_654_435_761) % (original.length * 8));
  const before = events(here);
  let silent = 0;
  for (const bit of bits) {
    const damaged = Buffer.from(original);
    damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    rmSync(`${logOf(here)}-wal`, { force: true });
    rmSync(`${logOf(here)}-shm`, { force: true });
    writeFileSync(logOf(here), damaged);
    if (!(await holds())) continue;
    silent += 1;
    expect({ bit, events: events(here) }).toEqual({ bit, events: before });
  }
  // Free space and unused bytes of pages there are; most bits are of something.
  expect(silent).toBeLessThan(120);
});

async function holds(): Promise<boolean> {
  try {
    return (await verdict()).ok;
  } catch {
    return false;
  }
}

function events(folder: string): readonly unknown[] {
  const database = new DatabaseSync(logOf(folder), { readOnly: true });
  try {
    return database.prepare('select stream, revision, type, id, hex(data) as data from event order by position').all();
  } finally {
    database.close();
  }
}

function restore(what: string): void {
  rmSync(join(here, what), { recursive: true });
  cpSync(join(yesterday, what), join(here, what), { recursive: true });
}

function restoreLog(...more: readonly string[]): void {
  for (const end of ['-wal', '-shm']) rmSync(`${logOf(here)}${end}`, { force: true });
  for (const what of ['var/log.db', ...more]) restore(what);
}
