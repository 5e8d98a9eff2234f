import { afterEach, describe, expect, it } from '@jest/globals';
import type { Socket } from 'node:net';
import type { ResolvedAddress, Sent } from '#delivery';
import { fakeChance, fakeClock } from '#testing';
import { webhookChannel, type WebhookOptions } from './channel.ts';
import { readEndpointUrl } from './endpoint.ts';
import { newWebhookSecret, webhookSecretText } from './secrets.ts';
import { httpReceiver, rawReceiver, signalsOf } from './test/receiver.ts';
import { always } from '../src/test/always.ts';

const secret = newWebhookSecret(fakeChance('one'));
const ending: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

function channelOf(options: Partial<WebhookOptions> = {}) {
  const channel = webhookChannel({
    source: '/hub',
    clock: fakeClock(),
    allowLoopback: true,
    timeoutMs: 300,
    ...options,
  });
  ending.push(() => channel.close());
  return channel;
}
/** What becomes of one signal where connections are answered like this. */
async function sentTo(onConnection: (socket: Socket) => void, options: Partial<WebhookOptions> = {}): Promise<Sent> {
  const receiver = await rawReceiver(onConnection);
  ending.push(() => receiver.stop());
  const [sent] = await channelOf(options).send({ url: receiver.url, secrets: [secret] }, signalsOf('k'), always);
  if (sent === undefined) throw new Error('no answer');
  return sent;
}
/** Calls once the request has come whole. */
const after = (socket: Socket, answer: () => void): void => void socket.once('data', answer);

