import type { ChildId, Clock } from '#kernel';
import type { LoggedEvent } from '#event-log';
import type { Identity } from '#identity';
import { FactStreams, relationshipsProcess, type Protection } from '#sharing';
import type { Vault } from '#vault';
import type { Follower } from './follow.ts';
import { followLog, type LogReaders } from './follow-log.ts';

/** What the process reads and works with. */
export interface RelationshipsOptions {
  readonly readers: LogReaders;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly protection: (child: ChildId) => Promise<Protection>;
}

/**
 * Finishes what a crash left between a fact, or a move of its record, and its relationship. The publisher has done it before acknowledging, so this finds work only
 * after a crash.
 */
export function openRelationshipsProcess({
  readers,
  vault,
  identity,
  clock,
  protection,
}: RelationshipsOptions): Follower {
  const { log } = readers;
  const streams = new FactStreams(log, vault, clock);
  const handle = relationshipsProcess({ log, clock, protection, vault, identity, streams });
  const handling =
    () =>
    async (event: LoggedEvent): Promise<void> => {
      // A process that died after it said where a record goes has not told anybody.
      if (event.stream.startsWith('child-')) await identity.learn([event]);
      await handle(event);
    };
  return followLog(readers, { name: 'relationships', families: ['fact', 'child'], handling });
}
