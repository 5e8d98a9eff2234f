import { randomBytes } from 'node:crypto';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signalEvent, structuredJson, type Signal } from '#delivery';
import { newWebhookKeyPair, newWebhookSecret, webhookChannel, type WebhookSecret } from '#delivery/webhook';
import { randomUuid, toInstant, type Chance, type OrganisationId } from '#kernel';
import { always } from '../../libs/delivery/src/test/always.ts';
import { figure, median } from './lib.ts';

/**
 * Webhooks to a receiver on this machine, beside the same bodies posted by node:http over as many kept connections, unsigned and unjudged,
 * interleaved. The receiver runs in this process, so both share its time. Options: `--rounds 10`, `--signals 2000` (of each part of a round).
 */
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const ROUNDS = option('--rounds', 10);
const SIGNALS = option('--signals', 2_000);
const BATCH = 100;
const AT_A_TIME = 4;

const chance: Chance = { bytes: (count) => randomBytes(count) };
const now = () => toInstant(Date.now());
const server = createServer((incoming, response) => {
  incoming.resume();
  incoming.once('end', () => response.writeHead(204).end());
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`;

const signals = Array.from({ length: SIGNALS }, (): Signal => {
  const id = randomUuid(chance);
  const ask = `https://hub.example/v1/signals/${id}`;
  const organisation = 'oakfield-primary' as OrganisationId;
  return {
    id,
    organisation,
    key: randomUuid(chance),
    kind: 'fact-published',
    category: 'health.screening',
    time: now(),
    ask,
  };
});
const bodies = signals.map((signal) => structuredJson(signalEvent(signal, '/hub')));
const channel = webhookChannel({ source: '/hub', clock: { now }, allowLoopback: true, atATime: AT_A_TIME });

/** Signals a second. */
async function webhooks(secrets: readonly WebhookSecret[]): Promise<number> {
  const started = performance.now();
  for (let at = 0; at < SIGNALS; at += BATCH) {
    const sent = await channel.send({ url, secrets }, signals.slice(at, at + BATCH), always);
    if (sent.some(({ kind }) => kind !== 'sent')) throw new Error('a signal was not sent');
  }
  return (SIGNALS / (performance.now() - started)) * 1_000;
}

async function bare(): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_A_TIME });
  const left = bodies.values();
  const work = async (): Promise<void> => {
    for (const body of left) {
      await new Promise<void>((resolve, reject) => {
        const posted = request(url, { method: 'POST', agent, headers: { 'content-length': Buffer.byteLength(body) } });
        posted.once('error', reject);
        posted.once('response', (response) => response.resume().once('close', resolve));
        posted.end(body);
      });
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  agent.destroy();
  return (SIGNALS / (performance.now() - started)) * 1_000;
}

const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 1_048_576;
};
const secrets = { hmac: newWebhookSecret(chance), ed25519: newWebhookKeyPair(chance).secret };
const rounds: { hmac: number; ed25519: number; bare: number }[] = [];
await webhooks([secrets.hmac]);
await bare();
const before = heap();
for (let round = 0; round < ROUNDS; round++)
  rounds.push({ hmac: await webhooks([secrets.hmac]), ed25519: await webhooks([secrets.ed25519]), bare: await bare() });
const grown = heap() - before;
await channel.close();
server.close();

for (const kind of ['hmac', 'ed25519'] as const) {
  figure({
    bench: 'webhook',
    figure: `webhooks signed by ${kind}`,
    value: median(rounds.map((round) => round[kind])),
    unit: '1/s',
    baseline: median(rounds.map((round) => round.bare)),
    ratio: median(rounds.map((round) => round[kind] / round.bare)),
  });
}
const sent = 2 * ROUNDS * SIGNALS;
figure({
  bench: 'webhook',
  figure: `heap after ${String(sent)} webhooks`,
  value: grown,
  unit: 'MiB',
  target: 4,
  atMost: true,
});