describe('a receiver that', () => {
  it('says nothing is left after the time-out', async () => {
    expect(await sentTo(() => undefined)).toEqual({ kind: 'retry', code: 'time-out' });
  });

  it('drips its answer letter by letter is left after the time-out', async () => {
    const drips: NodeJS.Timeout[] = [];
    const sent = await sentTo((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      drips.push(setInterval(() => socket.write('x'), 20));
    });
    drips.forEach(clearInterval);
    expect(sent).toEqual({ kind: 'retry', code: 'time-out' });
  });

  it('drips its body has taken the signal, and is left', async () => {
    const drips: NodeJS.Timeout[] = [];
    const left = Promise.withResolvers<undefined>();
    const sent = await sentTo(
      (socket) => {
        after(socket, () => {
          socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
          drips.push(setInterval(() => socket.write('1\r\nx\r\n'), 20));
        });
        socket.once('close', () => left.resolve(undefined));
      },
      { timeoutMs: 20_000 },
    );
    await left.promise;
    drips.forEach(clearInterval);
    expect(sent).toEqual({ kind: 'sent' });
  });

  it.each([
    ['200 OK', { kind: 'sent' }],
    ['500 Oh', { kind: 'retry', code: 'status-500' }],
  ])('answers %s without end is left after a few bytes', async (line, wanted) => {
    const written = Promise.withResolvers<number>();
    const block = Buffer.alloc(65_536, 'a');
    const sent = await sentTo((socket) => {
      after(socket, () => {
        socket.write(`HTTP/1.1 ${line}\r\n\r\n`);
        const pour = (): void => {
          while (!socket.destroyed && socket.write(block));
        };
        socket.on('drain', pour);
        pour();
      });
      socket.once('close', () => written.resolve(socket.bytesWritten));
    });
    expect(sent).toEqual(wanted);
    // What the sockets of both sides hold; it would pour for ever.
    expect(await written.promise).toBeLessThan(16 * 1_048_576);
  });

  it('resets the connection is tried again', async () => {
    expect(await sentTo((socket) => after(socket, () => socket.resetAndDestroy()))).toEqual({
      kind: 'retry',
      code: 'reset',
    });
    expect(await sentTo((socket) => after(socket, () => socket.end()))).toEqual({ kind: 'retry', code: 'reset' });
  });

  it('resets it in the middle of a body has taken the signal', async () => {
    const sent = await sentTo((socket) => {
      after(socket, () =>
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc', () =>
          setTimeout(() => socket.resetAndDestroy(), 20),
        ),
      );
    });
    expect(sent).toEqual({ kind: 'sent' });
  });

  it.each([
    ['speaks another protocol', '220 smtp.example ESMTP\r\n'],
    ['has a head longer than 16 KiB', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(20_000)}\r\n\r\n`],
    ['says two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
  ])('%s is tried again', async (_what, bytes) => {
    expect(await sentTo((socket) => after(socket, () => socket.write(bytes)))).toEqual({
      kind: 'retry',
      code: 'not-http',
    });
  });

  it('promises to switch to another protocol has not taken the signal', async () => {
    const bytes = 'HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n';
    expect(await sentTo((socket) => after(socket, () => socket.write(bytes)))).toEqual({
      kind: 'retry',
      code: 'unreachable',
    });
  });

  it('is not there is tried again', async () => {
    const receiver = await rawReceiver(() => undefined);
    await receiver.stop();
    expect(await channelOf().send({ url: receiver.url, secrets: [secret] }, signalsOf('k', 'k'), always)).toEqual([
      { kind: 'retry', code: 'unreachable' },
      { kind: 'retry', code: 'not-tried' },
    ]);
  });

  it('closes each kept connection without a word has taken every signal', async () => {
    let served = 0;
    const receiver = await rawReceiver((socket) => {
      // Head and body of a request may come apart.
      socket.on('data', (bytes) => {
        if (!bytes.includes('}}')) return;
        if (socket.bytesWritten > 0) return void socket.resetAndDestroy();
        served += 1;
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
    });
    ending.push(() => receiver.stop());
    const sent = await channelOf({ atATime: 1 }).send(
      { url: receiver.url, secrets: [secret] },
      signalsOf('k', 'k', 'k'),
      always,
    );
    expect([sent, served]).toEqual([Array(3).fill({ kind: 'sent' }), 3]);
  });

  it('is slow to be found is left after the time-out; one that is not found is tried again', async () => {
    const ask = (resolve: NonNullable<WebhookOptions['resolve']>) =>
      channelOf({ resolve }).send({ url: 'https://receiver.test/', secrets: [secret] }, signalsOf('k', 'l'), always);
    const [slow] = await ask(() => new Promise<never>(() => undefined));
    const missing = await ask(() => Promise.reject(new Error('queryA ENOTFOUND receiver.test')));
    expect([slow, missing, (await ask(async () => []))[0]]).toEqual([
      { kind: 'retry', code: 'time-out' },
      [
        { kind: 'retry', code: 'unresolved' },
        { kind: 'retry', code: 'not-tried' },
      ],
      { kind: 'retry', code: 'unresolved' },
    ]);
  });
});

describe('an endpoint', () => {
  it.each([
    'https://receiver.example',
    'https://receiver.example:8443/hooks/a?tenant=b@c',
    'https://8.8.8.8/x',
    'https://[2606:4700::1111]/x',
    'https://xn--bcher-kva.example/',
  ])('can be %s', (url) => {
    expect(readEndpointUrl(url)).toMatchObject({ ok: true, value: { reach: ['public'] } });
  });

  it.each([
    ['http://receiver.example/', 'scheme'],
    ['http://127.0.0.1/', 'scheme'],
    ['ftp://receiver.example/', 'scheme'],
    ['file:///etc/passwd', 'scheme'],
    ['receiver.example', 'not-a-url'],
    ['https://', 'not-a-url'],
    ['https://user:word@receiver.example/', 'more-than-a-place'],
    ['https://receiver.example@127.0.0.1/', 'more-than-a-place'],
    ['https://@receiver.example/', 'host-spelling'],
    ['https://receiver.example/#part', 'more-than-a-place'],
    ['https://receiver.example/#', 'more-than-a-place'],
    ['https://receiver.example\\@127.0.0.1/', 'more-than-a-place'],
    ['https://receiver.example/a b', 'more-than-a-place'],
    ['https://receiver.example/\r\nx: y', 'more-than-a-place'],
    ['https://127.0.0.1/', 'address'],
    ['https://localhost./', 'host-spelling'],
    ['https://[::1]/', 'address'],
    ['https://10.0.0.7/', 'address'],
    ['https://169.254.169.254/latest/meta-data', 'address'],
    ['https://[::ffff:127.0.0.1]/', 'host-spelling'],
    ['https://[::ffff:7f00:1]/', 'address'],
    ['https://[64:ff9b::7f00:1]/', 'address'],
    ['https://2130706433/', 'host-spelling'],
    ['https://0x7f000001/', 'host-spelling'],
    ['https://0177.0.0.1/', 'host-spelling'],
    ['https://127.1/', 'host-spelling'],
    ['https://0/', 'host-spelling'],
    ['https://１２７.0.0.1/', 'host-spelling'],
    ['https://①②⑦.⓪.⓪.①/', 'host-spelling'],
    [`https://receiver.example/${'a'.repeat(2_048)}`, 'too-long'],
  ])('can not be %s', (url, error) => {
    expect(readEndpointUrl(url)).toEqual({ ok: false, error });
  });

  it('can be this machine where the operator allows it, over http only there, and nothing link-local or beside it', () => {
    const read = (url: string) => {
      const place = readEndpointUrl(url, true);
      return place.ok ? place.value.reach : place.error;
    };
    expect(read('http://127.0.0.1:8080/hook')).toEqual(['loopback']);
    expect(read('http://receiver.example/')).toEqual(['loopback']);
    expect(read('https://receiver.example/')).toEqual(['public', 'loopback']);
    for (const url of [
      'http://8.8.8.8/',
      'http://10.0.0.7/',
      'https://10.0.0.7/',
      'https://169.254.169.254/',
      'http://[::ffff:7f00:1]/',
    ])
      expect([url, read(url)]).toEqual([url, 'address']);
  });

  it('that leads to this machine or its networks by its name is not asked', async () => {
    const inside = await httpReceiver();
    ending.push(() => inside.stop());
    const ask = async (url: string, answers: readonly string[], allowLoopback: boolean) => {
      const resolve = async () => answers.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
      const [sent] = await channelOf({ resolve, allowLoopback }).send(
        { url, secrets: [secret] },
        signalsOf('k'),
        always,
      );
      return sent;
    };
    const port = String(inside.port);
    for (const address of [
      '127.0.0.1',
      '::1',
      '10.0.0.7',
      '169.254.169.254',
      '::ffff:127.0.0.1',
      'fe80::1',
      '0.0.0.0',
      '100.100.100.200',
    ])
      expect([address, await ask(`https://evil.test:${port}/`, [address], false)]).toEqual([
        address,
        { kind: 'retry', code: 'address' },
      ]);
    for (const addresses of [['10.0.0.7'], ['169.254.169.254'], ['8.8.8.8'], ['127.0.0.1', '8.8.8.8']])
      expect([addresses, await ask(`http://evil.test:${port}/`, addresses, true)]).toEqual([
        addresses,
        { kind: 'retry', code: 'address' },
      ]);
    expect(await ask(`https://evil.test:${port}/`, ['8.8.8.8', '127.0.0.1'], false)).toEqual({
      kind: 'retry',
      code: 'address',
    });
    expect(await ask(`http://127.0.0.1:${port}/`, [], false)).toEqual({ kind: 'retry', code: 'url' });
    expect(inside.ids()).toEqual([]);
  });

  it('whose name changes between check and connection, or between two signals, is asked where it was checked', async () => {
    const inside = await httpReceiver();
    ending.push(() => inside.stop());
    const url = `http://rebinding.test:${String(inside.port)}/`;
    const ask = async (...answers: readonly string[]) => {
      let calls = 0;
      const resolve = async (): Promise<readonly ResolvedAddress[]> => [{ address: answers[calls++] ?? '', family: 4 }];
      const sent = await channelOf({ resolve, atATime: 1 }).send(
        { url, secrets: [secret] },
        signalsOf('k', 'k', 'l'),
        always,
      );
      return [calls, ...sent.map((each) => each.kind)];
    };
    // An address of this machine where nothing listens, then the one where something does.
    expect(await ask('127.0.0.2', '127.0.0.1')).toEqual([1, 'retry', 'retry', 'retry']);
    expect(inside.ids()).toEqual([]);
    expect(await ask('127.0.0.1', '169.254.169.254')).toEqual([1, 'sent', 'sent', 'sent']);
    expect(inside.received[0]?.headers.host).toBe(`rebinding.test:${String(inside.port)}`);
  });
});

