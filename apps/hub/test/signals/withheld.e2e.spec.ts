import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { caughtUp, DIRECT_CARE, mustBe, PUBLIC_TASK } from '../running-hub.ts';
import { MAYA, VOICE, withdraw } from '../trust/world.ts';
import { hookReceiver, type HookReceiver } from './receiver.ts';
import {
  askAbout,
  deliveries,
  looksOf,
  onSubscription,
  outboxStates,
  screened,
  SOON,
  subscribe,
  toldWorld,
  until,
  wrote,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

let world: ToldWorld;
let receiver: HookReceiver;
let subscription: Subscribed;

beforeEach(async () => {
  world = await toldWorld();
  receiver = await hookReceiver();
  receiver.answer = 503;
  subscription = await subscribe(world.school.system, { url: receiver.url });
});
afterEach(async () => {
  await receiver.stop();
  await world.remove();
});

/** What is told while the receiver is away, tried once, and waits. */
async function waiting(tell: () => Promise<{ readonly outcome: string }>): Promise<string> {
  expect((await tell()).outcome).toBe('published');
  const [tried] = await triedOnce();
  return tried?.signal ?? '';
}

async function triedOnce() {
  await until(async () => (await deliveries(world.school.system, subscription.id)).length === 1, 'an attempt');
  return deliveries(world.school.system, subscription.id);
}

/** The receiver is back, and what waits is due. */
function receiverBack(): void {
  receiver.answer = 204;
  world.pass(SOON);
}

const endings: readonly {
  readonly what: string;
  readonly tell: () => Promise<{ readonly outcome: string }>;
  readonly end: () => Promise<unknown>;
  readonly reason: string;
}[] = [
  {
    what: 'the consent is withdrawn',
    tell: () => wrote(world.family, 1, VOICE),
    end: () => withdraw(world.hub, world.child, 'voice-1'),
    reason: 'no-consent',
  },
  {
    what: 'the agreement is ended',
    tell: () => screened(world.trust, 1),
    end: async () =>
      mustBe(200, await world.trust.system.ask('/v1/agreements/told-hearing/endings', { json: { reason: 'review' } })),
    reason: 'no-agreement',
  },
  {
    what: 'the child leaves the school',
    tell: () => screened(world.trust, 1),
    end: () =>
      world.school.tell({
        id: 'enrol-1-end',
        type: 'education.enrolment-ended.v1',
        category: 'education.enrolment',
        basis: PUBLIC_TASK,
        subject: MAYA,
        fact: { setting: '100101', endDate: '2026-08-31' },
      }),
    reason: 'no-relationship',
  },
];

describe('a signal that waits for its receiver', () => {
  it.each(endings)('is not delivered once $what, and that is a look', async ({ tell, end, reason }) => {
    const signal = await waiting(tell);
    expect(mustBe(200, await askAbout(world.school.system, signal)).status).toBe(200);
    await end();
    receiverBack();
    await until(async () => (await outboxStates(world.hub)).join() === 'withheld', 'the refusal');
    expect(receiver.taken).toEqual([]);
    expect(await looksOf(world.hub, subscription.id)).toEqual([
      { effect: 'permit', reasons: [], route: 'SIGNAL webhook' },
      { effect: 'deny', reasons: [reason], route: 'SIGNAL webhook' },
    ]);
    // What may not be known is not in the list either, and asking comes to nothing.
    expect(await deliveries(world.school.system, subscription.id)).toEqual([]);
    expect((await askAbout(world.school.system, signal)).status).toBe(404);
  });

  it('is dropped with its subscription', async () => {
    await waiting(() => screened(world.trust, 1));
    mustBe(204, await onSubscription(world.school.system, subscription.id, '', { method: 'DELETE' }));
    receiverBack();
    await until(async () => (await outboxStates(world.hub)).length === 0, 'the drop');
    expect(receiver.taken).toEqual([]);
    expect(await looksOf(world.hub, subscription.id)).toHaveLength(1);
  });

  it('is gone with the record that it is about', async () => {
    const signal = await waiting(() => screened(world.trust, 1));
    const json = { childId: world.child, ground: 'court-order', organisation: world.trust.id };
    const headers = { 'hub-purpose': 'audit' };
    const erased = mustBe(201, await world.hub.person('dpo').ask('/v1/erasures', { json, headers }));
    expect(erased.text).toContain('{"removed":1,"store":"signals"}');
    receiverBack();
    expect(await outboxStates(world.hub)).toEqual([]);
    await caughtUp(world.hub);
    expect(receiver.taken).toEqual([]);
    expect((await askAbout(world.school.system, signal)).status).toBe(404);
  });

  it('is delivered once the receiver is back, and what waited behind it after it', async () => {
    await waiting(() => screened(world.trust, 1));
    await screened(world.trust, 2);
    receiverBack();
    await until(() => receiver.taken.length === 2, 'both');
    const listed = await deliveries(world.school.system, subscription.id);
    expect(listed.map(({ signal, state, attempts }) => [signal, state, attempts])).toEqual([
      [receiver.taken[1], 'sent', 1],
      [receiver.taken[0], 'sent', 2],
    ]);
  });
});

it('of a child that the school has nothing to do with, and of a category that nobody agreed on, nothing is kept and nobody looks', async () => {
  const elsewhere = { localId: 'x', nhsNumber: '9991774602', surname: 'Nobody', birthDate: '2018-03-14' };
  expect((await screened(world.trust, 1, elsewhere)).outcome).toBe('published');
  const contact = await world.trust.tell({
    id: 'contact-1',
    type: 'health.professional-contact.v1',
    category: 'health.contact',
    basis: DIRECT_CARE,
    subject: { ...MAYA, localId: 'trust-1' },
    fact: { contactOn: '2025-10-14', service: 'health-visiting', setting: '100102', summary: 'A review.' },
  });
  expect(contact.outcome).toBe('published');
  await waiting(() => screened(world.trust, 2));
  expect(await outboxStates(world.hub)).toEqual(['waiting']);
  expect(await looksOf(world.hub, subscription.id)).toHaveLength(1);
});
