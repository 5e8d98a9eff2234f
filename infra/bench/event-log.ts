import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecord, type EncodedRecord } from '#contracts';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { randomUuid, type Chance, type Instant, type OrganisationId } from '#kernel';
import { figure, median } from './lib.ts';

/**
 * The embedded log beside a plain file on the same disk (`file-log.mjs`), interleaved; then growth with a million events. Options:
 * `--rounds 5`, `--seconds 1` (of each part of a round), `--events 1000000` (0: no growth), `--scan 100000`.
 */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const ROUNDS = option('--rounds', 5);
const SECONDS = option('--seconds', 1);
const EVENTS = option('--events', 1_000_000);
const SCAN = option('--scan', 100_000);
const WRITERS = 32;
const BYTES = 600;

const baselines = process.env['BASELINES_DIR'] ?? join(import.meta.dirname, '../../../shared/baselines');
const baseline = join(baselines, 'file-log.mjs');
if (!existsSync(baseline)) {
  console.error('the baseline file-log.mjs is not here: set BASELINES_DIR to the folder that holds it');
  process.exit(2);
}

interface Fact {
  readonly stream: string;
  readonly events: readonly [EncodedRecord];
}
const chance: Chance = { bytes: (count) => randomBytes(count) };
const text = randomBytes(BYTES).toString('hex');

/** As facts are: each the first event of a stream of its own, 600 bytes with its envelope. Made before the clock runs. */
function fact(): Fact {
  const id = randomUuid(chance);
  const record = (padding: number): EncodedRecord =>
    encodeRecord({
      format: 1,
      stream: `fact-${id}`,
      revision: 0,
      type: 'education.enrolment-started.v1',
      recordedAt: '2026-09-01T08:00:00.000Z' as Instant,
      by: 'bridgewater-community-trust' as OrganisationId,
      correlationId: id,
      data: { text: text.slice(0, padding) },
    });
  empty ??= record(0).data.byteLength;
  return { stream: `fact-${id}`, events: [record(BYTES - empty)] };
}
let empty: number | undefined;

/** Appends by so many writers, each waiting for its own answer, for so long or until the facts end. Events per second. */
async function append(log: EventLog, facts: readonly Fact[], writers: number, seconds = Infinity): Promise<number> {
  const began = performance.now();
  const until = began + seconds * 1_000;
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let each = facts[next]; each !== undefined && performance.now() < until; each = facts[next]) {
      next += 1;
      await log.append(each.stream, 'none', each.events);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return next / ((performance.now() - began) / 1_000);
}

async function scan(log: EventLog): Promise<number> {
  const began = performance.now();
  let [seen, bytes] = [0, 0];
  for await (const batch of log.readAll({ families: ['fact'] })) {
    for (const { data } of batch) {
      const record = JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()) as {
        readonly data: { readonly text: string };
      };
      bytes += record.data.text.length;
      seen += 1;
    }
    if (seen >= SCAN) break;
  }
  if (bytes === 0) throw new Error('nothing was read');
  return seen / ((performance.now() - began) / 1_000);
}

function file(): { readonly single: number; readonly grouped: number; readonly scanned: number } {
  const lines = execFileSync(process.execPath, [baseline, String(SECONDS)], { encoding: 'utf8' })
    .trim()
    .split('\n');
  const values = lines.map((line) => JSON.parse(line) as { readonly figure: string; readonly value: number });
  const of = (start: string): number => {
    const found = values.find((each) => each.figure.startsWith(start));
    if (found === undefined) throw new Error(`the baseline has no figure "${start}"`);
    return found.value;
  };
  return { single: of('append, one'), grouped: of('append, 32'), scanned: of('scan') };
}

async function besideTheFile(dir: string): Promise<void> {
  const log = await openSqliteLog({ path: join(dir, 'log.db') });
  const full = await openSqliteLog({ path: join(dir, 'full.db') });
  await append(full, Array.from({ length: SCAN }, fact), 256);
  const facts = (rate: number): readonly Fact[] => Array.from({ length: Math.ceil(rate * SECONDS) }, fact);
  await append(log, facts(2_000), 1, SECONDS / 2);
  const rounds: { readonly ours: number; readonly theirs: number }[][] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    const theirs = file();
    const [single, grouped] = [facts(theirs.single * 1.5), facts(theirs.grouped)];
    rounds[0]?.push({ theirs: theirs.single, ours: await append(log, single, 1, SECONDS) });
    rounds[1]?.push({ theirs: theirs.grouped, ours: await append(log, grouped, WRITERS, SECONDS) });
    rounds[2]?.push({ theirs: theirs.scanned, ours: await scan(full) });
  }
  await Promise.all([log.close(), full.close()]);
  const figures = [
    ['one durable append at a time', 0.9],
    ['32 writers, grouped commits', 0.25],
    ['catch-up, records parsed', 0.35],
  ] as const;
  for (const [at, [name, target]] of figures.entries()) {
    const measured = rounds[at] ?? [];
    figure({
      bench: 'event-log',
      figure: name,
      value: median(measured.map(({ ours }) => ours)),
      unit: 'events/s',
      baseline: median(measured.map(({ theirs }) => theirs)),
      ratio: median(measured.map(({ ours, theirs }) => ours / theirs)),
      target,
    });
  }
}

async function growth(dir: string): Promise<void> {
  const path = join(dir, 'growth.db');
  const log = await openSqliteLog({ path });
  const part = Math.min(50_000, EVENTS);
  const rates: number[] = [];
  for (let written = 0; written < EVENTS; written += part) {
    rates.push(await append(log, Array.from({ length: part }, fact), WRITERS));
  }
  await log.close();
  const reported = { bench: 'event-log', unit: 'events/s' };
  figure({ ...reported, figure: '32 writers, first 50,000 events', value: rates[0] ?? 0 });
  figure({ ...reported, figure: `32 writers, last 50,000 of ${EVENTS} events`, value: rates.at(-1) ?? 0 });
  figure({ bench: 'event-log', figure: 'bytes an event on disk', value: statSync(path).size / EVENTS, unit: 'bytes' });
}

const dir = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'event-log-'));
try {
  await besideTheFile(dir);
  if (EVENTS > 0) await growth(dir);
} finally {
  rmSync(dir, { recursive: true });
}
