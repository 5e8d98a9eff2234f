import { join } from 'node:path';
import type { EventLog } from '#event-log';
import { openSqliteLog, openSqliteLogReader } from '#event-log/sqlite';

/** Opens the log where the settings say: on the server, or in a file of the folder. Throws `EventStoreUnusable` or `LogInUse`. */
export async function openLogOf({
  varDir,
  eventStoreUrl,
}: {
  readonly varDir: string;
  readonly eventStoreUrl?: string;
}): Promise<EventLog> {
  if (eventStoreUrl === undefined) return openSqliteLog({ path: join(varDir, 'log.db') });
  // Its client is large; a hub on files never loads it.
  const { openEventStoreLog } = await import('#event-log/eventstoredb');
  return openEventStoreLog({ url: eventStoreUrl });
}

/**
 * Opens a log that an operator names: `sqlite:<file>` or `esdb://…`. `beside`: to read only, beside the hub that writes it; `alone` takes a file's
 * lock. Throws where it is neither, `LogInUse`, `EventStoreUnusable`.
 */
export async function openLogAt(place: string, how: 'alone' | 'beside'): Promise<EventLog> {
  if (/^esdb(\+discover)?:/.test(place)) {
    const { openEventStoreLog } = await import('#event-log/eventstoredb');
    return openEventStoreLog({ url: place });
  }
  const path = /^sqlite:(.+)$/.exec(place)?.[1];
  if (path === undefined) throw new Error('say where as sqlite:<file> or esdb://<host>');
  return how === 'alone' ? openSqliteLog({ path }) : openSqliteLogReader({ path });
}
