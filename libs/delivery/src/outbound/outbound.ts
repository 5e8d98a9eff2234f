import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { addressKind } from './addresses.ts';
import { readDestination, type Destination } from './destination.ts';

/** Why nothing was sent, or what came back was not taken. */
export type OutboundReason =
  'not-configured' | 'unresolved' | 'address' | 'redirect' | 'too-large' | 'time-out' | 'unreachable';

/** A request that was refused or failed; the message has the reason and the configured host, nothing of what came back. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
  readonly code: OutboundReason;
  constructor(code: OutboundReason, host: string) {
    super(`${host}: ${code}`);
    this.code = code;
  }
}

/** One request to a configured destination; `path` is appended to its URL. */
export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
  /** Ends the request before its time. */
  readonly signal?: AbortSignal;
}

/** What came back; a body longer than the limit is none. */
export interface OutboundAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** One resolved address. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** Limits, and how names are resolved (the system's resolver unless a test says otherwise). */
export interface OutboundOptions {
  /** For everything from resolving to the last byte (default 10,000). */
  readonly timeoutMs?: number;
  /** Of the answer's body (default 65,536). */
  readonly mostBytes?: number;
  readonly resolve?: (host: string) => Promise<readonly ResolvedAddress[]>;
}

/** Sends to configured destinations; see {@link outboundClient}. */
export type OutboundClient = (destination: Destination, request: OutboundRequest) => Promise<OutboundAnswer>;

/**
 * The one way in which the hub sends anything to a place of somebody else's. Only to destinations it was made with. A name is resolved once, every
 * address of it must be one that may be reached, and the connection goes to that very address: a name that answers otherwise a moment later
 * changes nothing. Redirects are refused, not followed; time and size of the answer are bounded. Rejects with {@link OutboundRefused}.
 */
export function outboundClient(known: readonly Destination[], options: OutboundOptions = {}): OutboundClient {
  const { timeoutMs = 10_000, mostBytes = 65_536, resolve = resolveAll } = options;
  const places = new Map(known.map((each) => [each.url, each]));
  return async (destination, request) => {
    const place = places.get(destination.url);
    const read = readDestination(destination.url, place?.allowPrivate ?? false);
    const url = URL.parse(`${destination.url}${request.path}`);
    const host = url?.hostname ?? 'no host';
    if (place === undefined || !read.ok || url === null || url.origin !== URL.parse(place.url)?.origin)
      throw new OutboundRefused('not-configured', host);
    const late = AbortSignal.timeout(timeoutMs);
    const signal = request.signal === undefined ? late : AbortSignal.any([late, request.signal]);
    try {
      const address = await pinned(url.hostname, place.allowPrivate, resolve, signal);
      return await send(url, address, request, { signal, mostBytes });
    } catch (error) {
      if (error instanceof OutboundRefused) throw error;
      throw new OutboundRefused(signal.aborted ? 'time-out' : 'unreachable', host);
    }
  };
}

async function pinned(
  hostname: string,
  allowPrivate: boolean,
  resolve: NonNullable<OutboundOptions['resolve']>,
  signal: AbortSignal,
): Promise<ResolvedAddress> {
  const bare = hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(bare);
  const found = literal === 0 ? await before(signal, resolve(bare), bare) : [{ address: bare, family: literal }];
  const [first] = found;
  if (first === undefined) throw new OutboundRefused('unresolved', hostname);
  // One bad address among good ones is no accident.
  for (const { address } of found) {
    const kind = addressKind(address);
    if (kind === 'never' || (kind === 'private' && !allowPrivate)) throw new OutboundRefused('address', hostname);
  }
  return first;
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

async function send(
  url: URL,
  { address, family }: ResolvedAddress,
  { method, body, contentType }: OutboundRequest,
  limits: { readonly signal: AbortSignal; readonly mostBytes: number },
): Promise<OutboundAnswer> {
  // The name stays for TLS and the Host header; where it leads was decided above.
  const lookup: LookupFunction = (_name, { all }, done) =>
    all === true ? done(null, [{ address, family }]) : done(null, address, family);
  const headers = {
    'user-agent': 'tellonce',
    ...(body === undefined
      ? {}
      : { 'content-type': contentType ?? 'text/plain; charset=utf-8', 'content-length': Buffer.byteLength(body) }),
  };
  const request: ClientRequest = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
    method,
    headers,
    lookup,
    agent: false,
    // Whatever the environment says of TLS.
    rejectUnauthorized: true,
    signal: limits.signal,
    maxHeaderSize: 16_384,
  });
  const answer = Promise.withResolvers<OutboundAnswer>();
  request.once('error', answer.reject);
  request.once(
    'response',
    (response) => void take(response, url.hostname, limits.mostBytes).then(answer.resolve, answer.reject),
  );
  request.end(body);
  try {
    return await answer.promise;
  } finally {
    request.destroy();
  }
}

async function take(response: IncomingMessage, host: string, mostBytes: number): Promise<OutboundAnswer> {
  const status = response.statusCode ?? 0;
  if (status >= 300 && status < 400) throw new OutboundRefused('redirect', host);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > mostBytes) throw new OutboundRefused('too-large', host);
    chunks.push(chunk);
  }
  return { status, contentType: response.headers['content-type'] ?? '', text: Buffer.concat(chunks).toString('utf8') };
}

async function resolveAll(host: string): Promise<readonly ResolvedAddress[]> {
  return systemLookup(host, { all: true, order: 'verbatim' });
}
