import { retryAfterMs, type Sent } from '#delivery';
import type { Instant } from '#kernel';

/** Answers that can be about the one signal and not about the endpoint; after any other failure the rest of the batch waits. */
const ABOUT_ONE_SIGNAL: ReadonlySet<string> = new Set(
  ['400', '409', '413', '422', '500'].map((each) => `status-${each}`),
);

/**
 * What an answer means (Standard Webhooks 1.0, "Delivery success and failure"): 2xx is success, 410 switches the endpoint off, everything else
 * is tried again, redirects too, which are followed nowhere. A 404 or 401 is a mistake of somebody's that day, not a reason to lose a signal.
 * `Retry-After` counts on every 4xx and 5xx.
 */
export function sentOf(status: number, retryAfter: string | undefined, now: Instant): Sent {
  if (status >= 200 && status <= 299) return { kind: 'sent' };
  if (status === 410) return { kind: 'gone' };
  const code = `status-${String(status)}`;
  const afterMs = status >= 400 ? retryAfterMs(retryAfter, now) : undefined;
  return afterMs === undefined ? { kind: 'retry', code } : { kind: 'retry', code, afterMs };
}

/** True where nothing else should be sent to the endpoint for now; after `gone` never. */
export function endsBatch(sent: Sent): boolean {
  return sent.kind === 'gone' || (sent.kind === 'retry' && !ABOUT_ONE_SIGNAL.has(sent.code));
}
