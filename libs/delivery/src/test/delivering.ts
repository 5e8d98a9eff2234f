import { expect } from '@jest/globals';
import { encodeRecord, factStream, type FactBody } from '#contracts';
import type { Database } from '#database';
import { openSqliteDatabase } from '#database/sqlite';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';
import { epochMs, fail, ok, toInstant, type ChildId, type FactId, type OrganisationId, type RecordId } from '#kernel';
import type { Disclose } from '#sharing';
import { Outbox } from '../outbox/outbox.ts';
import { DELIVERY_STORE } from '../outbox/tables.ts';
import { runDelivery, type DeliveryParts } from '../process.ts';
import type { MayLeave, Sent, Signal } from '../port.ts';
import { NOT_TRIED } from '../retry.ts';
import { standingFact } from '../standing.ts';
import { subscriptionStream, type SubscriptionMade } from '../subscription/subscription.ts';

export const school = 'oakfield-school' as OrganisationId;
export const trust = 'bridgewater-trust' as OrganisationId;
const made: SubscriptionMade = {
  subscription: 's1',
  channel: 'webhook',
  purpose: 'sen-support',
  categories: null,
  url: 'https://school.example/hooks',
  secret: null,
  by: 'system',
};

/** A delivery process on a log and an outbox in memory; everything around it is set by the spec. */
export class Delivering {
  /** Milliseconds; each reading of the clock goes one on. */
  now = epochMs(toInstant(0));
  stop = new AbortController();
  running: Promise<void> = Promise.resolve();
  readonly arrived: Signal[] = [];
  readonly looks: string[] = [];
  gone = 0;
  /** What the receiver answers. */
  answer: (signal: Signal) => Sent = () => ({ kind: 'sent' });
  permits: (fact: FactId) => boolean | Promise<boolean> = () => true;
  /** What may still leave, asked as it does. */
  stillTold: (fact: FactId) => boolean | Promise<boolean> = () => true;
  /** What is let in at all, when it happens. */
  told: (fact: FactId) => boolean = () => true;
  /** Whose child a record is. */
  childOf: (record: RecordId) => string = (record) => `child-of-${record}`;
  readonly log: EventLog;
  readonly database: Database;

  constructor(log: EventLog, database: Database) {
    this.log = log;
    this.database = database;
  }

  start(over: Partial<DeliveryParts> = {}): void {
    this.running = runDelivery({ ...this.#parts(), ...over }, this.stop.signal);
  }

  async close(): Promise<void> {
    this.stop.abort();
    await this.running.catch(() => undefined);
    await this.database.close();
    await this.log.close();
  }

  async stored(stream: string, revision: number, type: string, data: object, by = trust): Promise<void> {
    const recordedAt = toInstant((this.now += 1));
    const record = encodeRecord({ format: 1, stream, revision, type, recordedAt, by, correlationId: 'c', data });
    await this.log.append(stream, revision === 0 ? 'none' : revision - 1, [record]);
  }

  subscribed(over: Partial<SubscriptionMade> = {}, revision = 0): Promise<void> {
    return this.stored(subscriptionStream(school), revision, 'subscription.made.v1', { ...made, ...over }, school);
  }

  body(over: Partial<FactBody> = {}): object {
    return {
      recordId: 'record-one' as RecordId,
      organisation: trust,
      factType: 'health.professional-contact.v1',
      category: 'health.contact',
      index: {},
      happenedAt: toInstant(0),
      stated: { at: toInstant(0), rank: 0, by: 'x' },
      purposes: ['sen-support'],
      reliesOnConsent: false,
      provenance: { kind: 'hub-translated', kid: 'k', alg: 'EdDSA' },
      sealed: { key: 'k', iv: 'i', text: 't' },
      ...over,
    };
  }

  published(fact: string, over: Partial<FactBody> = {}): Promise<void> {
    return this.stored(factStream(fact as FactId), 0, 'fact.published.v1', this.body(over));
  }

  async until(holds: () => boolean): Promise<void> {
    for (let tries = 0; tries < 400 && !holds(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(holds()).toBe(true);
  }

  /** Waits until the signals of the outbox are in these states, in order. */
  async untilStates(...wanted: readonly string[]): Promise<void> {
    let states: readonly unknown[] | undefined;
    for (let tries = 0; tries < 400 && states?.join() !== wanted.join(); tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      states = (await this.database.all('select state from signal order by seq')).map(({ state }) => state);
    }
    expect(states).toEqual(wanted);
  }

  #parts(): DeliveryParts {
    const { log, database } = this;
    return {
      log,
      outbox: new Outbox(database),
      disclose: this.#disclose(),
      childOfFact: async (_fact, record) => (record === 'gone' ? undefined : (this.childOf(record) as ChildId)),
      standing: (fact) => standingFact(log, fact),
      channels: new Set(['webhook']),
      mayTell: async (_child, signals) => signals.filter(({ fact }) => this.told(fact)),
      stillMayTell: async (_child, { fact }) => this.stillTold(fact),
      send: (_subscription, signals, mayLeave) => this.#received(signals, mayLeave),
      ask: (id) => `https://hub.example/v1/signals/${id}`,
      clock: { now: () => toInstant((this.now += 1)) },
      spread: () => 0.5,
      gone: async () => {
        this.gone += 1;
      },
      pseudonymKey: new Uint8Array(32),
      lookAgainMs: 10,
    };
  }

  #disclose(): Disclose {
    return async (request) => {
      const found = await request.find(null as never);
      const [fact] = request.facts(found);
      this.looks.push(request.route);
      if (fact === undefined || request.child === null || !(await this.permits(fact))) {
        // A rule says so: nobody subscribed for no purpose.
        request.rule({} as never);
        return fail('not-found');
      }
      return ok({ decision: 'd', value: await request.open(found, null as never, 'd') } as never);
    };
  }

  async #received(signals: readonly Signal[], mayLeave: MayLeave): Promise<readonly Sent[]> {
    const outcomes: Sent[] = [];
    const held = new Set<string>();
    let broken = false;
    for (const signal of signals) {
      const may = !broken && !held.has(signal.key) && (await mayLeave(signal));
      const sent: Sent = broken || held.has(signal.key) ? NOT_TRIED : may ? this.answer(signal) : { kind: 'held' };
      if (sent.kind === 'sent') this.arrived.push(signal);
      else if (sent.kind === 'held') held.add(signal.key);
      else broken = true;
      outcomes.push(sent);
    }
    return outcomes;
  }
}

/** A delivery that has not started. */
export async function delivering(): Promise<Delivering> {
  const log = await openSqliteLog({ path: ':memory:' });
  return new Delivering(log, await openSqliteDatabase({ path: ':memory:', store: DELIVERY_STORE }));
}
