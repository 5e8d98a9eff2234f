import {
  isSignalEvent,
  NOT_TRIED,
  pinned,
  signalEvent,
  STRUCTURED_TYPE,
  structuredJson,
  type Channel,
  type MayLeave,
  type Resolve,
  type Sent,
  type Signal,
} from '#delivery';
import type { Clock } from '#kernel';
import { endsBatch, sentOf } from './answer.ts';
import { deadline } from './deadline.ts';
import { readEndpointUrl, type WebhookEndpoint } from './endpoint.ts';
import { failureCode, openLine, type Line } from './post.ts';
import { webhookSigner, type WebhookSigner } from './signature.ts';

/** How webhooks are sent. */
export interface WebhookOptions {
  /** The CloudEvents source: a URI reference that names the hub. */
  readonly source: string;
  readonly clock: Clock;
  /** Also to this machine, there over http too: demonstrations and tests. */
  readonly allowLoopback?: boolean;
  /** For one attempt, from connecting to the head of the answer (default 20,000; Standard Webhooks: 15 to 30 s). */
  readonly timeoutMs?: number;
  /** After this nothing more of a batch is begun (default 60,000). */
  readonly batchMs?: number;
  /** Signals of different keys under way to one endpoint at a time (default 4). */
  readonly atATime?: number;
  /** How names are resolved (the system's resolver unless a test says otherwise). */
  readonly resolve?: Resolve;
}

/**
 * Webhooks after Standard Webhooks 1.0, as a {@link Channel}: each signal a POST of a CloudEvent in structured JSON mode, signed by every secret
 * that is valid. The endpoint's name is resolved once a batch and every connection goes to that address; redirects are not followed. Never
 * rejects. Codes of `retry`: `url`, `no-secret`, `secret` (its bytes are none), `unresolved`, `address`, `unreachable`, `tls`, `reset`,
 * `not-http`, `time-out`, `closed`, `status-<number>`, and `not-tried` for what stood behind a failure. Only a signal that is malformed itself
 * is `refused`: what is wrong with an endpoint can be put right.
 */
export function webhookChannel(options: WebhookOptions): Channel<WebhookEndpoint> {
  const closing = new AbortController();
  const underWay = new Set<Promise<readonly Sent[]>>();
  return {
    name: 'webhook',
    async send(endpoint, signals, mayLeave) {
      const batch = sendBatch(endpoint, signals, mayLeave, options, closing.signal);
      underWay.add(batch);
      try {
        return await batch;
      } finally {
        underWay.delete(batch);
      }
    },
    async close() {
      closing.abort();
      await Promise.all(underWay);
    },
  };
}

/** Everything an attempt needs, made ready once for a batch. */
interface Ready {
  readonly line: Line;
  readonly sign: WebhookSigner;
}

async function sendBatch(
  endpoint: WebhookEndpoint,
  signals: readonly Signal[],
  mayLeave: MayLeave,
  options: WebhookOptions,
  closing: AbortSignal,
): Promise<readonly Sent[]> {
  if (signals.length === 0 || closing.aborted) return signals.map(() => NOT_TRIED);
  const ready = await makeReady(endpoint, options, closing);
  if (typeof ready === 'string') return signals.map((_, at) => (at === 0 ? { kind: 'retry', code: ready } : NOT_TRIED));
  const { batchMs = 60_000, atATime = 4 } = options;
  const over = deadline(batchMs, closing);
  const sent = new Map<number, Sent>();
  const end: { by?: Sent } = {};
  const lanes = Map.groupBy(signals.entries(), ([, { key }]) => key).values();
  const work = async (): Promise<void> => {
    // The iterator is shared: whoever is free takes the signals of the next key.
    for (const lane of lanes) {
      for (const [at, signal] of lane) {
        if (end.by !== undefined || over.signal.aborted) return;
        const outcome: Sent = (await mayLeave(signal))
          ? await attempt(signal, ready, options, closing)
          : { kind: 'held' };
        sent.set(at, outcome);
        // That nobody wants them counts more than whatever else went wrong beside it.
        if (outcome.kind === 'gone') end.by = outcome;
        else if (endsBatch(outcome)) end.by ??= outcome;
        if (outcome.kind !== 'sent') break;
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  ready.line.close();
  over.done();
  return signals.map((_, at) => sent.get(at) ?? restOf(end.by));
}

/** What those get that were not tried: nobody wants them, or they wait as long as the receiver asked. */
function restOf(ended: Sent | undefined): Sent {
  if (ended?.kind === 'gone') return ended;
  return ended?.kind === 'retry' && ended.afterMs !== undefined ? { ...NOT_TRIED, afterMs: ended.afterMs } : NOT_TRIED;
}

/** The connection and the signer, or the code why there are none. */
async function makeReady(
  { url, secrets }: WebhookEndpoint,
  { clock, allowLoopback = false, timeoutMs = 20_000, atATime = 4, resolve }: WebhookOptions,
  closing: AbortSignal,
): Promise<Ready | string> {
  const place = readEndpointUrl(url, allowLoopback);
  if (!place.ok) return 'url';
  let sign: WebhookSigner | undefined;
  try {
    sign = webhookSigner(secrets, clock.now());
  } catch {
    return 'secret';
  }
  if (sign === undefined) return 'no-secret';
  const late = deadline(timeoutMs, closing);
  try {
    const address = await pinned(place.value.url.hostname, place.value.reach, late.signal, resolve);
    return { line: openLine(place.value.url, address, atATime), sign };
  } catch (error) {
    return failureCode(error, { late: late.signal.aborted, closed: closing.aborted });
  } finally {
    late.done();
  }
}

async function attempt(
  signal: Signal,
  { line, sign }: Ready,
  { source, clock, timeoutMs = 20_000 }: WebhookOptions,
  closing: AbortSignal,
): Promise<Sent> {
  const event = signalEvent(signal, source);
  if (!isSignalEvent(event)) return { kind: 'refused', code: 'malformed' };
  const body = structuredJson(event);
  const late = deadline(timeoutMs, closing);
  try {
    const headers = { 'content-type': STRUCTURED_TYPE, ...sign(signal.id, clock.now(), body) };
    const { status, retryAfter } = await line.post(body, headers, late.signal);
    return sentOf(status, retryAfter, clock.now());
  } catch (error) {
    return { kind: 'retry', code: failureCode(error, { late: late.signal.aborted, closed: closing.aborted }) };
  } finally {
    late.done();
  }
}
