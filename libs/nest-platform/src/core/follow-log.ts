import type { Family } from '#contracts';
import type { Database, Leadership } from '#database';
import { lazyCheckpoint, storedCheckpoint, type EventLog, type LoggedEvent } from '#event-log';
import { followSurely, type Follower } from './follow.ts';

/** What readers of the log that only do something, and keep nothing, share. */
export interface LogReaders {
  readonly log: EventLog;
  readonly positions: Database;
  readonly leadership: Leadership;
  readonly alarm: (what: string, error: unknown) => void;
}

/**
 * Hands every event of the families to `handle`, in order, in one process at a time, and goes on after the last place that was kept. The
 * place may lag, so an event may be handed over again after a crash or a change of process: handling it again must change nothing.
 */
export function followLog(
  { log, positions, leadership, alarm }: LogReaders,
  reader: {
    readonly name: string;
    readonly families: readonly Family[];
    readonly handling: (signal: AbortSignal) => (event: LoggedEvent) => Promise<void>;
  },
): Follower {
  const { name, families, handling } = reader;
  const work = async (signal: AbortSignal): Promise<void> => {
    // Durable, so not for every batch.
    const checkpoint = lazyCheckpoint(storedCheckpoint(positions, name), 1000, (error) => alarm(name, error));
    const handle = handling(signal);
    try {
      const after = await checkpoint.read();
      for await (const batch of log.subscribe({ families, after, signal, batch: 200 })) {
        if (batch.kind === 'events') for (const event of batch.events) await handle(event);
        if (batch.token !== null) checkpoint.tell(batch.token);
      }
    } finally {
      await checkpoint.flush();
    }
  };
  return followSurely(name, (signal) => leadership.lead(`reader:${name}`, signal, work), alarm);
}
