import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { cosignaturesOf, cosignerOf, openCheckpoint, parseVkey, parseWitnessKey, splitNotes } from '#transparency';
import { temporaryFolder } from '#testing';
import { pullHead } from '../../../cli/src/commands/witness/pull.ts';
import { serveWitness, type ServedWitness } from '../../../cli/src/commands/witness/serve.ts';
import { program } from '../../../cli/src/program.ts';
import { caughtUp, mustBe, runningHub, timeline, type RunningHub } from '../running-hub.ts';
import { freePort } from '#testing/servers';
import { changeLog, flip, forgeEvent, logOf, startRefusal, swapped } from '../trust/damage.ts';
import { tellWorld } from '../trust/world.ts';
import { inOneProcess } from '../one-process.ts';

const { describe, it } = inOneProcess('it changes the file of the log');

const SCRIPT = join(import.meta.dirname, '../../../../libs/transparency/verifier/verify-log.mjs');
const witness = cosignerOf('witness.example/w1', new Uint8Array(32).fill(7));
// Hubs are started and stopped, on machines that do other things too.

const made = temporaryFolder();
/** `night`: what was backed up last night. `today`: after more looks. Each test works on a copy in `here`. */
const [night, today, here] = ['night', 'today', 'here'].map((name) => join(made.path, name)) as [
  string,
  string,
  string,
];
/** Outside, on somebody else's machine: the heads cosigned there, and those fetched by another. */
const [state, pulled] = ['witness-state', 'pulled-state'].map((name) => join(made.path, name)) as [string, string];
let vkey: string;
let child: string;
let served: ServedWitness;
let witnessPort: number;

const witnesses = () => ({
  TELLONCE_WITNESSES: `${witness.vkey} http://127.0.0.1:${String(witnessPort)} private`,
  TELLONCE_WITNESS_EVERY_MS: '100',
});
const serve = () =>
  serveWitness({
    listen: `127.0.0.1:${String(witnessPort)}`,
    logs: [vkey],
    cosigner: witness,
    state,
    now: () => 1_700_000_000n,
    say: () => undefined,
  });
const look = async (hub: RunningHub) => mustBe(200, await timeline(hub.person('senco'), child, 'sen-support'));
const pull = (hub: RunningHub) => pullHead({ client: hub.person('dpo'), vkey, state: pulled });

/** The same as the command that a person runs: what it says, and the code it exits with. */
async function pullCommand(hub: RunningHub) {
  const lines: string[] = [];
  const args = ['witness', 'pull', '--url', hub.url, '--person', 'dpo', '--vkey', vkey, '--state', pulled];
  await program({}, (line) => void lines.push(line)).parseAsync(['node', 'tellonce', ...args]);
  const { exitCode } = process;
  process.exitCode = undefined;
  return { exitCode, words: lines.join('\n') };
}

/** Waits until the witness has cosigned everything that is there. */
async function cosigned(hub: RunningHub): Promise<string> {
  const dpo = hub.person('dpo');
  for (let tries = 0; tries < 200; tries++) {
    const { text, status } = await dpo.ask('/v1/checkpoint');
    const found = cosignaturesOf(text, [parseWitnessKey(witness.vkey)]);
    const size = openCheckpoint(text, [parseVkey(vkey)]);
    const all = size.ok && size.value.size === BigInt(count(hub.varDir));
    if (status === 200 && found.ok && found.value.length === 1 && all) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('no cosignature comes');
}

function count(varDir: string): number {
  const database = new DatabaseSync(join(varDir, 'log.db'), { readOnly: true });
  const { n } = database.prepare('select count(*) as n from event').get() as { n: number };
  database.close();
  return n;
}

/** The verifier of an outsider: a script of its own, the log's file, the public key and heads that somebody kept. */
function verdict(heads: readonly string[] = [join(here, 'var', 'checkpoints', 'checkpoints'), state, pulled]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, logOf(here), vkey, ...heads], {
    encoding: 'utf8',
  });
  return { status, said: `${stdout}${stderr.replace(/\(node:.*\n.*--trace-warnings.*\n/g, '')}`.trim() };
}

beforeAll(async () => {
  witnessPort = await freePort();
  const first = await runningHub({ folder: night });
  vkey = first.composed.opened.core.proof.vkey;
  ({ child } = await tellWorld(first));
  await caughtUp(first);
  await look(first);
  await first.stop();
  cpSync(night, today, { recursive: true });
  served = await serve();
  const second = await runningHub({ folder: today, env: witnesses(), port: Number(new URL(first.url).port) });
  for (let n = 0; n < 6; n++) await look(second);
  const head = await cosigned(second);
  expect(await pull(second)).toEqual({ ok: true, words: `holds ${String(count(second.varDir))} events of tellonce` });
  expect(readFileSync(pulled, 'utf8')).toBe(`${head}\n`);
  const metrics = await second.metrics();
  expect(metrics).toContain(`tellonce_witness_size ${String(count(second.varDir))}`);
  expect(metrics).toContain('tellonce_witness_behind_seconds 0');
  await second.stop();
});
beforeEach(() => {
  rmSync(here, { recursive: true, force: true });
  cpSync(today, here, { recursive: true });
});
afterAll(async () => {
  await served.close();
  made.remove();
});

