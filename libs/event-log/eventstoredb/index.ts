import type { EventLog } from '../src/port.ts';
import { connect } from './connection.ts';
import type { InFlight } from './gate.ts';
import { EventStoreLog, type LogLimits } from './log.ts';
import { Reader } from './read.ts';
import { checkServer } from './start-check.ts';
import { describeUrl, parseUrl } from './url.ts';

export { StreamDeleted, SubscriptionDropped, TokenBeyondLog } from './errors.ts';
export { describeUrl, EventStoreUnusable, type UnusableReason } from './url.ts';

/** Where the log is and how it is used; times in milliseconds. */
export interface EventStoreLogOptions {
  /** `esdb://user:password@host:2113?tls=true`, several hosts with commas, `esdb+discover://` for a cluster's DNS name. Also for KurrentDB. */
  readonly url: string;
  /**
   * Only the leader answers (default): a tail is what was acknowledged, and the tree's reader meets no node that lags. False for a reader
   * that may lag, such as an analyst's copy: nodes by the string's `nodePreference`.
   */
  readonly leader?: boolean;
  /** How much may be on its way to the server at a time (default 64 appends, 16 MiB); further callers wait in line. */
  readonly inFlight?: Partial<InFlight>;
  /** How long a server that is not there or not ready is waited for at start (default 10,000). */
  readonly startMs?: number;
  /** One append call (default 10,000), then it is in doubt. */
  readonly deadlineMs?: number;
  /** How long appends in doubt and reads that fail are repeated before their caller hears of it (default 10,000). */
  readonly patienceMs?: number;
  /** A read without any answer (default 10,000). */
  readonly answerMs?: number;
  /** After the last event until a reader hears that it caught up (default 100). */
  readonly quietMs?: number;
  /** Between two looks at how far the log goes, once for all readers that hear nothing (default 1,000). */
  readonly idleMs?: number;
  /** Until a subscription that does not bring what is there counts as dropped (default 10,000). */
  readonly silentMs?: number;
}

/**
 * Opens the log on EventStoreDB or KurrentDB and looks whether it can be used. Throws `EventStoreUnusable`, which says what is wrong
 * (address, not reachable, TLS, credentials, version) without a password.
 */
export async function openEventStoreLog(options: EventStoreLogOptions): Promise<EventLog> {
  const { startMs = 10_000, answerMs = 10_000, leader = true } = options;
  const limits: LogLimits = {
    inFlight: { appends: 64, bytes: 16 * 2 ** 20, ...options.inFlight },
    deadlineMs: options.deadlineMs ?? 10_000,
    patienceMs: options.patienceMs ?? 10_000,
    answerMs,
    quietMs: options.quietMs ?? 100,
    idleMs: options.idleMs ?? 1_000,
    silentMs: options.silentMs ?? 10_000,
    pauseMs: 100,
    drops: 5,
  };
  const connection = connect(parseUrl(options.url), leader);
  try {
    const reader = new Reader(connection, limits);
    await checkServer({ connection, reader, limits: { startMs } }, describeUrl(options.url));
  } catch (error) {
    await connection.close();
    throw error;
  }
  return new EventStoreLog(connection, limits);
}
