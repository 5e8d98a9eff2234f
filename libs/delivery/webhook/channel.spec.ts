import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSignalEvent, type Sent, type SignalEvent } from '#delivery';
import { epochMs, toInstant } from '#kernel';
import { fakeChance, fakeClock } from '#testing';
import { webhookChannel, type WebhookOptions } from './channel.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { newWebhookKeyPair, newWebhookSecret, verifierOf, webhookSecretText } from './secrets.ts';
import { verifyWebhook } from './signature.ts';
import { believes } from './test/independent.ts';
import { httpReceiver, signalsOf, type Receiver } from './test/receiver.ts';
import { always } from '../src/test/always.ts';

const clock = fakeClock('2026-11-24T09:30:00.000Z');
const secret = newWebhookSecret(fakeChance('one'));
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

/** A receiver that answers as told, and a channel that may go to this machine. */
async function set(
  answer?: Parameters<typeof httpReceiver>[0],
  more: Partial<WebhookOptions> & Partial<WebhookEndpoint> = {},
) {
  const receiver = await httpReceiver(answer);
  const { secrets = [secret], ...options } = more;
  const channel = webhookChannel({ source: 'https://hub.example/', clock, allowLoopback: true, ...options });
  ending.push(
    () => receiver.stop(),
    () => channel.close(),
  );
  return { receiver, channel, endpoint: { url: receiver.url, secrets, ...more } };
}
const kinds = (sent: readonly Sent[]): readonly string[] =>
  sent.map((each) => ('code' in each ? `${each.kind} ${each.code}` : each.kind));
const first = ({ received }: Receiver) => {
  const [one] = received;
  if (one === undefined) throw new Error('nothing came');
  return one;
};

