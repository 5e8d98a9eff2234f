import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { encodeRecord, factDefinition, factStream, type FactBody } from '#contracts';
import type { Database } from '#database';
import {
  mayTell,
  Outbox,
  runDelivery,
  standingFact,
  stillMayTell,
  subscriptionStream,
  type MayLeave,
  type Signal,
  type Subscribed,
  type SubscriptionMade,
} from '#delivery';
import { kafkaChannel, topicOf } from '#delivery/kafka';
import { openSqliteLog } from '#event-log/sqlite';
import {
  namedUuid,
  randomUuid,
  toInstant,
  type Chance,
  type ChildId,
  type Clock,
  type FactId,
  type OrganisationId,
  type PlainDate,
  type RecordId,
} from '#kernel';
import {
  emptyProtection,
  emptyRegistry,
  enforcementPoint,
  evolveProtection,
  evolveRegistry,
  type Tails,
} from '#sharing';
import { openVault, sealingOnly } from '#vault';
import { makeTopic, type bareKafka } from '../../../libs/delivery/kafka/test/bare.ts';
import { arrivalsOf, PARTITIONS, type BareMessage } from '../../../libs/delivery/kafka/test/bare-flow.ts';
import { newOrganisation } from '../../../libs/delivery/kafka/test/signals.ts';

const CHILDREN = 1_000;
/** Appends under way at a time. */
const AT_ONCE = 500;
const source = 'bridgewater-community-trust' as OrganisationId;
const chance: Chance = { bytes: (count) => randomBytes(count) };
const clock: Clock = { now: () => toInstant(Date.now()) };
const definition = factDefinition('health.professional-contact.v1');
if (definition === undefined) throw new Error('no such fact');
const { type: factType, category } = definition;

/** An area with one subscriber, whose signals go to a topic of its own. */
export interface DeliveryWorld {
  /** Appends so many facts, each of one of a thousand children in turn; durable when it settles. */
  publish(count: number): Promise<void>;
  /** Starts the delivery process. */
  deliver(): { stop(): Promise<void> };
  /** The next so many signals, as a bare consumer reads them; rejects where the delivery process does. */
  received(count: number): Promise<readonly BareMessage[]>;
  close(): Promise<void>;
}

/** What a world is made with; `database` holds the outbox, and is closed with the world. */
export interface DeliveryWorldOptions {
  readonly dir: string;
  readonly database: Database;
  readonly brokers: readonly string[];
  readonly kafka: ReturnType<typeof bareKafka>;
}

/** Opens one: an empty log in `dir`, an agreement and relationships that permit every signal, and a subscription on Kafka. */
export async function openDeliveryWorld(options: DeliveryWorldOptions): Promise<DeliveryWorld> {
  const { dir, database, brokers, kafka } = options;
  mkdirSync(dir);
  const log = await openSqliteLog({ path: join(dir, 'log.db') });
  const vault = await openVault({ path: join(dir, 'keys.db'), kek: chance.bytes(32), chance, clock });
  const organisation = newOrganisation();
  const topic = topicOf(organisation) ?? '';
  await makeTopic(kafka, topic, PARTITIONS);
  const arrivals = await arrivalsOf(kafka, topic, ({ headers }) => headers?.['ce_id']?.toString());
  const channel = kafkaChannel({ brokers, source: '/hub' });
  const tails = tailsFor(organisation);
  const subscription = namedUuid('subscription', organisation);
  const store = (stream: string, by: OrganisationId, type: string, data: object) => {
    const about = { format: 1, stream, revision: 0, type, recordedAt: clock.now(), by } as const;
    return log.append(stream, 'none', [encodeRecord({ ...about, correlationId: randomUuid(chance), data })]);
  };
  const made: SubscriptionMade = {
    ...{ subscription, channel: 'kafka', purpose: 'sen-support', categories: null },
    ...{ url: null, secret: null, by: 'system' },
  };
  await store(subscriptionStream(organisation), organisation, 'subscription.made.v1', made);
  const parts = {
    ...{ log, clock, outbox: new Outbox(database), channels: new Set(['kafka'] as const) },
    disclose: enforcementPoint(tails, { log, vault: sealingOnly(vault), clock, chance }),
    mayTell: mayTell(tails, clock),
    childOfFact: async (_fact: FactId, record: RecordId) => childOf(record),
    stillMayTell: stillMayTell(tails, clock),
    send: (_to: Subscribed, signals: readonly Signal[], mayLeave: MayLeave) =>
      channel.send({ organisation }, signals, mayLeave),
    standing: (fact: FactId) => standingFact(log, fact),
    ask: (id: string) => `https://hub.example/v1/signals/${id}`,
    spread: Math.random,
    gone: () => Promise.reject(new Error('the subscription was switched off')),
    pseudonymKey: chance.bytes(32),
  };
  let published = 0;
  let failed: Promise<never> = new Promise(() => undefined);
  return {
    async publish(count) {
      for (let left = count; left > 0; left -= AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, left) }, () => (published += 1) % CHILDREN);
        await Promise.all(
          some.map((child) => {
            const fact = randomUuid(chance) as FactId;
            return store(factStream(fact), source, 'fact.published.v1', bodyOf(fact, child));
          }),
        );
      }
    },
    deliver() {
      const stop = new AbortController();
      const running = runDelivery(parts, stop.signal);
      failed = running.then(() => new Promise<never>(() => undefined));
      failed.catch(() => undefined);
      return {
        stop: () => {
          stop.abort();
          return running;
        },
      };
    },
    received: (count) => Promise.race([arrivals.next(count), failed]),
    async close() {
      await channel.close();
      await arrivals.close();
      await database.close();
      await vault.close();
      await log.close();
    },
  };
}

const childOf = (record: RecordId): ChildId => namedUuid('child', record) as ChildId;

function bodyOf(fact: FactId, child: number): FactBody {
  const at = clock.now();
  return {
    recordId: namedUuid('record', child) as RecordId,
    ...{ organisation: source, factType, category, index: {}, happenedAt: at, reliesOnConsent: false },
    stated: { at, rank: 0, by: fact },
    purposes: ['sen-support'],
    provenance: { kind: 'organisation-signed', kid: 'bench', alg: 'Ed25519' },
    // Nothing opens it: a signal says that there is a fact, and the fact stays sealed.
    sealed: { key: randomUuid(chance), iv: 'x'.repeat(16), text: 'x'.repeat(400) },
  } as unknown as FactBody;
}

function tailsFor(reader: OrganisationId): Tails {
  const profile = { codes: {}, keys: [], profile: {}, sector: 'health' } as const;
  let registry = emptyRegistry();
  for (const organisation of [reader, source]) {
    const data = { ...profile, organisation, name: organisation };
    registry = evolveRegistry(registry, { type: 'organisation.registered.v1', data });
  }
  const from = '2024-01-01' as PlainDate;
  const agreement = { agreement: 'a', version: 1, title: 'a', source, recipient: reader, from, until: null } as const;
  const scope = { categories: [category], purposes: ['sen-support'], roles: ['organisation-system'] } as const;
  registry = evolveRegistry(registry, { type: 'agreement.in-force.v1', data: { ...agreement, ...scope } });
  const data = { fact: 'f' as FactId, organisation: reader, kind: 'caseload', name: 'case', from } as const;
  const protection = evolveProtection(emptyProtection('c' as ChildId), { type: 'relationship.started.v1', data });
  return {
    registry: () => Promise.resolve(registry),
    protections: (child) => Promise.resolve([{ ...protection, child }]),
  };
}
