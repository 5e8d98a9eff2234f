import type { IncomingMessage } from 'node:http';
import { readDestination, reachOf, type Destination } from './destination.ts';
import { askPinned, pinned, type Resolve } from './pin.ts';
import { OutboundRefused } from './refused.ts';

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

/** Limits, and how names are resolved (the system's resolver unless a test says otherwise). */
export interface OutboundOptions {
  /** For everything from resolving to the last byte (default 10,000). */
  readonly timeoutMs?: number;
  /** Of the answer's body (default 65,536). */
  readonly mostBytes?: number;
  readonly resolve?: Resolve;
}

/** Sends to configured destinations; see {@link outboundClient}. */
export type OutboundClient = (destination: Destination, request: OutboundRequest) => Promise<OutboundAnswer>;

/**
 * Sends to places that whoever runs the hub has named, and only to those it was made with. Each request goes to an address that was resolved
 * and judged once ({@link pinned}). Redirects are refused, not followed; time and size of the answer are bounded. Rejects with
 * {@link OutboundRefused}.
 */
export function outboundClient(known: readonly Destination[], options: OutboundOptions = {}): OutboundClient {
  const { timeoutMs = 10_000, mostBytes = 65_536, resolve } = options;
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
      const address = await pinned(url.hostname, reachOf(place.allowPrivate), signal, resolve);
      const { method, body, contentType = 'text/plain; charset=utf-8' } = request;
      const sent = body === undefined ? {} : { body, headers: { 'content-type': contentType } };
      const asked = askPinned(url, address, { method, signal, ...sent });
      try {
        return await take(await asked.answered, url.hostname, mostBytes);
      } finally {
        asked.request.destroy();
      }
    } catch (error) {
      if (error instanceof OutboundRefused) throw error;
      throw new OutboundRefused(signal.aborted ? 'time-out' : 'unreachable', host);
    }
  };
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
