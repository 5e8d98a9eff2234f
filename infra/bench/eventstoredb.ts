import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { encodeRecord, type EncodedRecord } from '#contracts';
import type { EventLog, LogToken } from '#event-log';
import { describeUrl, openEventStoreLog } from '#event-log/eventstoredb';
import { randomUuid, type Chance, type Instant, type OrganisationId } from '#kernel';
import { figure, median } from './lib.ts';

/**
 * The log on a server: `EVENTSTORE_URL=esdb://… npm run bench -- eventstoredb`. Appends 600-byte facts, each the first event of a stream
 * of its own and each durable when it is answered; then catches up with them. They stay on the server: give it one that may be thrown
 * away. Options: `--rounds 5`, `--seconds 1` (of each part of a round), `--scan 100000` (events to catch up with). Without a server
 * nothing is measured, and a line says so: figures of the double would be figures of the double.
 */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const ROUNDS = option('--rounds', 5);
const SECONDS = option('--seconds', 1);
const SCAN = option('--scan', 100_000);
const WRITERS = 32;
const BYTES = 600;

const chance: Chance = { bytes: (count) => randomBytes(count) };
const text = randomBytes(BYTES).toString('hex');

/** A setting, or what stands in the file that `<NAME>_FILE` names. */
function secret(name: string): string | undefined {
  const file = process.env[`${name}_FILE`];
  const value = file === undefined || file === '' ? process.env[name] : readFileSync(file, 'utf8').trim();
  return value === '' ? undefined : value;
}

function fact(): { readonly stream: string; readonly events: readonly [EncodedRecord] } {
  const id = randomUuid(chance);
  const event = encodeRecord({
    format: 1,
    stream: `fact-${id}`,
    revision: 0,
    type: 'education.enrolment-started.v1',
    recordedAt: '2026-09-01T08:00:00.000Z' as Instant,
    by: 'bridgewater-community-trust' as OrganisationId,
    correlationId: id,
    data: { text: text.slice(0, 330) },
  });
  return { stream: `fact-${id}`, events: [event] };
}

/** Appends by so many writers, each waiting for its own answer, for so long or so many. Events per second. */
async function append(log: EventLog, writers: number, seconds: number, most = Infinity): Promise<number> {
  const facts = Array.from({ length: Math.min(most, writers * 1_000 * seconds + 1_000) }, fact);
  const began = performance.now();
  let next = 0;
  const writer = async (): Promise<void> => {
    for (let each = facts[next]; each !== undefined; each = facts[next]) {
      if (performance.now() - began > seconds * 1_000) return;
      next += 1;
      await log.append(each.stream, 'none', each.events);
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
  return next / ((performance.now() - began) / 1_000);
}

/** Events per second of a filtered subscription until it has caught up, records parsed. */
async function catchUp(log: EventLog, after: LogToken | null): Promise<number> {
  const stop = new AbortController();
  const began = performance.now();
  let [seen, bytes] = [0, 0];
  for await (const batch of log.subscribe({ families: ['fact'], after, signal: stop.signal })) {
    if (batch.kind === 'caught-up') {
      stop.abort();
      continue;
    }
    for (const { data } of batch.events) bytes += JSON.stringify(JSON.parse(Buffer.from(data).toString())).length;
    seen += batch.events.length;
  }
  if (bytes === 0) throw new Error('nothing was read');
  return seen / ((performance.now() - began) / 1_000);
}

async function measure(url: string): Promise<void> {
  const log = await openEventStoreLog({ url });
  const before = await log.head();
  await append(log, WRITERS, SECONDS / 2);
  const rounds: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    rounds[0].push(await append(log, 1, SECONDS));
    rounds[1].push(await append(log, WRITERS, SECONDS));
  }
  await append(log, 256, Infinity, SCAN);
  for (let round = 0; round < ROUNDS; round++) rounds[2].push(await catchUp(log, before));
  await log.close();
  const reported = { bench: 'eventstoredb', unit: 'events/s' };
  figure({ ...reported, figure: 'append, one writer', value: median(rounds[0]) });
  figure({ ...reported, figure: 'append, 32 writers', value: median(rounds[1]) });
  figure({ ...reported, figure: 'catch-up subscription, records parsed', value: median(rounds[2]) });
}

const url = secret('EVENTSTORE_URL');
if (url === undefined) {
  const reason = 'EVENTSTORE_URL is not set: figures on EventStoreDB come only from a server';
  const command = 'EVENTSTORE_URL=esdb://… npm run bench -- eventstoredb';
  const line = { bench: 'eventstoredb', measured: false, reason, command };
  process.stdout.write(`${JSON.stringify(line)}\n`);
} else {
  process.stderr.write(`measuring ${describeUrl(url)}\n`);
  await measure(url);
}
