import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { followSignals, kafkaChannel, sqliteOffsetStore, topicOf } from '#delivery/kafka';
import { toInstant, type OrganisationId } from '#kernel';
import { bareKafka, makeTopic } from '../../libs/delivery/kafka/test/bare.ts';
import { bareBatches, bareReading } from '../../libs/delivery/kafka/test/bench.ts';
import { newOrganisation, signals } from '../../libs/delivery/kafka/test/signals.ts';
import { startKafka } from '../../libs/testing/servers/index.ts';
import { always } from '../../libs/delivery/src/test/always.ts';
import { figure, median } from './lib.ts';

/**
 * Signals through the Kafka channel beside bare kafkajs sending the same records in the same batches, and followed with their effects in SQLite
 * beside bare kafkajs reading them; interleaved, on one real broker: `KAFKA_BROKERS`, or one that is started here. Options: `--rounds 5`,
 * `--signals 20000`.
 */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const ROUNDS = option('--rounds', 5);
const SIGNALS = option('--signals', 20_000);
const CALL = 500;
const PARTITIONS = 4;

const given = process.env['KAFKA_BROKERS'];
const started = given === undefined ? await startKafka() : undefined;
if (started !== undefined && 'unavailable' in started) {
  console.error(`no broker: ${started.unavailable}; set KAFKA_BROKERS`);
  process.exit(2);
}
const brokers = started?.brokers ?? given?.split(',') ?? [];
process.stderr.write(`measured on ${started?.what ?? 'the broker in KAFKA_BROKERS'}\n`);
const kafka = bareKafka(brokers);

async function rate(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return SIGNALS / ((performance.now() - began) / 1_000);
}

async function newTopic(): Promise<{ organisation: OrganisationId; topic: string }> {
  const organisation = newOrganisation();
  const topic = topicOf(organisation) ?? '';
  await makeTopic(kafka, topic, PARTITIONS);
  return { organisation, topic };
}

const channel = kafkaChannel({ brokers, source: '/hub' });
const bare = await bareBatches(kafka);

async function sent(): Promise<{ ours: number; theirs: number; topic: string }> {
  const { organisation, topic } = await newTopic();
  const all = signals(organisation, SIGNALS, 1_000);
  const ours = await rate(async () => {
    for (let at = 0; at < SIGNALS; at += CALL) {
      const answers = await channel.send({ organisation }, all.slice(at, at + CALL), always);
      if (!answers.every(({ kind }) => kind === 'sent')) throw new Error('not all were sent');
    }
  });
  const other = await newTopic();
  const batches = Array.from({ length: Math.ceil(SIGNALS / CALL) }, (_, at) => all.slice(at * CALL, (at + 1) * CALL));
  const theirs = await rate(() => bare.send(other.topic, batches));
  return { ours, theirs, topic };
}

async function followed(topic: string): Promise<{ ours: number; theirs: number }> {
  const db = new DatabaseSync(':memory:');
  db.exec('CREATE TABLE effect (id TEXT PRIMARY KEY) STRICT');
  const insert = db.prepare('INSERT INTO effect VALUES (?)');
  const store = sqliteOffsetStore(db, topic, { now: () => toInstant(0) });
  const { promise: all, resolve } = Promise.withResolvers<undefined>();
  let left = SIGNALS;
  const follower = followSignals({
    ...{ brokers, topic, store, group: randomUUID(), idleWait: 100 },
    handle: async ({ id }) => {
      insert.run(id);
      left -= 1;
      if (left === 0) resolve(undefined);
    },
  });
  await follower.joined;
  const ours = await rate(async () => {
    await all;
  });
  await follower.stop();
  db.close();
  return { ours, theirs: await bareReading(kafka, topic, SIGNALS, rate) };
}

const rounds: { ours: number; theirs: number }[][] = [[], []];
try {
  await sent();
  for (let round = 0; round < ROUNDS; round++) {
    const { topic, ...figures } = await sent();
    rounds[0]?.push(figures);
    rounds[1]?.push(await followed(topic));
  }
} finally {
  await channel.close();
  await bare.close();
  await started?.stop();
}
for (const [at, name] of [`signals sent, ${String(CALL)} a call`, 'signals followed, each with its effect'].entries()) {
  const measured = rounds[at] ?? [];
  figure({
    bench: 'kafka',
    figure: name,
    value: median(measured.map(({ ours }) => ours)),
    unit: 'signals/s',
    baseline: median(measured.map(({ theirs }) => theirs)),
    ratio: median(measured.map(({ ours, theirs }) => ours / theirs)),
  });
}
