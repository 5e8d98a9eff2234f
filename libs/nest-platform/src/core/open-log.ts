import { join } from 'node:path';
import type { EventLog } from '#event-log';
import { openSqliteLog } from '#event-log/sqlite';

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
