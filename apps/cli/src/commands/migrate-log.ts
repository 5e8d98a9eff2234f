import { alike, copyLog } from '#event-log';
import { leafHash } from '#kernel';
import { openLogAt } from '#nest-platform';
import { RunningRoot } from '#transparency';

/** From where to where a log is copied. */
export interface MigrateLogOptions {
  /** `sqlite:<file>` or `esdb://…`. */
  readonly from: string;
  readonly to: string;
  /** The last run: nobody writes or reads the old log any more; both are compared to their last byte. */
  readonly cutOver: boolean;
}

/** What was copied, and after a cut-over what both logs hold. */
export interface MigratedLog {
  readonly copied: number;
  readonly verified?: { readonly size: number; readonly root: string };
}

/**
 * Copies a log, resumable: run it beside the running hub as often as wanted, and once more with `cutOver` when the hub is stopped. Then the
 * old log is held shut, what came last is copied, and every event is compared: same ids, same bytes, same order, same root of the tree.
 * Throws `NotACopy`, `LogInUse` (a hub still writes), `EventStoreUnusable`.
 */
export async function migrateLog(
  { from, to, cutOver }: MigrateLogOptions,
  say: (line: string) => void,
): Promise<MigratedLog> {
  // A cut-over takes the writer's lock: a hub that still ran would write what nobody copies.
  const source = await openLogAt(from, cutOver ? 'alone' : 'beside');
  try {
    const target = await openLogAt(to, 'alone');
    try {
      let told = 0;
      const { copied } = await copyLog({
        from: source,
        to: target,
        onProgress: ({ copied: so }) => {
          if (so - told < 10_000) return;
          told = so;
          say(`copied ${String(so)} events`);
        },
      });
      if (!cutOver) return { copied };
      const tree = new RunningRoot();
      for await (const batch of alike(source, target)) for (const { data } of batch) tree.add(leafHash(data));
      return { copied, verified: { size: tree.size, root: Buffer.from(tree.root()).toString('base64') } };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
