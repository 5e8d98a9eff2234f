import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { fakeChance, fakeClock, temporaryFolder } from '#testing';
import { webhookChannel } from './channel.ts';
import { newWebhookSecret } from './secrets.ts';
import { httpReceiver, signalsOf } from './test/receiver.ts';
import { always } from '../src/test/always.ts';

const OPENSSL = spawnSync('openssl', ['version']).status === 0;
const suite = OPENSSL ? describe : describe.skip;
const secret = newWebhookSecret(fakeChance('one'));

suite('over https (needs openssl for the certificate)', () => {
  const made = temporaryFolder();
  const own = getCACertificates('default');
  let certificate: Required<Pick<ServerOptions, 'key' | 'cert'>>;
  const ending: (() => void)[] = [];

  beforeAll(() => {
    const [key, cert] = [join(made.path, 'key.pem'), join(made.path, 'cert.pem')];
    const names = ['-subj', '/CN=receiver.test', '-addext', 'subjectAltName=DNS:receiver.test'];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    execFileSync('openssl', ['req', '-x509', ...kind, '-keyout', key, '-out', cert, ...names], { stdio: 'ignore' });
    certificate = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  });
  afterEach(() => {
    setDefaultCACertificates(own);
    for (const end of ending.splice(0)) end();
  });
  afterAll(() => made.remove());

  /** What becomes of three signals to this name, at a server with the certificate of `receiver.test`. */
  async function send(host: string, trusted: boolean) {
    if (trusted) setDefaultCACertificates([...own, String(certificate.cert)]);
    const came: (string | undefined)[] = [];
    const server = createServer(certificate, (request, response) => {
      came.push(request.headers.host);
      request.resume();
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ending.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const channel = webhookChannel({ source: '/hub', clock: fakeClock(), allowLoopback: true, resolve });
    const sent = await channel.send(
      { url: `https://${host}:${String(port)}/`, secrets: [secret] },
      signalsOf('k', 'k', 'k'),
      always,
    );
    await channel.close();
    return { sent, came, host: `${host}:${String(port)}` };
  }

  it('goes to a receiver whose certificate is trusted and of its name, at the address that was resolved', async () => {
    const { sent, came, host } = await send('receiver.test', true);
    expect([sent, came]).toEqual([Array(3).fill({ kind: 'sent' }), Array(3).fill(host)]);
  });

  it.each([
    ['a certificate that nobody vouches for', 'receiver.test', false],
    ['the certificate of another name', 'other.test', true],
  ])('says nothing to %s', async (_what, host, trusted) => {
    const { sent, came } = await send(host, trusted);
    expect([sent[0], came]).toEqual([{ kind: 'retry', code: 'tls' }, []]);
  });
});

describe('over https', () => {
  it('says nothing to whoever speaks http there', async () => {
    const plain = await httpReceiver();
    const channel = webhookChannel({ source: '/hub', clock: fakeClock(), allowLoopback: true });
    const url = plain.url.replace('http:', 'https:');
    const sent = await channel.send({ url, secrets: [secret] }, signalsOf('k'), always);
    await channel.close();
    await plain.stop();
    expect([sent, plain.ids()]).toEqual([[{ kind: 'retry', code: 'tls' }], []]);
  });
});
