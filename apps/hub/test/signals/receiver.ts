import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readWebhookVerifier, verifyWebhook } from '#delivery/webhook';
import type { SignalEvent } from '#delivery';
import { toInstant } from '#kernel';

/** One webhook as it arrived. */
export interface Arrived {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** When, by the machine's monotonic order of arrival. */
  readonly nth: number;
}

/** A real receiver of webhooks on this machine. */
export interface HookReceiver {
  readonly url: string;
  readonly arrived: readonly Arrived[];
  /** Status that is answered from now on. */
  answer: number;
  /** Ids of what was taken, answered 2xx, in order. */
  readonly taken: string[];
  stop(): Promise<void>;
}

/** Starts a receiver, on the port of one before where it is given. */
export async function hookReceiver(port = 0): Promise<HookReceiver> {
  const arrived: Arrived[] = [];
  const taken: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push({
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
        nth: arrived.length,
      });
      if (receiver.answer < 300) taken.push(String(request.headers['webhook-id']));
      response.writeHead(receiver.answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const receiver: HookReceiver = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/signals`,
    arrived,
    taken,
    answer: 204,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  return receiver;
}

/** True where the organisation that holds the secret believes the webhook, at the time its own clock shows. */
export function believed({ headers, body }: Arrived, secret: string, nowMs: number): boolean {
  const verifier = readWebhookVerifier(secret);
  return verifier.ok && verifyWebhook(headers, body, [verifier.value], toInstant(nowMs)).ok;
}

/** The CloudEvent in a webhook's body. */
export function eventIn({ body }: Arrived): SignalEvent['attributes'] & { readonly data: SignalEvent['data'] } {
  return JSON.parse(body) as SignalEvent['attributes'] & { readonly data: SignalEvent['data'] };
}