describe('a webhook', () => {
  it('is a POST of the CloudEvent, believed by our own receiver and by the other implementation', async () => {
    const pair = newWebhookKeyPair(fakeChance('two'));
    const { receiver, channel, endpoint } = await set(undefined, { secrets: [secret, pair.secret] });
    expect(await channel.send({ ...endpoint, url: `${receiver.url}/a?token=b%20c` }, signalsOf('k'), always)).toEqual([
      { kind: 'sent' },
    ]);
    const { path, headers, body } = first(receiver);
    expect(path).toBe('/hook/a?token=b%20c');
    expect(headers).toMatchObject({
      host: `127.0.0.1:${String(receiver.port)}`,
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'tellonce',
      'webhook-id': 's0',
      'webhook-timestamp': String(epochMs(clock.now()) / 1_000),
    });
    const { data, ...attributes } = JSON.parse(body) as SignalEvent['attributes'] & {
      readonly data: SignalEvent['data'];
    };
    expect([isSignalEvent({ attributes, data }), attributes.subject]).toEqual([true, 'k']);
    for (const verifier of [verifierOf(secret), pair.verifier]) {
      expect(verifyWebhook(headers, body, [verifier], clock.now())).toMatchObject({ ok: true, value: { id: 's0' } });
      expect(await believes(headers, body, webhookSecretText(verifier))).toBe(true);
      expect(await believes(headers, body.replace('health', 'social'), webhookSecretText(verifier))).toBe(false);
    }
  });

  it('has at each attempt the same id and body, a time and a signature of its own; replayed too late it is not believed', async () => {
    const moving = fakeClock();
    const { receiver, channel, endpoint } = await set((response) => response.writeHead(500).end(), { clock: moving });
    const signals = signalsOf('k');
    await channel.send(endpoint, signals, always);
    moving.advance(300_000);
    await channel.send(endpoint, signals, always);
    const [one, two] = receiver.received;
    expect([one?.body, one?.headers['webhook-id']]).toEqual([two?.body, two?.headers['webhook-id']]);
    expect(one?.headers['webhook-signature']).not.toBe(two?.headers['webhook-signature']);
    moving.advance(1_000);
    const judged = [one, two].map((each) =>
      verifyWebhook(each?.headers ?? {}, each?.body ?? '', [verifierOf(secret)], moving.now()),
    );
    expect(judged).toMatchObject([{ ok: false, error: 'too-old' }, { ok: true }]);
  });

  it('is signed by the old and the new secret while both are valid', async () => {
    const old = { ...newWebhookSecret(fakeChance('old')), until: toInstant(epochMs(clock.now()) + 1) };
    const { receiver, channel, endpoint } = await set(undefined, { secrets: [secret, old] });
    await channel.send(endpoint, signalsOf('k'), always);
    const { headers, body } = first(receiver);
    for (const each of [secret, old])
      expect(await believes(headers, body, webhookSecretText(verifierOf(each)))).toBe(true);
  });

  it('goes over few connections, each kept for its batch and closed after it', async () => {
    const { receiver, channel, endpoint } = await set(undefined, { atATime: 2 });
    const keys = Array.from({ length: 20 }, (_, at) => `k${String(at)}`);
    expect(new Set(kinds(await channel.send(endpoint, signalsOf(...keys), always)))).toEqual(new Set(['sent']));
    expect(new Set(receiver.received.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
    await channel.send(endpoint, signalsOf('k'), always);
    expect(receiver.received.at(-1)?.connection).toBeGreaterThan(1);
  });

  it('is not sent where the signal is malformed: the one thing that repeating can not help', async () => {
    const { receiver, channel, endpoint } = await set();
    const [good, bad] = signalsOf('a', 'b');
    if (good === undefined || bad === undefined) throw new Error('no signals');
    expect(await channel.send(endpoint, [{ ...bad, key: 'Ada Canary' }, good], always)).toEqual([
      { kind: 'refused', code: 'malformed' },
      { kind: 'sent' },
    ]);
    expect(receiver.ids()).toEqual(['s0']);
  });

  it('is not sent where it may not leave any more by the time its turn comes; what stands behind it waits, other keys go', async () => {
    const { receiver, channel, endpoint } = await set(undefined, { atATime: 1 });
    const sent = await channel.send(endpoint, signalsOf('a', 'a', 'a', 'b'), async ({ key }) => {
      return key === 'b' || receiver.ids().length === 0;
    });
    expect(kinds(sent)).toEqual(['sent', 'held', 'retry not-tried', 'sent']);
    expect(receiver.ids()).toEqual(['s0', 's3']);
  });

  it('is not sent unsigned', async () => {
    const { receiver, channel, endpoint } = await set();
    const over = { ...secret, until: clock.now() };
    const short = { kind: 'hmac', bytes: new Uint8Array(8) } as const;
    const codes = await Promise.all(
      [[], [over], [short]].map((secrets) => channel.send({ ...endpoint, secrets }, signalsOf('k'), always)),
    );
    expect(codes.flatMap(kinds)).toEqual(['retry no-secret', 'retry no-secret', 'retry secret']);
    expect(receiver.ids()).toEqual([]);
  });

  it('of an empty batch is none', async () => {
    const { channel, endpoint } = await set();
    expect(await channel.send(endpoint, [], always)).toEqual([]);
  });
});

describe('an answer', () => {
  it.each([
    [200, 'sent'],
    [202, 'sent'],
    [204, 'sent'],
    [299, 'sent'],
    [300, 'retry status-300'],
    [304, 'retry status-304'],
    [400, 'retry status-400'],
    [401, 'retry status-401'],
    [404, 'retry status-404'],
    [408, 'retry status-408'],
    [410, 'gone'],
    [425, 'retry status-425'],
    [429, 'retry status-429'],
    [500, 'retry status-500'],
    [502, 'retry status-502'],
    [504, 'retry status-504'],
  ])('%i: %s', async (status, wanted) => {
    const { channel, endpoint } = await set((response) => response.writeHead(status).end());
    expect(kinds(await channel.send(endpoint, signalsOf('k'), always))).toEqual([wanted]);
  });

  it.each([301, 302, 303, 307, 308])('%i to this machine is a failure and followed nowhere', async (status) => {
    const inner = await httpReceiver();
    ending.push(() => inner.stop());
    const { receiver, channel, endpoint } = await set((response) =>
      response.writeHead(status, { location: inner.url, 'retry-after': '60' }).end(),
    );
    expect(await channel.send(endpoint, signalsOf('k', 'l'), always)).toMatchObject([
      { kind: 'retry', code: `status-${String(status)}` },
      { kind: 'retry' },
    ]);
    expect([receiver.received.length > 0, inner.ids()]).toEqual([true, []]);
  });

  it.each([
    [429, '120', 120_000],
    [503, '0', 0],
    [503, new Date(epochMs(clock.now()) + 90_000).toUTCString(), 90_000],
    [500, '7', 7_000],
    [429, 'soon', undefined],
  ])('%i with Retry-After %s is honoured', async (status, header, afterMs) => {
    const { channel, endpoint } = await set((response) => response.writeHead(status, { 'retry-after': header }).end());
    const [sent] = await channel.send(endpoint, signalsOf('k'), always);
    expect(sent).toEqual({
      kind: 'retry',
      code: `status-${String(status)}`,
      ...(afterMs === undefined ? {} : { afterMs }),
    });
  });
});

describe('in a batch', () => {
  it('what stands behind a failed signal of the same key is not sent; other keys go on', async () => {
    const { receiver, channel, endpoint } = await set((response, { headers }) =>
      response.writeHead(headers['webhook-id'] === 's1' ? 500 : 204).end(),
    );
    expect(kinds(await channel.send(endpoint, signalsOf('a', 'a', 'b', 'a', 'b'), always))).toEqual([
      'sent',
      'retry status-500',
      'sent',
      'retry not-tried',
      'sent',
    ]);
    expect(receiver.ids().toSorted()).toEqual(['s0', 's1', 's2', 's4']);
  });

  it('each key arrives in its order and stops at its first failure, whatever fails and however many lines there are', async () => {
    const failing = new Set<string>();
    const { receiver, endpoint } = await set((response, { headers }) => {
      const fails = failing.has(String(headers['webhook-id']));
      setTimeout(() => response.writeHead(fails ? 422 : 204).end(), Math.abs(headers['webhook-id']?.length ?? 0) % 3);
    });
    const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 20 });
    const fails = fc.array(fc.nat(20), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(keys, fails, fc.integer({ min: 1, max: 5 }), async (order, broken, atATime) => {
        failing.clear();
        for (const at of broken) failing.add(`s${String(at)}`);
        const from = receiver.received.length;
        const several = webhookChannel({ source: '/', clock, allowLoopback: true, atATime });
        const signals = signalsOf(...order);
        const sent = kinds(await several.send(endpoint, signals, always));
        await several.close();
        const came = receiver.ids().slice(from);
        for (const key of new Set(order)) {
          const mine = signals.filter((each) => each.key === key).map(({ id }) => id);
          const stop = mine.findIndex((id) => failing.has(id));
          const tried = stop < 0 ? mine : mine.slice(0, stop + 1);
          expect(came.filter((id) => mine.includes(id))).toEqual(tried);
          expect(mine.map((id) => sent[Number(id.slice(1))])).toEqual(
            mine.map((_, at) =>
              stop < 0 || at < stop ? 'sent' : at === stop ? 'retry status-422' : 'retry not-tried',
            ),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('410 ends it: nothing more is sent, and all the rest is told that nobody wants it', async () => {
    const { receiver, channel, endpoint } = await set(
      (response, _, nth) => response.writeHead(nth === 1 ? 410 : 204).end(),
      { atATime: 1 },
    );
    expect(kinds(await channel.send(endpoint, signalsOf('a', 'b', 'c', 'd'), always))).toEqual([
      'sent',
      'gone',
      'gone',
      'gone',
    ]);
    expect(receiver.ids()).toEqual(['s0', 's1']);
  });

  it('429 ends it: what was not tried waits as long as was asked', async () => {
    const { receiver, channel, endpoint } = await set(
      (response) => response.writeHead(429, { 'retry-after': '30' }).end(),
      { atATime: 1 },
    );
    expect(await channel.send(endpoint, signalsOf('a', 'b', 'c'), always)).toEqual([
      { kind: 'retry', code: 'status-429', afterMs: 30_000 },
      { kind: 'retry', code: 'not-tried', afterMs: 30_000 },
      { kind: 'retry', code: 'not-tried', afterMs: 30_000 },
    ]);
    expect(receiver.ids()).toEqual(['s0']);
  });

  it('nothing more is begun after its time', async () => {
    const { receiver, channel, endpoint } = await set(
      (response) => void setTimeout(() => response.writeHead(204).end(), 120),
      {
        atATime: 1,
        batchMs: 100,
      },
    );
    expect(kinds(await channel.send(endpoint, signalsOf('a', 'b', 'c'), always))).toEqual([
      'sent',
      'retry not-tried',
      'retry not-tried',
    ]);
    expect(receiver.ids()).toEqual(['s0']);
  });

  it('closing ends what is under way and begins nothing more', async () => {
    const { receiver, channel, endpoint } = await set(() => undefined, { atATime: 1 });
    const sending = channel.send(endpoint, signalsOf('a', 'b'), always);
    while (receiver.received.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await channel.close();
    expect(kinds(await sending)).toEqual(['retry closed', 'retry not-tried']);
    expect(kinds(await channel.send(endpoint, signalsOf('c'), always))).toEqual(['retry not-tried']);
    expect(receiver.ids()).toEqual(['s0']);
  });
});
