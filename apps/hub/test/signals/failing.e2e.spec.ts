import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RETRY_DELAYS_MS } from '#delivery';
import { mustBe } from '../running-hub.ts';
import { believed, hookReceiver, type HookReceiver } from './receiver.ts';
import {
  deliveries,
  onSubscription,
  screened,
  SOON,
  subscribe,
  toldWorld,
  until,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

const DAY = 86_400_000;
let world: ToldWorld;
let receiver: HookReceiver;
let subscription: Subscribed;

beforeEach(async () => {
  world = await toldWorld();
  receiver = await hookReceiver();
  subscription = await subscribe(world.school.system, { url: receiver.url });
});
afterEach(async () => {
  await receiver.stop();
  await world.remove();
});

const change = async (to: string) =>
  mustBe(
    200,
    await onSubscription(world.system(world.school), subscription.id, '', { method: 'PATCH', json: { change: to } }),
  ).json as Subscribed;
const now = async (query = '') => deliveries(world.system(world.school), subscription.id, query);
const read = async () =>
  mustBe(200, await onSubscription(world.system(world.school), subscription.id)).json as Subscribed;

describe('a receiver that wants nothing more', () => {
  it('is switched off, and switched on again gets what waited, in order', async () => {
    receiver.answer = 410;
    await screened(world.trust, 1);
    await until(async () => (await read()).status === 'off', 'the switch');
    expect(await read()).toMatchObject({ because: 'gone' });
    await screened(world.trust, 2);
    world.pass(SOON);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.arrived).toHaveLength(1);
    receiver.answer = 204;
    expect(await change('switch-on')).toMatchObject({ status: 'on', because: null });
    await until(() => receiver.taken.length === 2, 'what waited');
    expect(receiver.taken[0]).toBe(receiver.arrived[0]?.headers['webhook-id']);
    const [second, first] = await now();
    expect([first, second].map((each) => [each?.signal, each?.state])).toEqual(
      receiver.taken.map((id) => [id, 'sent']),
    );
  });

  it('that switches itself off is sent nothing until it switches on', async () => {
    expect(await change('switch-off')).toMatchObject({ status: 'off', because: 'asked' });
    await screened(world.trust, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.arrived).toHaveLength(0);
    await change('switch-on');
    await until(() => receiver.taken.length === 1, 'what waited');
  });
});

describe('a receiver that is away for longer than anybody waits', () => {
  it('has dead letters, which are sent again under the same ids when it asks', async () => {
    receiver.answer = 500;
    await screened(world.trust, 1);
    for (let attempts = 1; attempts < RETRY_DELAYS_MS.length; attempts++) {
      await until(async () => (await now())[0]?.attempts === attempts, `attempt ${String(attempts)}`);
      expect((await now())[0]).toMatchObject({ state: 'waiting', code: 'status-500' });
      world.pass(DAY * 1.3);
    }
    await until(async () => (await now('?state=dead')).length === 1, 'the dead letter');
    const [dead] = await now('?state=dead');
    expect(dead).toMatchObject({ attempts: RETRY_DELAYS_MS.length, code: 'status-500' });
    const metrics = await world.hub.metrics();
    expect(metrics).toContain('tellonce_outbox_dead_letters 1');
    expect(metrics).toMatch(/tellonce_webhook_deliveries_total\{outcome="retry"\} 9/);
    receiver.answer = 204;
    world.pass(DAY);
    const replay = (json: object) => onSubscription(world.system(world.school), subscription.id, '/replays', { json });
    const other = '11111111-1111-4111-8111-111111111111';
    expect(mustBe(200, await replay({ signal: other })).json).toEqual({ replayed: 0 });
    expect(mustBe(200, await replay({ signal: dead?.signal })).json).toEqual({ replayed: 1 });
    expect(mustBe(200, await replay({})).json).toEqual({ replayed: 0 });
    await until(() => receiver.taken.length === 1, 'the replay');
    expect(receiver.taken).toEqual([dead?.signal]);
    expect(new Set(receiver.arrived.map(({ headers }) => headers['webhook-id']))).toEqual(new Set(receiver.taken));
  });
});

describe('a secret that is rolled', () => {
  it('signs beside the old one for a day, and alone from then on', async () => {
    const rolled = await change('roll-secret');
    expect(rolled.secret).not.toBe(subscription.secret);
    await screened(world.trust, 1);
    await until(() => receiver.taken.length === 1, 'a webhook');
    const believedBy = (nth: number) => {
      const arrived = receiver.arrived[nth];
      if (arrived === undefined) throw new Error('nothing arrived');
      return [subscription.secret, rolled.secret].map((secret) => believed(arrived, secret, Date.now()));
    };
    expect(believedBy(0)).toEqual([true, true]);
    await change('switch-off');
    await screened(world.trust, 2);
    world.pass(DAY);
    await change('switch-on');
    await until(() => receiver.taken.length === 2, 'another');
    expect(believedBy(1)).toEqual([false, true]);
  });
});
