import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { addressKind, outboundClient, readDestination, type Destination, type ResolvedAddress } from './index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server on loopback that counts what reaches it. */
async function stub(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.host ?? ''}`);
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

const place = (url: string, allowPrivate = false): Destination => ({ url, allowPrivate });
const get = { method: 'GET', path: '/x' } as const;
const refusal = (code: string) => expect.objectContaining({ name: 'OutboundRefused', code }) as unknown;

/** Sends to a name that resolves as told, call by call. */
function resolving(url: string, answers: readonly (readonly string[])[], allowPrivate = false) {
  let calls = 0;
  const resolve = async (): Promise<readonly ResolvedAddress[]> =>
    (answers[calls++] ?? answers.at(-1) ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const destination = place(url, allowPrivate);
  const client = outboundClient([destination], { resolve, timeoutMs: 400 });
  return { ask: () => client(destination, get), calls: () => calls };
}

describe('the kind of an address', () => {
  it.each([
    ['public', '1.1.1.1 8.8.8.8 2606:4700::1111 172.32.0.1 11.0.0.1 169.253.1.1'],
    ['private', '10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 fd12::1'],
    ['loopback', '127.0.0.1 127.9.9.9 ::1 0:0:0:0:0:0:0:1'],
    ['never', '169.254.169.254 169.254.0.1 fe80::1 fd00:ec2::254 100.100.100.200 0.0.0.0 :: 224.0.0.1 255.255.255.255'],
    ['never', '::ffff:127.0.0.1 ::ffff:7f00:1 0:0:0:0:0:ffff:a9fe:a9fe ::127.0.0.1 ::ffff:8.8.8.8 ff02::1'],
    ['never', '64:ff9b::7f00:1 2002:7f00:1:: 2001:0:7f00:1:: 2001:db8::1 192.0.2.1 198.18.0.1 203.0.113.9'],
    ['never', 'fe80::1%eth0 127.1 0x7f000001 2130706433 localhost 1.2.3'],
  ])('is %s for %s', (kind, addresses) => {
    const kinds = addresses.split(' ').map((address) => [address, addressKind(address)]);
    expect(kinds).toEqual(addresses.split(' ').map((address) => [address, kind]));
  });
});

describe('a destination', () => {
  it('is https to a name or a public address; http and private addresses where that is allowed', () => {
    for (const url of ['https://witness.example', 'https://witness.example:8443/area/', 'https://8.8.8.8'])
      expect(readDestination(url, false).ok).toBe(true);
    for (const url of ['http://127.0.0.1:8091', 'http://[::1]:8091', 'https://192.168.1.9', 'http://localhost:1'])
      expect([url, readDestination(url, true).ok, readDestination(url, false).ok]).toEqual([url, true, false]);
  });

  it.each([
    ['the decimal form', 'https://2130706433/'],
    ['the hexadecimal form', 'https://0x7f000001/'],
    ['the octal form', 'https://0177.0.0.1/'],
    ['the short form', 'https://127.1/'],
    ['full-width digits', 'https://１２７.0.0.1/'],
    ['an IPv4 address inside an IPv6 one', 'https://[::ffff:127.0.0.1]/'],
    ['the same in hexadecimal', 'https://[::ffff:7f00:1]/'],
    ['where clouds keep credentials', 'https://169.254.169.254/latest/meta-data'],
    ['a user before the host', 'https://witness.example@127.0.0.1/'],
    ['a backslash', 'https://witness.example\\@127.0.0.1/'],
    ['a query', 'https://witness.example/?u=1'],
    ['a final dot', 'https://localhost./'],
    ['another scheme', 'file:///etc/passwd'],
    ['no URL', 'witness.example'],
  ])('is not %s, allowed or not', (_what, url) => {
    expect([readDestination(url, false).ok, readDestination(url, true).ok]).toEqual([false, false]);
  });
});

describe('sending', () => {
  it('goes to the configured place, with its name in the request', async () => {
    const { port, asked } = await stub((request, response) => request.pipe(response));
    const destination = place(`http://witness.test:${port}/area`, true);
    const resolve = async () => [{ address: '127.0.0.1', family: 4 }];
    const client = outboundClient([destination], { resolve });
    const answer = await client(destination, { method: 'POST', path: '/add-checkpoint', body: 'signed' });
    expect([answer.status, answer.text]).toEqual([200, 'signed']);
    expect(asked).toEqual([`POST /area/add-checkpoint witness.test:${port}`]);
  });

  it('goes nowhere else', async () => {
    const { port, asked } = await stub((_request, response) => response.end());
    const client = outboundClient([place('https://witness.example')]);
    for (const url of [`http://127.0.0.1:${port}`, 'https://witness.example.evil.test', 'https://witness.example/x'])
      await expect(client(place(url, true), get)).rejects.toEqual(refusal('not-configured'));
    await expect(
      client(place('https://witness.example'), { method: 'GET', path: `@127.0.0.1:${port}/` }),
    ).rejects.toEqual(refusal('not-configured'));
    expect(asked).toEqual([]);
  });

  it('refuses a name that leads to this machine, its network or a link-local address', async () => {
    const { port, asked } = await stub((_request, response) => response.end());
    for (const address of ['127.0.0.1', '::1', '10.0.0.7', '169.254.169.254', '::ffff:127.0.0.1', 'fe80::1'])
      await expect(resolving(`https://evil.test:${port}`, [[address]]).ask()).rejects.toEqual(refusal('address'));
    for (const address of ['169.254.169.254', '::ffff:127.0.0.1', '0.0.0.0'])
      await expect(resolving(`http://evil.test:${port}`, [[address]], true).ask()).rejects.toEqual(refusal('address'));
    await expect(resolving(`https://evil.test:${port}`, [['8.8.8.8', '127.0.0.1']]).ask()).rejects.toEqual(
      refusal('address'),
    );
    expect(asked).toEqual([]);
  });

  it('resolves once and connects there: a name that changes its mind reaches nothing', async () => {
    const { port, asked } = await stub((_request, response) => response.end('here'));
    // An address of this machine where nothing listens, then the one where something does.
    const rebinding = resolving(`http://evil.test:${port}`, [['127.0.0.2'], ['127.0.0.1']], true);
    await expect(rebinding.ask()).rejects.toMatchObject({ name: 'OutboundRefused' });
    expect([rebinding.calls(), asked]).toEqual([1, []]);
    const other = resolving(`http://good.test:${port}`, [['127.0.0.1'], ['169.254.169.254']], true);
    expect(await other.ask()).toMatchObject({ status: 200, text: 'here' });
    expect(other.calls()).toBe(1);
  });

  it.each([301, 302, 303, 307, 308])('does not follow %i', async (status) => {
    const inner = await stub((_request, response) => response.end('secret'));
    const outer = await stub((_request, response) => {
      response.writeHead(status, { location: `http://127.0.0.1:${inner.port}/` }).end();
    });
    const destination = place(`http://127.0.0.1:${outer.port}`, true);
    await expect(outboundClient([destination])(destination, get)).rejects.toEqual(refusal('redirect'));
    expect(inner.asked).toEqual([]);
  });

  it('takes no endless answer and does not wait for ever', async () => {
    const big = await stub((_request, response) => {
      response.write('a'.repeat(70_000));
    });
    const silent = await stub(() => undefined);
    const dripping = await stub((_request, response) => {
      response.write('a');
    });
    const ask = (port: number) => {
      const destination = place(`http://127.0.0.1:${port}`, true);
      return outboundClient([destination], { timeoutMs: 300 })(destination, get);
    };
    await expect(ask(big.port)).rejects.toEqual(refusal('too-large'));
    await expect(ask(silent.port)).rejects.toEqual(refusal('time-out'));
    await expect(ask(dripping.port)).rejects.toEqual(refusal('time-out'));
    const switching = await stub((_request, response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n');
    });
    await expect(ask(switching.port)).rejects.toEqual(refusal('unreachable'));
    const resolve = () => new Promise<never>(() => undefined);
    const slow = place('https://slow.test');
    await expect(outboundClient([slow], { resolve, timeoutMs: 100 })(slow, get)).rejects.toEqual(refusal('time-out'));
    const broken = outboundClient([slow], { resolve: () => Promise.reject(new Error('ENOTFOUND')) });
    await expect(broken(slow, get)).rejects.toEqual(refusal('unresolved'));
  });
});
