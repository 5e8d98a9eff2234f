import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Answer } from '#nest-platform/client';
import { mustBe } from '../running-hub.ts';
import { eventIn, hookReceiver, type HookReceiver } from './receiver.ts';
import {
  askAbout,
  deliveries,
  screened,
  SOON,
  subscribe,
  toldWorld,
  until,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

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

const listed = async (): Promise<readonly string[]> =>
  (await deliveries(world.system(world.school), subscription.id)).map(({ signal }) => signal).toReversed();
const childOf = (answer: Answer): unknown => (answer.json as { childId: string }).childId;

it('what waited is sent by the next process, under the ids it had, in order; what was sent is not sent again', async () => {
  await screened(world.trust, 1);
  await until(() => receiver.taken.length === 1, 'the first');
  receiver.answer = 503;
  for (const number of [2, 3, 4]) await screened(world.trust, number);
  await until(() => receiver.arrived.length === 2, 'an attempt');
  const before = await listed();
  await world.restart();
  receiver.answer = 204;
  world.pass(SOON);
  await until(() => receiver.taken.length === 4, 'the rest');
  expect(new Set(receiver.taken).size).toBe(4);
  expect((await listed()).slice(0, before.length)).toEqual(before);
  expect(await listed()).toEqual(receiver.taken);
  expect(receiver.arrived.filter(({ headers }) => headers['webhook-id'] === receiver.taken[0])).toHaveLength(1);
  // The pseudonym is the same in another process, and asking about what an earlier one sent is answered.
  expect(new Set(receiver.arrived.map((arrived) => eventIn(arrived).subject)).size).toBe(1);
  const system = world.system(world.school);
  for (const signal of receiver.taken) expect(childOf(mustBe(200, await askAbout(system, signal)))).toBe(world.child);
});

it('what happens while nobody delivers is delivered afterwards', async () => {
  const { hub } = world;
  await screened(world.trust, 1);
  await until(() => receiver.taken.length === 1, 'the first');
  // The delivery alone ends; the hub goes on taking facts in.
  const delivery = hub.composed.resources.find(({ name }) => name === 'delivery');
  await delivery?.close();
  for (const number of [2, 3]) await screened(world.trust, number);
  expect(receiver.taken).toHaveLength(1);
  await world.restart();
  await until(() => receiver.taken.length === 3, 'the rest');
  expect(new Set(receiver.taken).size).toBe(3);
});

it('ends without waiting for a receiver that does not answer', async () => {
  await receiver.stop();
  // Takes connections and says nothing.
  const { createServer } = await import('node:net');
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(Number(new URL(receiver.url).port), '127.0.0.1', resolve));
  const connected = new Promise((resolve) => silent.once('connection', resolve));
  await screened(world.trust, 1);
  await connected;
  await world.restart();
  // Let go of, not waited for until its time was over.
  expect(await deliveries(world.system(world.school), subscription.id)).toMatchObject([{ code: 'closed' }]);
  silent.close();
  receiver = await hookReceiver(Number(new URL(receiver.url).port));
  world.pass(SOON);
  await until(() => receiver.taken.length === 1, 'the signal');
});
