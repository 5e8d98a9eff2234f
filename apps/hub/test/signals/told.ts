import { jest } from '@jest/globals';
import { decodeRecord, type LookEvent, type SubjectIdentity } from '#contracts';
import { DELIVERY_STORE } from '#delivery';
import { organisationSystem, type Answer, type Asking, type HubClient } from '#nest-platform/client';
import { openLook } from '#sharing';
import { fakeClock, type FakeClock } from '#testing';
import { grantProcess } from '#vault';
import {
  agree,
  CONSENT,
  DIRECT_CARE,
  mustBe,
  runningHub,
  type HubOptions,
  type RunningHub,
  type TestOrganisation,
  type Told,
} from '../running-hub.ts';
import { standingDate } from '../fake-date.ts';
import { MAYA, tellWorld, type World } from '../trust/world.ts';

export const START = '2026-11-24T09:00:00.000Z';
/** Longer than the first wait after a failure, shorter than any token lives. */
export const SOON = 10_000;

/** The world of two organisations that agreed to tell each other's systems, on a hub whose time a spec sets. */
export interface ToldWorld extends World {
  readonly hub: RunningHub;
  readonly clock: FakeClock;
  /** Time goes on: for the hub, and for whoever signs in. */
  pass(milliseconds: number): void;
  /** An organisation's system, signed in now. */
  system(of: TestOrganisation): HubClient;
  /** Another process on the same folder and port. */
  restart(): Promise<void>;
  remove(): Promise<void>;
}

/** A subscription as its answer shows it. */
export interface Subscribed {
  readonly id: string;
  readonly secret: string;
  readonly status: string;
  readonly because: string | null;
}

/** A hub with the world of `tellWorld`, and agreements under which the school's system may know of hearing and, with consent, of the profile. */
export async function toldWorld(options: HubOptions = {}): Promise<ToldWorld> {
  standingDate(Date.parse(START));
  const clock = fakeClock(START);
  let hub = await runningHub({ clock, ...options });
  const first = hub;
  const world = await tellWorld(hub);
  const common = { recipient: world.school.id, purposes: ['sen-support'], roles: ['organisation-system'] as const };
  await agree(hub, { id: 'told-hearing', source: world.trust.id, categories: ['health.screening'], ...common });
  await agree(hub, { id: 'told-voice', source: world.family.id, categories: ['voice'], ...common });
  return {
    ...world,
    get hub() {
      return hub;
    },
    clock,
    pass: (milliseconds) => {
      clock.advance(milliseconds);
      jest.setSystemTime(Date.parse(clock.now()));
    },
    system: ({ id, key }) => organisationSystem(hub.url, id, key),
    restart: async () => {
      await hub.stop();
      const { folder, url } = hub;
      hub = await runningHub({ clock, ...options, folder, port: Number(new URL(url).port) });
    },
    remove: async () => {
      await hub.stop();
      await first.remove();
      jest.useRealTimers();
    },
  };
}

/** Subscribes a system. */
export async function subscribe(system: HubClient, json: object): Promise<Subscribed> {
  const body = { channel: 'webhook', purpose: 'sen-support', ...json };
  return mustBe(201, await system.ask('/v1/signal-subscriptions', { json: body })).json as Subscribed;
}

/** Asks about a subscription, or below it. */
export function onSubscription(system: HubClient, id: string, path = '', asking: Asking = {}): Promise<Answer> {
  return system.ask(`/v1/signal-subscriptions/${id}${path}`, asking);
}

/** What a spec reads of each delivery. */
export interface Delivery {
  readonly signal: string;
  readonly state: string;
  readonly attempts: number;
  readonly code: string | null;
}

/** The deliveries of a subscription, newest first. */
export async function deliveries(system: HubClient, id: string, query = ''): Promise<readonly Delivery[]> {
  const answer = mustBe(200, await onSubscription(system, id, `/deliveries${query}`));
  return (answer.json as { deliveries: readonly Delivery[] }).deliveries;
}

/** Asks where a signal says to ask. */
export function askAbout(system: HubClient, signal: string, purpose = 'sen-support'): Promise<Answer> {
  return system.ask(`/v1/signals/${signal}`, { headers: { 'hub-purpose': purpose } });
}

/** The trust tells of a screening; each number is a fact of its own. */
export function screened(trust: TestOrganisation, number: number, subject: SubjectIdentity = MAYA): Promise<Told> {
  return trust.tell({
    id: `screened-${String(number)}`,
    type: 'health.newborn-hearing-outcome.v1',
    category: 'health.screening',
    basis: DIRECT_CARE,
    subject: { ...subject, localId: subject === MAYA ? 'trust-1' : `trust-${subject.localId}` },
    fact: { screenedOn: '2018-03-30', outcomeCode: '276781000000109', outcome: 'Clear response' },
  });
}

/** The family writes a profile, which rests on consent. */
export function wrote(family: TestOrganisation, number: number, words: string): Promise<Told> {
  return family.tell({
    id: `wrote-${String(number)}`,
    type: 'voice.one-page-profile-written.v1',
    category: 'voice',
    basis: CONSENT,
    subject: { ...MAYA, localId: 'fam-1' },
    fact: {
      writtenOn: '2022-09-02',
      whatMattersToMe: words,
      howBestToSupportMe: words,
      whatPeopleLikeAboutMe: words,
    },
  });
}

/** The states of the signals in the hub's own outbox, in order: what no route shows. */
export async function outboxStates({ composed }: RunningHub): Promise<readonly string[]> {
  const database = await composed.opened.stores.open(DELIVERY_STORE, 'delivery.db');
  return (await database.all('select state from signal order by seq')).map(({ state }) => String(state));
}

/** The looks that signals of a subscription were, in the order of the log: effect, reasons, facts. */
export async function looksOf({ composed }: RunningHub, subscription: string) {
  const { log, vault } = composed.opened.core;
  const looks: { readonly effect: string; readonly reasons: readonly string[]; readonly route: string }[] = [];
  for await (const events of log.readAll({ families: ['look'] })) {
    for (const { data } of events) {
      const record = decodeRecord(data) as unknown as LookEvent;
      if (record.type !== 'look.recorded.v1') continue;
      const { decision, sealed } = record.data;
      const look = await openLook(vault, grantProcess('usage'), decision, record.by, sealed);
      if (look?.reader.client !== `signals:${subscription}`) continue;
      looks.push({ effect: look.effect, reasons: look.reasons, route: look.route });
    }
  }
  return looks;
}

/** Waits until it holds; time of the hub stands still meanwhile. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`does not come: ${what}`);
}
