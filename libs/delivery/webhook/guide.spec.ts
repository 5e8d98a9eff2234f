import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { isSignalEvent, signalEvent, structuredJson, type SignalEvent } from '#delivery';
import { toInstant } from '#kernel';
import { fakeChance, temporaryFolder } from '#testing';
import { webhookChannel } from './channel.ts';
import { newWebhookKeyPair, newWebhookSecret, verifierOf, webhookSecretText, type WebhookSecret } from './secrets.ts';
import { webhookSigner } from './signature.ts';
import { signalsOf } from './test/receiver.ts';
import { always } from '../src/test/always.ts';

const guide = readFileSync(join(import.meta.dirname, '../../../docs/guides/webhooks.md'), 'utf8');
const blocks = (kind: string): readonly string[] =>
  [...guide.matchAll(new RegExp(`\`\`\`${kind}\n([^\`]+(?:\`[^\`]+)*?)\`\`\``, 'g'))].map(([, text]) => text ?? '');
const [byHand = '', byKey = '', tried = ''] = blocks('sh');
const TOOLS = ['openssl', 'curl'].every((tool) => spawnSync(tool, ['--version']).error === undefined);
const commands = TOOLS ? describe : describe.skip;

const made = temporaryFolder();
const running: ChildProcess[] = [];
afterAll(() => {
  running.forEach((child) => child.kill());
  made.remove();
});

const now = () => toInstant(Date.now());
const hmac = newWebhookSecret(fakeChance('guide'));
const pair = newWebhookKeyPair(fakeChance('guide'));
const [signal] = signalsOf('p_2Jx9');
if (signal === undefined) throw new Error('no signal');
const body = structuredJson(signalEvent(signal, 'https://hub.example/'));

/** The receiver of the guide as it stands there, in a process of its own. */
async function guideReceiver(secret: string) {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const port = String((probe.address() as AddressInfo).port);
  await new Promise((resolve) => probe.close(resolve));
  const file = join(made.path, 'receiver.mjs');
  writeFileSync(file, blocks('js').join('\n'));
  const child = spawn(process.execPath, [file], { env: { ...process.env, PORT: port, WEBHOOK_SECRET: secret } });
  running.push(child);
  let said = '';
  const ready = Promise.withResolvers<undefined>();
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('listens')) ready.resolve(undefined);
  });
  child.once('exit', () => ready.reject(new Error(said)));
  await ready.promise;
  return { url: `http://127.0.0.1:${port}/`, said: () => said };
}

/** Runs commands of the guide in a shell that knows nothing but what it says. */
function shell(script: string, env: Readonly<Record<string, string>>, text = body): string {
  writeFileSync(join(made.path, 'body.json'), text);
  const { stdout, stderr, status } = spawnSync('sh', ['-eu', '-c', script], {
    cwd: made.path,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    encoding: 'utf8',
  });
  return `${stdout}${status === 0 ? '' : stderr}`.trim();
}
const signed = (secret: WebhookSecret) => {
  const headers = webhookSigner([secret], now())?.(signal.id, now(), body);
  const [id, time, signature] = Object.values<string>({ ...headers });
  return { ID: id ?? '', TIME: time ?? '', SIGNATURE: signature ?? '' };
};

describe('docs/guides/webhooks.md', () => {
  it('has one receiver and three sets of commands, and shows a signal as it is', () => {
    expect([blocks('js').length, blocks('sh').length]).toEqual([1, 3]);
    const { data, ...attributes } = JSON.parse(blocks('json').join('')) as SignalEvent['attributes'] & {
      readonly data: SignalEvent['data'];
    };
    expect(isSignalEvent({ attributes, data })).toBe(true);
  });

  it.each([
    ['a shared secret', hmac],
    ['a public key', pair.secret],
  ])('the receiver takes what the hub sends once, and nothing else, with %s', async (_what, secret) => {
    const { url, said } = await guideReceiver(webhookSecretText(verifierOf(secret)));
    const channel = webhookChannel({ source: '/hub', clock: { now }, allowLoopback: true });
    const later = webhookChannel({
      source: '/hub',
      clock: { now: () => toInstant(Date.now() + 310_000) },
      allowLoopback: true,
    });
    const old = newWebhookSecret(fakeChance('old'));
    const send = async (through: typeof channel, secrets: readonly WebhookSecret[]) =>
      (await through.send({ url, secrets }, [signal], always))[0];
    expect(await send(channel, [secret])).toEqual({ kind: 'sent' });
    expect(await send(channel, [old, secret])).toEqual({ kind: 'sent' });
    expect(await send(channel, [old])).toEqual({ kind: 'retry', code: 'status-401' });
    expect(await send(later, [secret])).toEqual({ kind: 'retry', code: 'status-401' });
    const { ID, TIME, SIGNATURE } = signed(secret);
    const headers = { 'webhook-id': ID, 'webhook-timestamp': TIME, 'webhook-signature': SIGNATURE };
    const statusOf = async (text: string, changed: object = {}) =>
      (await fetch(url, { method: 'POST', body: text, headers: { ...headers, ...changed } })).status;
    expect(await statusOf(body)).toBe(204);
    expect(await statusOf(body.replace('health', 'social'))).toBe(401);
    expect(await statusOf(body, { 'webhook-id': 'another' })).toBe(401);
    expect(await statusOf(body, { 'webhook-signature': '' })).toBe(401);
    expect(await statusOf('a'.repeat(20_001))).toBe(413);
    expect(said()).toBe('listens\ntellonce.signal.fact-published.v1 health.screening\n');
    await Promise.all([channel.close(), later.close()]);
  });
});

commands('the commands of docs/guides/webhooks.md (need openssl and curl)', () => {
  it('sign as the hub does with a shared secret', () => {
    const { SIGNATURE, ...rest } = signed(hmac);
    expect(`v1,${shell(byHand, { ...rest, SECRET: webhookSecretText(hmac) })}`).toBe(SIGNATURE);
    expect(`v1,${shell(byHand, { ...rest, SECRET: webhookSecretText(hmac) }, `${body} `)}`).not.toBe(SIGNATURE);
  });

  it('verify with the public key', () => {
    const env = { ...signed(pair.secret), PUBLIC: webhookSecretText(pair.verifier) };
    expect(shell(byKey, env)).toBe('Signature Verified Successfully');
    expect(shell(byKey, env, `${body} `)).toContain('Signature Verification Failure');
  });

  it('try a receiver', async () => {
    const { url } = await guideReceiver(webhookSecretText(hmac));
    const env = { SECRET: webhookSecretText(hmac), RECEIVER: url };
    expect(shell(tried, env)).toBe('204');
    const changed = tried.replace('curl ', `printf x >> body.json\ncurl `);
    expect(shell(changed, env)).toBe('401');
  });
});
