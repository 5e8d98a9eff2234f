import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DELIVERY_STORE } from '#delivery';
import { migrateDatabase, openPostgresDatabase } from '#database/postgres';
import { openSqliteDatabase } from '#database/sqlite';
import { bareKafka } from '../../libs/delivery/kafka/test/bare.ts';
import { startKafka, startPostgres } from '../../libs/testing/servers/index.ts';
import { bareBaseline, type Bare } from '../../libs/delivery/kafka/test/bare-flow.ts';
import { openDeliveryWorld, type DeliveryWorld } from './servers/delivery-world.ts';
import { figure, median } from './lib.ts';

/**
 * The delivery process with a real broker: facts in a SQLite log, taken in to an outbox on SQLite and on PostgreSQL, each signal decided by the
 * enforcement point with its durable look, sent through the Kafka channel, and read by a bare consumer; beside bare kafkajs producing the same
 * messages and reading them, in the same run. Broker: `KAFKA_BROKERS`, or one that is started here. Signals: `BENCH_SIGNALS` (20,000); one at a
 * time for the latency: `--latencies 500`; `--rounds 3`.
 */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const SIGNALS = Number(process.env['BENCH_SIGNALS'] ?? 20_000);
const ROUNDS = option('--rounds', 3);
const LATENCIES = option('--latencies', 500);
const bench = 'delivery';

const given = process.env['KAFKA_BROKERS'];
const started = given === undefined ? await startKafka() : undefined;
if (started !== undefined && 'unavailable' in started) {
  console.error(`no broker: ${started.unavailable}; set KAFKA_BROKERS`);
  process.exit(2);
}
const brokers = started?.brokers ?? given?.split(',') ?? [];
const folder = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'delivery-'));
const postgres = await startPostgres();
process.stderr.write(
  `measured on ${started?.what ?? 'the broker in KAFKA_BROKERS'} and PostgreSQL ${postgres.version}\n`,
);

interface Measured {
  readonly rates: { readonly ours: number; readonly bare: number }[];
  readonly times: { readonly ours: number[]; readonly bare: number[] };
}

/** A round: what waits in the log is delivered, and the very messages that came out are sent again by kafkajs alone. */
async function round({ rates }: Measured, world: DeliveryWorld, bare: Bare): Promise<void> {
  await world.publish(SIGNALS);
  const began = performance.now();
  const delivery = world.deliver();
  const messages = await world.received(SIGNALS);
  const ours = (SIGNALS / (performance.now() - began)) * 1_000;
  await delivery.stop();
  rates.push({ ours, bare: await bare.rate(messages) });
}

/** One fact at a time, from the moment its append begins to the moment its signal is read; in turns with one bare message. */
async function latencies({ times }: Measured, world: DeliveryWorld, bare: Bare): Promise<void> {
  const delivery = world.deliver();
  for (let n = -20; n < LATENCIES; n++) {
    const began = performance.now();
    const arrived = world.received(1);
    await world.publish(1);
    const [message] = await arrived;
    const took = performance.now() - began;
    if (message === undefined) throw new Error('no signal came');
    const alone = await bare.latency(message);
    if (n < 0) continue;
    times.ours.push(took);
    times.bare.push(alone);
  }
  await delivery.stop();
}

const kafka = bareKafka(brokers);
const bare = await bareBaseline(kafka);
const sides: (readonly [string, DeliveryWorld, Measured])[] = [];
try {
  await migrateDatabase(postgres.url, [DELIVERY_STORE]);
  const onPostgres = await openPostgresDatabase({ url: postgres.url, store: DELIVERY_STORE });
  const onSqlite = await openSqliteDatabase({ path: join(folder, 'delivery.db'), store: DELIVERY_STORE });
  for (const [name, database] of [['SQLite', onSqlite] as const, ['PostgreSQL', onPostgres] as const]) {
    const world = await openDeliveryWorld({ dir: join(folder, name), database, brokers, kafka });
    sides.push([name, world, { rates: [], times: { ours: [], bare: [] } }]);
  }
  for (let n = 0; n < ROUNDS; n++) for (const [, world, measured] of sides) await round(measured, world, bare);
  for (const [name, , measured] of sides) tellRates(name, measured);
  for (const [name, world, measured] of sides) {
    await latencies(measured, world, bare);
    tellTimes(name, measured);
  }
} finally {
  for (const [, world] of sides) await world.close();
  await bare.close();
  await started?.stop();
  await postgres.remove();
  rmSync(folder, { recursive: true, force: true });
}

function tellRates(name: string, { rates }: Measured): void {
  figure({
    bench,
    figure: `${SIGNALS.toLocaleString('en-GB')} signals decided, sent and read, outbox on ${name}`,
    value: median(rates.map(({ ours }) => ours)),
    unit: 'signals/s',
    baseline: median(rates.map((rate) => rate.bare)),
    ratio: median(rates.map((rate) => rate.ours / rate.bare)),
  });
}

function tellTimes(name: string, { times }: Measured): void {
  const from = `from append to consumer, outbox on ${name}`;
  const reported = { bench, unit: 'ms' };
  figure({ ...reported, figure: `${from}, p50`, value: median(times.ours), baseline: median(times.bare) });
  figure({ ...reported, figure: `${from}, p99`, value: p99(times.ours), baseline: p99(times.bare) });
}

function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}
