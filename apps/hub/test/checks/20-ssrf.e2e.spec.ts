import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { outboundClient, readDestination, type ResolvedAddress } from '#delivery';
import { loadConfig } from '#nest-platform';
import { cosignerOf, openCheckpoint, parseAddCheckpoint, parseVkey } from '#transparency';
import { temporaryFolder } from '#testing';
import { runningHub, type RunningHub } from '../running-hub.ts';

const { vkey } = cosignerOf('witness.example/w1', new Uint8Array(32).fill(7));
// Hubs are started and stopped, on machines that do other things too.

const made = temporaryFolder();
const servers: Server[] = [];
let hub: RunningHub | undefined;

afterEach(async () => {
  await hub?.stop();
  hub = undefined;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => made.remove());

/** Something of this machine that must not be reached, or a witness that plays tricks. */
async function stub(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_, out) => void out.end('secret'),
) {
  const asked: { readonly path: string; readonly body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString('utf8')));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', body });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, asked };
}

/** Starts a hub that is told of one witness, and answers with the alarms it counted. */
async function alarmsWith(witness: string): Promise<string> {
  const env = { TELLONCE_WITNESSES: `${vkey} ${witness}`, TELLONCE_WITNESS_EVERY_MS: '100' };
  hub = await runningHub({ folder: made.path, env });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const metrics = await hub.metrics();
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('tellonce_alarms_total{'))
    .join('\n');
}

describe('check 20: what the hub sends goes where it was told to and nowhere else', () => {
  it.each([
    ['where clouds keep credentials', 'https://169.254.169.254/latest'],
    ['the same with the word for private networks', 'https://169.254.169.254/latest private'],
    ['an IPv4 address inside an IPv6 one', 'https://[::ffff:127.0.0.1]:8091 private'],
    ['the decimal form of an address', 'https://2130706433 private'],
    ['the hexadecimal form', 'https://0x7f000001 private'],
    ['the octal form', 'https://0177.0.0.1 private'],
    ['this machine, unasked for', 'https://127.0.0.1:8091'],
    ['this network, unasked for', 'https://10.0.0.7'],
    ['a user before another host', 'https://witness.example@127.0.0.1'],
    ['in the clear over the internet', 'http://witness.example'],
  ])('is not configured: %s', (_what, witness) => {
    const given = { TELLONCE_WITNESSES: `${vkey} ${witness}` };
    expect(loadConfig(given)).toMatchObject({ ok: false, error: [{ setting: 'TELLONCE_WITNESSES' }] });
  });

  it('a name that leads to this machine is not asked; the hub starts and says so', async () => {
    const inside = await stub();
    expect(await alarmsWith(`https://localhost:${String(inside.port)}`)).toContain('witness-unreachable');
    expect(inside.asked).toEqual([]);
  });

  it.each([301, 302, 307, 308])('a witness that answers %i to this machine is not followed', async (status) => {
    const inside = await stub();
    const location = `http://127.0.0.1:${String(inside.port)}/latest/meta-data`;
    const outside = await stub((_, response) => void response.writeHead(status, { location }).end());
    expect(await alarmsWith(`http://127.0.0.1:${String(outside.port)} private`)).toContain('witness-unreachable');
    expect([outside.asked.length > 0, inside.asked]).toEqual([true, []]);
  });

  it('a name that changes between check and connection reaches what was checked, or nothing', async () => {
    const inside = await stub();
    const place = readDestination(`http://rebinding.test:${String(inside.port)}`, true);
    if (!place.ok) throw new Error(place.error);
    let calls = 0;
    const answers: readonly ResolvedAddress[] = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    const resolve = async () => answers.slice(calls, (calls += 1));
    const client = outboundClient([place.value], { resolve, timeoutMs: 1_000 });
    await expect(client(place.value, { method: 'GET', path: '/' })).rejects.toMatchObject({ name: 'OutboundRefused' });
    expect([calls, inside.asked]).toEqual([1, []]);
  });

  it('what leaves is signed by the hub, and hashes: nothing else', async () => {
    const outside = await stub((_, response) => void response.writeHead(404).end());
    await alarmsWith(`http://127.0.0.1:${String(outside.port)} private`);
    expect(outside.asked.length).toBeGreaterThan(0);
    for (const { path, body } of outside.asked) {
      const sent = parseAddCheckpoint(body);
      const key = parseVkey(hub?.composed.opened.core.proof.vkey ?? '');
      expect([path, openCheckpoint(sent?.checkpoint ?? '', [key]).ok]).toEqual(['/add-checkpoint', true]);
    }
  });

  it('an endless answer and a silent one end, and nothing waits for them', async () => {
    const endless = await stub((_, response) => void response.write('a'.repeat(200_000)));
    expect(await alarmsWith(`http://127.0.0.1:${String(endless.port)} private`)).toContain('witness-unreachable');
  });
});
