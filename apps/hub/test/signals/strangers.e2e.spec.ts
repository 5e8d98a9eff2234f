import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Answer, Asking, HubClient } from '#nest-platform/client';
import { mustBe, organisation } from '../running-hub.ts';
import { NOBODY } from '../privacy/walked.ts';
import { hookReceiver, type HookReceiver } from './receiver.ts';
import {
  deliveries,
  onSubscription,
  outboxStates,
  screened,
  subscribe,
  toldWorld,
  until,
  type Subscribed,
  type ToldWorld,
} from './told.ts';

let world: ToldWorld;
let receiver: HookReceiver;
let subscription: Subscribed;
let stranger: HubClient;

beforeAll(async () => {
  world = await toldWorld();
  receiver = await hookReceiver();
  subscription = await subscribe(world.school.system, { url: receiver.url });
  await screened(world.trust, 1);
  await until(() => receiver.taken.length === 1, 'a webhook');
  stranger = (await organisation(world.hub, 'riverside-special', 'education')).system;
});
afterAll(async () => {
  await receiver.stop();
  await world.remove();
});

const words = ({ status, text, headers }: Answer): unknown => [
  status,
  text.replace(/"instance":"[^"]*"/, ''),
  [...headers].filter(([name]) => !/date|request-id|correlation-id/.test(name)),
];

describe('to the system of another organisation', () => {
  const asked: readonly (readonly [
    string,
    (ids: { subscription: string; signal: string }) => readonly [string, Asking],
  ])[] = [
    ['a subscription', (ids) => [`/v1/signal-subscriptions/${ids.subscription}`, {}]],
    [
      'a change',
      (ids) => [`/v1/signal-subscriptions/${ids.subscription}`, { method: 'PATCH', json: { change: 'roll-secret' } }],
    ],
    ['an end', (ids) => [`/v1/signal-subscriptions/${ids.subscription}`, { method: 'DELETE' }]],
    ['deliveries', (ids) => [`/v1/signal-subscriptions/${ids.subscription}/deliveries`, {}]],
    ['replays', (ids) => [`/v1/signal-subscriptions/${ids.subscription}/replays`, { json: {} }]],
    ['a signal', (ids) => [`/v1/signals/${ids.signal}`, { headers: { 'hub-purpose': 'sen-support' } }]],
  ];
  it.each(asked)('%s is what nobody has: the one 404', async (_what, asking) => {
    const theirs = { subscription: subscription.id, signal: String(receiver.taken[0]) };
    const foreign = await stranger.ask(...asking(theirs));
    expect(foreign.status).toBe(404);
    expect(words(foreign)).toEqual(words(await stranger.ask(...asking({ subscription: NOBODY, signal: NOBODY }))));
  });

  it('lists are empty, and nothing was changed', async () => {
    expect(mustBe(200, await stranger.ask('/v1/signal-subscriptions')).json).toEqual({ subscriptions: [] });
    const own = mustBe(200, await onSubscription(world.school.system, subscription.id)).json;
    expect(own).toMatchObject({ status: 'on', oldSecretUntil: null });
    expect(JSON.stringify(own)).not.toContain('whsec_');
  });

  it('a place in another’s list is no cursor', async () => {
    const second = await subscribe(world.school.system, { url: receiver.url, categories: ['voice'] });
    const cursor = `?cursor=${String(receiver.taken[0])}`;
    for (const [system, id] of [
      [world.school.system, second.id],
      [stranger, (await subscribe(stranger, { url: receiver.url })).id],
    ] as const) {
      const answer = await onSubscription(system, id, `/deliveries${cursor}`);
      expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('CURSOR_INVALID')]);
    }
  });

  it('nothing of what others are told is told', async () => {
    await screened(world.trust, 2);
    await until(() => receiver.taken.length === 2, 'the next webhook');
    expect(await outboxStates(world.hub)).toEqual(['sent', 'sent']);
  });
});

describe('to people', () => {
  it.each(['senco', 'dpo', 'administrator', 'parent'])('%s nothing of it is open', async (person) => {
    for (const path of ['/v1/signal-subscriptions', `/v1/signal-subscriptions/${subscription.id}/deliveries`])
      expect((await world.hub.person(person).ask(path)).status).toBe(403);
  });
});

describe('a subscription', () => {
  const ask = (json: object) => world.school.system.ask('/v1/signal-subscriptions', { json });
  const hook = { channel: 'webhook', purpose: 'sen-support' };
  it.each<[string, object, number, string]>([
    ['without a URL', hook, 400, 'URL_REQUIRED'],
    ['over http to elsewhere', { ...hook, url: 'http://192.0.2.1/hook' }, 400, 'URL_ADDRESS'],
    ['to another scheme', { ...hook, url: 'ftp://school.example/hook' }, 400, 'URL_SCHEME'],
    ['to a metadata service', { ...hook, url: 'https://169.254.169.254/' }, 400, 'URL_ADDRESS'],
    ['with a password in the URL', { ...hook, url: 'https://a:b@school.example/' }, 400, 'URL_MORE_THAN_A_PLACE'],
    [
      'with a number of a person in the URL',
      { ...hook, url: 'https://school.example/9991234004' },
      400,
      'TEXT_LOOKS_PERSONAL',
    ],
    [
      'for a purpose that no system has',
      { ...hook, purpose: 'safeguarding', url: 'https://school.example/' },
      400,
      'PURPOSE_NOT_OF_A_SYSTEM',
    ],
    ['of no category', { ...hook, url: 'https://school.example/', categories: [] }, 400, 'CALLER_INPUT_INVALID'],
    [
      'of a category there is not',
      { ...hook, url: 'https://school.example/', categories: ['x'] },
      400,
      'CALLER_INPUT_INVALID',
    ],
    [
      'with something more',
      { ...hook, url: 'https://school.example/', secret: 'whsec_x' },
      400,
      'CALLER_INPUT_INVALID',
    ],
    [
      'by Kafka where no brokers are configured',
      { channel: 'kafka', purpose: 'sen-support' },
      422,
      'HUB_CHANNEL_NOT_CONFIGURED',
    ],
  ])('%s is refused', async (_what, json, status, code) => {
    const answer = await ask(json);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(code)]);
    expect(answer.text).not.toMatch(/school\.example|9991234004/);
  });

  it('has pages, newest first, and is of one state where that is asked', async () => {
    const { system } = world.school;
    const all = await deliveries(system, subscription.id);
    const first = mustBe(200, await onSubscription(system, subscription.id, '/deliveries?limit=1')).json as {
      deliveries: readonly { signal: string }[];
      next: string;
    };
    const rest = await deliveries(system, subscription.id, `?limit=1&cursor=${first.next}`);
    expect([...first.deliveries, ...rest].map(({ signal }) => signal)).toEqual(all.map(({ signal }) => signal));
    expect(await deliveries(system, subscription.id, '?state=dead')).toEqual([]);
    expect((await onSubscription(system, subscription.id, '/deliveries?state=withheld')).status).toBe(400);
  });
});
