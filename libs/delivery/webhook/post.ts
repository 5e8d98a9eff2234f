import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { askPinned, OutboundRefused, type ResolvedAddress } from '#delivery';

/** Of the body that comes back: read to keep the connection, and not looked at. */
const MOST_ANSWER_BYTES = 1_024;
const MOST_ANSWER_MS = 1_000;

/** All that is taken of an answer. */
export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

/** Connections to one address for one batch. */
export interface Line {
  post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<PostAnswer>;
  close(): void;
}

/** Opens connections to an address that was decided before, at most so many at a time. Their bodies are let go unread. */
export function openLine(url: URL, address: ResolvedAddress, atATime: number): Line {
  const options = { keepAlive: true, maxSockets: atATime };
  const agent = url.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  return {
    async post(body, headers, signal) {
      const asking = { method: 'POST', body, headers, signal } as const;
      const { request, answered } = askPinned(url, address, { ...asking, agent });
      let response: IncomingMessage;
      try {
        response = await answered;
      } catch (error) {
        // A kept connection that the receiver closed meanwhile says nothing about the receiver.
        if (!request.reusedSocket || codeOf(error) !== 'ECONNRESET') throw error;
        response = await askPinned(url, address, asking).answered;
      }
      await letGo(response);
      return { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] };
    },
    close: () => agent.destroy(),
  };
}

/** Why no answer came, as a code of ours: what systems and strangers say is repeated nowhere. */
export function failureCode(
  error: unknown,
  { late, closed }: { readonly late: boolean; readonly closed: boolean },
): string {
  if (closed) return 'closed';
  if (error instanceof OutboundRefused) return error.code;
  if (late) return 'time-out';
  const code = codeOf(error);
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'reset';
  if (code.startsWith('HPE_')) return 'not-http';
  return /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_)/.test(code)
    ? 'tls'
    : 'unreachable';
}

/** The answer is known by its head: a body that is long, slow or endless ends the connection and changes nothing. */
async function letGo(response: IncomingMessage): Promise<void> {
  const gone = new Promise<void>((resolve) => response.once('close', resolve));
  const slow = setTimeout(() => response.destroy(), MOST_ANSWER_MS);
  let left = MOST_ANSWER_BYTES;
  response.on('error', () => undefined);
  response.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) response.destroy();
  });
  await gone;
  clearTimeout(slow);
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
