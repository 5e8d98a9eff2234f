import type { EventLog } from '#event-log';
import type { ReadinessCheck } from './readiness.ts';

/** The log answers. */
export function logCheck(log: Pick<EventLog, 'head'>): ReadinessCheck {
  return {
    name: 'log',
    check: async () => {
      await log.head();
    },
  };
}

/** The database answers; `ping` asks it something small (`select 1`). */
export function databaseCheck(ping: () => Promise<unknown>): ReadinessCheck {
  return {
    name: 'database',
    check: async () => {
      await ping();
    },
  };
}

/** The version of one store's tables: the one that is there, and the one that this program works with. */
export interface StoreVersions {
  readonly is: number;
  readonly wants: number;
}

/**
 * Every store's tables are there in the version that this program works with, or a later one: while a new version is rolled out its migration has
 * been run already, and the old processes go on until they are replaced.
 */
export function migrationsCheck(read: () => Promise<readonly StoreVersions[]>): ReadinessCheck {
  return {
    name: 'migrations',
    check: async () => {
      if ((await read()).some(({ is, wants }) => is < wants)) throw new NotReady('tables of an earlier version');
    },
  };
}

/** What decisions rest on can be read: agreements, organisations, keys; `registry` reads it at its tail. */
export function policyCheck(registry: () => Promise<unknown>): ReadinessCheck {
  return {
    name: 'policy',
    check: async () => {
      await registry();
    },
  };
}

/** Views are not further behind than so many seconds; `lags` gives the age of the oldest event that each has not read. */
export function viewsCheck(lags: () => Promise<readonly number[]>, mostSeconds: number): ReadinessCheck {
  return {
    name: 'views',
    check: async () => {
      if ((await lags()).some((lag) => lag > mostSeconds)) throw new NotReady('a view is behind');
    },
  };
}

/** Why a check failed though everything answered. */
class NotReady extends Error {
  override readonly name = 'NotReady';
}
