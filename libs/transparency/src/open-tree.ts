import { FAMILIES, type Family } from '#contracts';
import type { LeafEvent, LeafSource } from './log-source.ts';
import { checkRecentLeaves } from './recent-leaves.ts';
import { MerkleTree } from './tree.ts';
import { TreeStore } from './tree-store.ts';

/** What the tree of a log is made of. */
export interface TreeOptions {
  /** The tree's own file, or `:memory:`. */
  readonly path: string;
  readonly log: LeafSource;
  /** Stream families that are leaves (default: all of ours). Never to be changed for a log that has checkpoints. */
  readonly families?: readonly Family[];
  /** Events read at a time (default 500). */
  readonly batch?: number;
}

/** The tree of one log and how it keeps up. */
export interface LogTree {
  readonly tree: MerkleTree;
  /** Reads the log up to its head of this moment; while {@link follow} runs too. */
  catchUp(): Promise<void>;
  /**
   * Follows the log until `signal` aborts; each batch is durable before the next is asked for. Rejects where the subscription
   * drops: call again, it goes on after the last leaf. Whoever answers may then be another server, or one that was restored: so the
   * event of the last leaf must still stand at its place with its bytes, or it rejects with `RollbackDetected` and the tree does not grow.
   */
  follow(signal: AbortSignal): Promise<void>;
  close(): void;
}

/** Opens the tree; it holds what it held when closed, until `catchUp` or `follow`. */
export function openTree(options: TreeOptions): LogTree {
  const tree = new MerkleTree(new TreeStore(options.path));
  const families = options.families ?? FAMILIES;
  const batch = options.batch ?? 500;
  // Every reader gets the same events in the same order, so what another one has appended meanwhile is known by its place.
  const appending = () => {
    let at = tree.size;
    return (events: readonly LeafEvent[]): void => {
      tree.append(events.slice(Math.max(0, tree.size - at)));
      at += events.length;
    };
  };
  return {
    tree,
    async catchUp() {
      const append = appending();
      for await (const events of options.log.readAll({ families, after: tree.token, batch })) append(events);
    },
    async follow(signal) {
      await checkRecentLeaves(tree, options.log, families, 1);
      const append = appending();
      const batches = options.log.subscribe({ families, after: tree.token, batch, signal });
      for await (const next of batches) if (next.kind === 'events') append(next.events);
    },
    close: () => tree.close(),
  };
}
