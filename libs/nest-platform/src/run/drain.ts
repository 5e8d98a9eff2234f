import type { Readiness } from '../health/readiness.ts';
import type { AppLogger } from '../logging/logger.ts';

/** Something that must be closed after the last request: a store, a subscription. */
export interface Resource {
  readonly name: string;
  close(): Promise<void> | void;
}

/** What is drained. */
export interface Drainable {
  readonly readiness: Readiness;
  /** Stops accepting and resolves when the requests in flight are answered. */
  readonly stopServing: () => Promise<void>;
  /** Breaks the connections that are left. */
  readonly breakConnections: () => void;
  /** Closed one after another in this order. */
  readonly resources: readonly Resource[];
}

/** Time for requests in flight before their connections are broken. */
export const DRAIN_LIMIT_MS = 10_000;

/**
 * Not ready, then a pause in which probes notice, then no new connections, then the requests in flight, then the resources in order
 * (readiness must fail first: a balancer sends requests until it has seen it). True where everything closed.
 */
export async function drain(
  what: Drainable,
  waitMs: number,
  logger: AppLogger,
  limitMs = DRAIN_LIMIT_MS,
): Promise<boolean> {
  what.readiness.markDraining();
  await pause(waitMs);
  const broken = setTimeout(() => {
    logger.warn({ event: 'drain-limit' }, 'requests in flight were cut off');
    what.breakConnections();
  }, limitMs);
  let clean = await succeeds(what.stopServing, 'http', logger);
  clearTimeout(broken);
  for (const resource of what.resources) {
    if (!(await succeeds(() => resource.close(), resource.name, logger))) clean = false;
  }
  return clean;
}

async function succeeds(work: () => Promise<void> | void, component: string, logger: AppLogger): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    logger.error({ event: 'close-failed', component, err: error }, 'did not close');
    return false;
  }
}

async function pause(milliseconds: number): Promise<void> {
  if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds));
}