describe('what is said of a failure', () => {
  it('holds no secret, signature, URL, body or word of the receiver', async () => {
    const canary = 'canary-7Qx';
    const url = (base: string): string => `${base}/${canary}?${canary}`;
    const answers = [
      (socket: Socket) =>
        after(socket, () =>
          socket.write(`HTTP/1.1 500 ${canary}\r\nretry-after: ${canary}\r\n${canary}: 1\r\n\r\n${canary}`),
        ),
      (socket: Socket) => after(socket, () => socket.write(`${canary}\r\n\r\n`)),
      (socket: Socket) => after(socket, () => socket.resetAndDestroy()),
      () => undefined,
    ];
    const said: unknown[] = [];
    for (const answer of answers) {
      const receiver = await rawReceiver(answer);
      ending.push(() => receiver.stop());
      said.push(
        await channelOf().send({ url: url(receiver.url), secrets: [secret] }, signalsOf(canary, canary), always),
      );
    }
    for (const place of [
      `https://${canary}:${canary}@x.example`,
      `https://10.0.0.7/${canary}`,
      `https://${canary}.invalid/`,
    ])
      said.push(await channelOf().send({ url: place, secrets: [secret] }, signalsOf(canary), always));
    const [signal] = signalsOf(canary);
    if (signal === undefined) throw new Error('no signal');
    const quiet = await rawReceiver(() => undefined);
    ending.push(() => quiet.stop());
    said.push(
      await channelOf().send(
        { url: quiet.url, secrets: [secret] },
        [{ ...signal, category: canary.toUpperCase() }],
        always,
      ),
    );
    const text = JSON.stringify(said);
    expect(text.match(/"code":"[a-z0-9-]+"/g)?.length).toBe(12);
    for (const private_ of [canary, 'canary', '127.0.0.1', 'hub.example', 'v1,', webhookSecretText(secret).slice(6)])
      expect(text).not.toContain(private_);
  });
});
