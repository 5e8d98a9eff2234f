import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { addressKind, type AddressKind } from './addresses.ts';
import { OutboundRefused } from './refused.ts';

/** One resolved address. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Answers with every address of a name. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** What is asked at an address that was decided before. */
export interface PinnedRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Keeps connections to this one address; without it each request has its own. */
  readonly agent?: Agent;
}

/**
 * The address to connect to. A name is resolved once, and every address of it must be of a kind that may be reached: one bad address among good
 * ones is no accident. Rejects with {@link OutboundRefused}: `unresolved`, `address`, `time-out`.
 */
export async function pinned(
  hostname: string,
  reach: readonly AddressKind[],
  signal: AbortSignal,
  resolve: Resolve = resolveAll,
): Promise<ResolvedAddress> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(bare);
  const found = literal === 0 ? await before(signal, resolve(bare), bare) : [{ address: bare, family: literal }];
  const [first] = found;
  if (first === undefined) throw new OutboundRefused('unresolved', hostname);
  if (found.some(({ address }) => !reach.includes(addressKind(address))))
    throw new OutboundRefused('address', hostname);
  return first;
}

/**
 * Asks at that very address: a name that answers otherwise a moment later changes nothing. The name stays for TLS and the Host header. Follows
 * no redirect. Resolves with the head of the answer, its body unread; rejects with what Node says. The caller ends the request.
 */
export function askPinned(
  url: URL,
  { address, family }: ResolvedAddress,
  { method, headers, body, signal, agent }: PinnedRequest,
): { readonly request: ClientRequest; readonly answered: Promise<IncomingMessage> } {
  const lookup: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, [{ address, family }]) : done(null, address, family);
  const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers: { 'user-agent': 'tellonce', ...headers, ...length },
    lookup,
    agent: agent ?? false,
    // Whatever the environment says of TLS.
    rejectUnauthorized: true,
    signal,
    maxHeaderSize: 16_384,
  });
  const answer = Promise.withResolvers<IncomingMessage>();
  request.on('error', answer.reject);
  request.once('response', answer.resolve);
  // 101 without a wish for it ends the connection and is no error to Node: nothing else would tell.
  request.once('close', () => answer.reject(new OutboundRefused('unreachable', url.hostname)));
  request.end(body);
  return { request, answered: answer.promise };
}

async function before<T>(signal: AbortSignal, work: Promise<T>, host: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const end = (): void => late.reject(new OutboundRefused('time-out', host));
  signal.addEventListener('abort', end, { once: true });
  try {
    return await Promise.race([
      work.catch(() => Promise.reject(new OutboundRefused('unresolved', host))),
      late.promise,
    ]);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

async function resolveAll(host: string): Promise<readonly ResolvedAddress[]> {
  return systemLookup(host, { all: true, order: 'verbatim' });
}
