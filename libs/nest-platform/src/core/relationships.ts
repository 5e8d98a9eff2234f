import { join } from 'node:path';
import type { ChildId, Clock } from '#kernel';
import { fileCheckpoint, lazyCheckpoint, type EventLog } from '#event-log';
import type { Identity } from '#identity';
import { FactStreams, relationshipsProcess, type Protection } from '#sharing';
import type { Vault } from '#vault';
import { followSurely, type Follower } from './follow.ts';

/** What the process reads and where it remembers how far it came. */
export interface RelationshipsOptions {
  readonly log: EventLog;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly protection: (child: ChildId) => Promise<Protection>;
  readonly varDir: string;
  readonly alarm: (what: string, error: unknown) => void;
}

/**
 * Finishes what a crash left between a fact, or a move of its record, and its relationship. The publisher has done it before acknowledging, so this finds work only
 * after a crash; its place in the log may lag, because handling an event again changes nothing.
 */
export function openRelationshipsProcess(options: RelationshipsOptions): Follower {
  const { log, vault, identity, clock, protection } = options;
  // Synced, so not for every batch; what is handled again after a crash changes nothing.
  const checkpoint = lazyCheckpoint(fileCheckpoint(join(options.varDir, 'relationships.position')), 1000);
  const handle = relationshipsProcess({
    log,
    clock,
    protection,
    vault,
    identity,
    streams: new FactStreams(log, vault, clock),
  });
  const follow = async (signal: AbortSignal): Promise<void> => {
    const batches = log.subscribe({ families: ['fact', 'child'], after: checkpoint.read(), signal, batch: 200 });
    try {
      for await (const batch of batches) {
        if (batch.kind === 'events') for (const event of batch.events) await handle(event);
        if (batch.token !== null) checkpoint.write(batch.token);
      }
    } finally {
      checkpoint.flush();
    }
  };
  return followSurely('relationships', follow, options.alarm);
}