const restoreNight = () => {
  rmSync(here, { recursive: true });
  cpSync(night, here, { recursive: true });
};
const LOOKS = "(select position from event where family = 'look' order by position desc limit 1 offset";

describe('check 7: the log is changed, cut, swapped or put back from last night', () => {
  it('holds as it is: for the script, for both witnesses and at a start', async () => {
    expect(verdict()).toMatchObject({ status: 0, said: expect.stringMatching(/^HOLDS: \d+ events/) as unknown });
    expect(await startRefusal(here, witnesses())).toBeUndefined();
  });

  it.each([
    ['a row changed', () => changeLog(here, flip('5')), /the id is not that of the bytes at leaf 4, .* \(position 5\)/],
    ['a row changed with its id', () => forgeEvent(here, 5), /another event was signed at leaf 4, .* \(position 5\)/],
    ['a row removed', () => changeLog(here, 'delete from event where position = 5'), /at leaf 4, .* \(position 6\)/],
    [
      'two looks swapped',
      () => changeLog(here, swapped(`${LOOKS} 0)`, `${LOOKS} 1)`)),
      /another event was signed at leaf \d+, look-[0-9a-f-]{36} revision 0 \(position \d+\)/,
    ],
    [
      'the last look deleted',
      () => changeLog(here, `delete from event where position = ${LOOKS} 0)`),
      /\d+ events were signed and \d+ are there; the last is leaf \d+, .* \(position \d+\)/,
    ],
    ['last night’s folder put back', restoreNight, /(\d+) events were signed and \d+ are there; the last is leaf \d+/],
  ] as const)('%s: the script of an outsider names the position', (_what, damage, place) => {
    damage();
    const { status, said } = verdict();
    expect([status, said]).toEqual([1, expect.stringMatching(place)]);
  });

  it('without the tree’s hashes beside it, names the stretch between two heads', () => {
    forgeEvent(here, 5);
    for (const name of ['tree.db', 'tree.db-wal', 'tree.db-shm']) rmSync(join(here, 'var', name), { force: true });
    expect(verdict().said).toMatch(/the events from leaf 0 to leaf \d+ are not those that were signed/);
  });

  it('last night’s folder, every file of it: the hub does not start, because the witness holds more', async () => {
    restoreNight();
    // The folder alone tells nothing: log, tree, keys and heads are all of last night.
    expect(verdict([join(here, 'var', 'checkpoints', 'checkpoints')]).status).toBe(0);
    const refused = await startRefusal(here, witnesses());
    expect([refused?.code, refused?.text]).toEqual([65, expect.stringContaining('witness-ahead')]);
    expect(await startRefusal(here, witnesses())).toEqual(refused);
  });

  it('last night’s folder, and the operator takes the witness out of the settings: those outside see it', async () => {
    restoreNight();
    const before = readFileSync(state, 'utf8');
    const rolledBack = await runningHub({ folder: here });
    const seen = await pullCommand(rolledBack);
    expect(seen).toEqual({
      exitCode: 2,
      words: expect.stringMatching(/^DO NOT TRUST tellonce: .*\(rolled-back\)/) as unknown,
    });
    // Grown past what was seen before, it says other things than it did.
    for (let n = 0; n < 12; n++) await look(rolledBack);
    await caughtUp(rolledBack);
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    expect((await pull(rolledBack)).words).toContain('(not-continued)');
    const evidence = splitNotes(readFileSync(`${pulled}.evidence`, 'utf8'));
    expect(evidence.length).toBe(4);
    expect(evidence.every((note) => openCheckpoint(note, [parseVkey(vkey)]).ok)).toBe(true);
    expect(splitNotes(readFileSync(pulled, 'utf8'))).toHaveLength(1);
    await rolledBack.stop();
    // And the witness that is asked to cosign refuses that head too, and keeps what it held.
    const refused = await startRefusal(here, witnesses());
    expect([refused?.code, refused?.text]).toEqual([65, expect.stringContaining('witness-differs')]);
    expect(readFileSync(state, 'utf8')).toBe(before);
    expect(splitNotes(readFileSync(`${state}.evidence`, 'utf8'))).toHaveLength(2);
  });

  it('a witness that is away holds nothing up: the hub starts, and says so', async () => {
    await served.close();
    try {
      const hub = await runningHub({ folder: here, env: witnesses() });
      const metrics = await hub.metrics();
      expect(metrics).toContain('tellonce_alarms_total{what="witness-unreachable"} 1');
      // What was cosigned before the restart is still shown while nothing is newer.
      expect(
        cosignaturesOf((await hub.person('dpo').ask('/v1/checkpoint')).text, [parseWitnessKey(witness.vkey)]),
      ).toMatchObject({
        ok: true,
        value: [{}],
      });
      await hub.stop();
    } finally {
      served = await serve();
    }
  });
});
