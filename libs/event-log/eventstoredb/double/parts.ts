import type { Metadata } from '@grpc/grpc-js';
import type { Faults, Tally } from './faults.ts';
import { accessDenied, notLeader, notReady, unauthenticated, type CallError } from './status.ts';
import type { DoubleStore } from './store.ts';

/** What the double's calls are answered from. */
export interface DoubleParts {
  readonly store: DoubleStore;
  readonly faults: Faults;
  readonly tally: Tally;
  /** The append limit, in bytes. */
  readonly mostBytes: number;
  /** Until an append that came in part, or is given up without an answer, is answered with a time-out, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** Waits where the server is slow; then why it does not answer this call, if it does not. */
  readonly refusal: (metadata: Metadata) => Promise<CallError | undefined>;
}

/** Decides about a call before it is looked at: ready, known user, leader. */
export function refusalOf(faults: Faults, users: Readonly<Record<string, string>> | undefined): DoubleParts['refusal'] {
  return async (metadata) => {
    await faults.slowness();
    if (!faults.ready) return notReady();
    if (faults.denied) return accessDenied();
    if (users !== undefined) {
      const [authorization] = metadata.get('authorization');
      if (authorization === undefined) return accessDenied();
      const given = Buffer.from(String(authorization).replace(/^Basic /, ''), 'base64').toString('utf8');
      if (!Object.entries(users).some(([user, password]) => given === `${user}:${password}`)) return unauthenticated();
    }
    const asksLeader = metadata.get('requires-leader').includes('true');
    return asksLeader && faults.leader !== undefined ? notLeader(faults.leader.host, faults.leader.port) : undefined;
  };
}
